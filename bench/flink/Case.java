// A case of the access benchmark: operations in batches, on any rows of its kind.
//
// The same operations run on Flink's state, with the clock, and on a model in plain arrays, without: so what a case must
// have returned and left is known from the number of its operations alone. README.md has the table of all cases.

import java.util.List;
import java.util.function.Supplier;

/**
 * @param counted what one operation counts for in the rate
 * @param bound operations after which the group's pre-state is needed again
 * @param everyRound whether each round begins with the group's pre-state
 * @param keys which keys the operations go to
 */
record Case<R extends Rows>(String name, int counted, long bound, boolean everyRound, Supplier<Keys> keys, Batch<R> batch) {

    /** Some operations. Returns a sum over what they have read. */
    interface Batch<R> {
        /** @param first the number of the first operation */
        long run(R rows, Keys keys, long first, int count) throws Exception;
    }

    /** Brings rows to the state in which the first case of a group finds them. */
    interface Prestate<R> {
        void prepare(R rows) throws Exception;
    }

    /** Cases that inherit one state from each other. */
    record Group<R extends Rows>(Prestate<R> prestate, List<Case<R>> cases) {}

    /** A case that never needs its pre-state again. */
    static <R extends Rows> Case<R> unbounded(String name, int counted, Supplier<Keys> keys, Batch<R> batch) {
        return new Case<>(name, counted, Long.MAX_VALUE, false, keys, batch);
    }

    /** A group of one case that needs its pre-state again after a number of operations. */
    static <R extends Rows> Group<R> bounded(
            String name, long bound, Prestate<R> prestate, Supplier<Keys> keys, Batch<R> batch) {
        return new Group<>(prestate, List.of(new Case<>(name, 1, bound, false, keys, batch)));
    }

    /** A group of one case that adds keys to an empty backend, in each round. */
    static <R extends Rows> Group<R> fresh(String name, long keyCount, Supplier<Keys> keys, Batch<R> batch) {
        return new Group<>(Rows::reset, List.of(new Case<>(name, 1, keyCount, true, keys, batch)));
    }
}
