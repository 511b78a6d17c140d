// Values by key: what the cases of values need, and the model of it.

import java.util.Arrays;

interface Values extends Rows {
    /** Word 0 of a key's value, which exists. */
    long get(long key) throws Exception;

    boolean isMissing(long key) throws Exception;

    void set(long key, long count) throws Exception;

    /** Reads a value, adds 1 to its word 0 and writes it. */
    void increment(long key) throws Exception;

    /** Word 0 of each key below a number. */
    final class Model implements Values {
        final boolean[] present;
        final long[] word0;

        Model(int keys) {
            present = new boolean[keys];
            word0 = new long[keys];
        }

        @Override
        public void reset() {
            Arrays.fill(present, false);
        }

        @Override
        public long get(long key) {
            return word0[(int) key];
        }

        @Override
        public boolean isMissing(long key) {
            return key >= present.length || !present[(int) key];
        }

        @Override
        public void set(long key, long count) {
            present[(int) key] = true;
            word0[(int) key] = Data.word0(key, count);
        }

        @Override
        public void increment(long key) {
            word0[(int) key]++;
        }

        long keyCount() {
            long count = 0;
            for (boolean one : present) {
                count += one ? 1 : 0;
            }
            return count;
        }
    }
}
