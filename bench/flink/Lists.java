// Lists of longs by key: what the cases of lists need, and the model of it.

import java.util.Arrays;
import java.util.List;

interface Lists extends Rows {
    boolean exists(long key) throws Exception;

    /** The sum of a list's elements. */
    long sum(long key) throws Exception;

    void add(long key, long element) throws Exception;

    void addAll(long key, List<Long> elements) throws Exception;

    /** Replaces a list by one element. */
    void replace(long key, long element) throws Exception;

    /** Length, sum and a hash that depends on the order, of each key's list. */
    final class Model implements Lists {
        final int[] lengths;
        final long[] sums;
        final long[] hashes;

        Model(int keys) {
            lengths = new int[keys];
            sums = new long[keys];
            hashes = new long[keys];
        }

        static long hash(long before, long element) {
            return before * 31 + element;
        }

        @Override
        public void reset() {
            Arrays.fill(lengths, 0);
            Arrays.fill(sums, 0);
            Arrays.fill(hashes, 0);
        }

        @Override
        public boolean exists(long key) {
            return lengths[(int) key] > 0;
        }

        @Override
        public long sum(long key) {
            return sums[(int) key];
        }

        @Override
        public void add(long key, long element) {
            lengths[(int) key]++;
            sums[(int) key] += element;
            hashes[(int) key] = hash(hashes[(int) key], element);
        }

        @Override
        public void addAll(long key, List<Long> elements) {
            for (long element : elements) {
                add(key, element);
            }
        }

        @Override
        public void replace(long key, long element) {
            lengths[(int) key] = 0;
            sums[(int) key] = 0;
            hashes[(int) key] = 0;
            add(key, element);
        }
    }
}
