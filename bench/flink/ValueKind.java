// The cases of values, with and without a time to live.

import java.util.List;

final class ValueKind implements Kind<Values> {
    private final FlinkValues<?> measured;
    private final Values.Model model;
    private final List<Case.Group<Values>> groups;

    ValueKind(Surroundings surroundings, int keys, int bytes) {
        measured = FlinkValues.of(surroundings, bytes, false);
        model = new Values.Model(keys);
        long[] uniform = Keys.uniform(keys);
        long[] zipf = Keys.zipf(keys);
        groups = List.of(
                new Case.Group<>(rows -> fill(rows, keys), List.of(
                        get("value/get", keys),
                        getMissing(keys),
                        update("value/update", keys),
                        increment("value/rmw-uniform", uniform),
                        increment("value/rmw-zipf", zipf),
                        getDrawn("value/get-uniform", uniform),
                        getDrawn("value/get-zipf", zipf))),
                add(keys));
    }

    private ValueKind(FlinkValues<?> measured, int keys) {
        this.measured = measured;
        model = new Values.Model(keys);
        groups = List.of(new Case.Group<>(rows -> fill(rows, keys), List.of(
                get("ttl/value-get", keys),
                update("ttl/value-update", keys),
                increment("ttl/value-rmw", Keys.uniform(keys)))));
    }

    static ValueKind expiring(Surroundings surroundings, int keys, int bytes) {
        return new ValueKind(FlinkValues.of(surroundings, bytes, true), keys);
    }

    @Override
    public List<Case.Group<Values>> groups() {
        return groups;
    }

    @Override
    public Values measured() {
        return measured;
    }

    @Override
    public Values model() {
        return model;
    }

    @Override
    public void compare() throws Exception {
        measured.compare(() -> measured.compareWith(model));
    }

    static void fill(Values rows, int keyCount) throws Exception {
        rows.reset();
        Keys keys = Keys.inOrder(keyCount);
        for (int i = 0; i < keyCount; i++) {
            rows.set(keys.next(), 0);
        }
    }

    private static Case<Values> get(String name, int keyCount) {
        return Case.unbounded(name, 1, () -> Keys.inOrder(keyCount), ValueKind::get);
    }

    private static Case<Values> getDrawn(String name, long[] draws) {
        return Case.unbounded(name, 1, () -> Keys.ofDraws(draws), ValueKind::get);
    }

    private static long get(Values rows, Keys keys, long first, int count) throws Exception {
        long sum = 0;
        for (int i = 0; i < count; i++) {
            sum += rows.get(keys.next());
        }
        return sum;
    }

    private static Case<Values> getMissing(int keyCount) {
        return Case.unbounded("value/get-missing", 1, () -> Keys.inOrder(keyCount), (rows, keys, first, count) -> {
            long missing = 0;
            for (int i = 0; i < count; i++) {
                missing += rows.isMissing(keyCount + keys.next()) ? 1 : 0;
            }
            return missing;
        });
    }

    private static Case<Values> update(String name, int keyCount) {
        return Case.unbounded(name, 1, () -> Keys.inOrder(keyCount), (rows, keys, first, count) -> {
            for (int i = 0; i < count; i++) {
                long key = keys.next();
                rows.set(key, keys.pass() + 1);
            }
            return count;
        });
    }

    private static Case<Values> increment(String name, long[] draws) {
        return Case.unbounded(name, 1, () -> Keys.ofDraws(draws), (rows, keys, first, count) -> {
            for (int i = 0; i < count; i++) {
                rows.increment(keys.next());
            }
            return count;
        });
    }

    private static Case.Group<Values> add(int keyCount) {
        return Case.fresh("value/add", keyCount, () -> Keys.inOrder(keyCount), (rows, keys, first, count) -> {
            for (int i = 0; i < count; i++) {
                rows.set(keys.next(), 0);
            }
            return count;
        });
    }
}
