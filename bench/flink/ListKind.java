// The cases of lists.

import java.util.List;
import java.util.function.Supplier;
import java.util.stream.LongStream;

final class ListKind implements Kind<Lists> {
    private static final int APPENDED_PASSES = 4;
    private static final int ADDED_AT_ONCE = 100;

    private final FlinkLists measured;
    private final Lists.Model model;
    private final List<Case.Group<Lists>> groups;

    ListKind(Surroundings surroundings, int keyCount) {
        measured = new FlinkLists(surroundings);
        model = new Lists.Model(keyCount);
        Case.Prestate<Lists> filled = rows -> fill(rows, keyCount);
        Supplier<Keys> inOrder = () -> Keys.inOrder(keyCount);
        List<Long> many = LongStream.range(0, ADDED_AT_ONCE).map(Data::mix).boxed().toList();
        groups = List.of(
                new Case.Group<>(filled, List.of(
                        Case.unbounded("list/get", 1, inOrder, ListKind::get),
                        Case.unbounded("list/get-and-iterate", 1, inOrder, ListKind::iterate),
                        Case.unbounded("list/update", 1, inOrder, ListKind::update))),
                Case.bounded("list/append", (long) keyCount * APPENDED_PASSES, filled, inOrder, ListKind::append),
                Case.bounded("list/add-all", keyCount, filled, inOrder, (rows, keys, first, count) -> {
                    for (int i = 0; i < count; i++) {
                        rows.addAll(keys.next(), many);
                    }
                    return count;
                }),
                Case.fresh("list/add", keyCount, inOrder, ListKind::add));
    }

    @Override
    public List<Case.Group<Lists>> groups() {
        return groups;
    }

    @Override
    public Lists measured() {
        return measured;
    }

    @Override
    public Lists model() {
        return model;
    }

    @Override
    public void compare() throws Exception {
        measured.compare(() -> measured.compareWith(model));
    }

    private static void fill(Lists rows, int keyCount) throws Exception {
        rows.reset();
        add(rows, Keys.inOrder(keyCount), 0, keyCount);
        rows.compact();
    }

    private static long get(Lists rows, Keys keys, long first, int count) throws Exception {
        long found = 0;
        for (int i = 0; i < count; i++) {
            found += rows.exists(keys.next()) ? 1 : 0;
        }
        return found;
    }

    private static long iterate(Lists rows, Keys keys, long first, int count) throws Exception {
        long sum = 0;
        for (int i = 0; i < count; i++) {
            sum += rows.sum(keys.next());
        }
        return sum;
    }

    private static long update(Lists rows, Keys keys, long first, int count) throws Exception {
        for (int i = 0; i < count; i++) {
            long key = keys.next();
            rows.replace(key, Data.element(key, keys.pass() + 1));
        }
        return count;
    }

    private static long append(Lists rows, Keys keys, long first, int count) throws Exception {
        for (int i = 0; i < count; i++) {
            long key = keys.next();
            rows.add(key, Data.element(key, keys.pass() + 1));
        }
        return count;
    }

    private static long add(Lists rows, Keys keys, long first, int count) throws Exception {
        for (int i = 0; i < count; i++) {
            long key = keys.next();
            rows.add(key, Data.element(key, 0));
        }
        return count;
    }
}
