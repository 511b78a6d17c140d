// The cases of maps.

import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

final class MapKind implements Kind<Maps> {
    private static final int REMOVED_PASSES = Maps.ENTRIES - 1;

    private final FlinkMaps measured;
    private final Maps.Model model;
    private final List<Case.Group<Maps>> groups;

    MapKind(Surroundings surroundings, int keyCount) {
        measured = new FlinkMaps(surroundings);
        model = new Maps.Model(keyCount);
        Case.Prestate<Maps> filled = rows -> fill(rows, keyCount);
        Supplier<Keys> inOrder = () -> Keys.inOrder(keyCount);
        Map<Long, Long> all = LongStream.range(0, Maps.ENTRIES).boxed().collect(Collectors.toMap(j -> j, Data::mix));
        groups = List.of(
                new Case.Group<>(filled, List.of(
                        each("map/get", 1, inOrder, (rows, key, j, pass) -> rows.get(key, j)),
                        each("map/contains", 1, inOrder, (rows, key, j, pass) -> rows.contains(key, 2 * j) ? 1 : 0),
                        each("map/is-empty", 1, inOrder, (rows, key, j, pass) -> rows.isEmpty(key) ? 1 : 0),
                        each("map/keys", Maps.ENTRIES, inOrder, (rows, key, j, pass) -> rows.sumOfKeys(key)),
                        each("map/values", Maps.ENTRIES, inOrder, (rows, key, j, pass) -> rows.sumOfValues(key)),
                        each("map/entries", Maps.ENTRIES, inOrder, (rows, key, j, pass) -> rows.sumOfEntries(key)),
                        each("map/update", 1, inOrder, (rows, key, j, pass) -> {
                            rows.put(key, j, Data.entry(key, j, pass + 1));
                            return 1;
                        }),
                        each("map/put-all", Maps.ENTRIES, inOrder, (rows, key, j, pass) -> {
                            rows.putAll(key, all);
                            return 1;
                        }))),
                Case.bounded("map/remove", (long) keyCount * REMOVED_PASSES, filled, inOrder, batch((rows, key, j, pass) -> {
                    rows.remove(key, j);
                    return 1;
                })),
                Case.fresh("map/add", keyCount, inOrder, batch((rows, key, j, pass) -> {
                    rows.put(key, j, Data.entry(key, j, 0));
                    return 1;
                })));
    }

    @Override
    public List<Case.Group<Maps>> groups() {
        return groups;
    }

    @Override
    public Maps measured() {
        return measured;
    }

    @Override
    public Maps model() {
        return model;
    }

    @Override
    public void compare() throws Exception {
        measured.compare(() -> measured.compareWith(model));
    }

    private static void fill(Maps rows, int keyCount) throws Exception {
        rows.reset();
        Keys keys = Keys.inOrder(keyCount);
        for (int i = 0; i < keyCount; i++) {
            long key = keys.next();
            for (long j = 0; j < Maps.ENTRIES; j++) {
                rows.put(key, j, Data.entry(key, j, 0));
            }
        }
    }

    /** One operation: on map key j of a key, where it is on one. */
    private interface Operation {
        long run(Maps rows, long key, long j, long pass) throws Exception;
    }

    private static Case<Maps> each(String name, int counted, Supplier<Keys> keys, Operation operation) {
        return Case.unbounded(name, counted, keys, batch(operation));
    }

    private static Case.Batch<Maps> batch(Operation operation) {
        return (rows, keys, first, count) -> {
            long sum = 0;
            for (int i = 0; i < count; i++) {
                long key = keys.next();
                // Plus the pass, so that the next one goes to another map key of the same key.
                long j = (first + i + keys.pass()) % Maps.ENTRIES;
                sum += operation.run(rows, key, j, keys.pass());
            }
            return sum;
        };
    }
}
