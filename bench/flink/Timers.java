// Event-time timers, one of each key: what the cases of timers need, and the model of it.

import java.util.Arrays;
import java.util.BitSet;

interface Timers extends Rows {
    void add(long key) throws Exception;

    /** Removes the first timer, which exists, and returns a number that depends on no tie: when it was due. */
    long poll() throws Exception;

    /** When the timers are due that are there, in order. */
    final class Model implements Timers {
        final BitSet keys = new BitSet();
        private long[] due = new long[0];
        private int next;

        @Override
        public void reset() {
            keys.clear();
            due = new long[0];
            next = 0;
        }

        @Override
        public void add(long key) {
            keys.set((int) key);
        }

        @Override
        public long poll() {
            if (due.length == 0) {
                due = keys.stream().mapToLong(Data::due).toArray();
                Arrays.sort(due);
            }
            return due[next++];
        }
    }
}
