// Maps from longs to longs by key: what the cases of maps need, and the model of it.

import java.util.Arrays;
import java.util.Map;

interface Maps extends Rows {
    /** Entries of a key, whose map keys are the numbers below this one. */
    int ENTRIES = 10;

    /** An entry's value, which exists. */
    long get(long key, long mapKey) throws Exception;

    boolean contains(long key, long mapKey) throws Exception;

    boolean isEmpty(long key) throws Exception;

    long sumOfKeys(long key) throws Exception;

    long sumOfValues(long key) throws Exception;

    long sumOfEntries(long key) throws Exception;

    void put(long key, long mapKey, long value) throws Exception;

    void putAll(long key, Map<Long, Long> entries) throws Exception;

    void remove(long key, long mapKey) throws Exception;

    /** The entries of each key, those with map keys below ten. */
    final class Model implements Maps {
        final boolean[] present;
        final long[] values;

        Model(int keys) {
            present = new boolean[keys * ENTRIES];
            values = new long[keys * ENTRIES];
        }

        static int at(long key, long mapKey) {
            return (int) (key * ENTRIES + mapKey);
        }

        @Override
        public void reset() {
            Arrays.fill(present, false);
        }

        @Override
        public long get(long key, long mapKey) {
            return values[at(key, mapKey)];
        }

        @Override
        public boolean contains(long key, long mapKey) {
            return mapKey < ENTRIES && present[at(key, mapKey)];
        }

        @Override
        public boolean isEmpty(long key) {
            for (int mapKey = 0; mapKey < ENTRIES; mapKey++) {
                if (present[at(key, mapKey)]) {
                    return false;
                }
            }
            return true;
        }

        @Override
        public long sumOfKeys(long key) {
            long sum = 0;
            for (int mapKey = 0; mapKey < ENTRIES; mapKey++) {
                sum += present[at(key, mapKey)] ? mapKey : 0;
            }
            return sum;
        }

        @Override
        public long sumOfValues(long key) {
            long sum = 0;
            for (int mapKey = 0; mapKey < ENTRIES; mapKey++) {
                sum += present[at(key, mapKey)] ? values[at(key, mapKey)] : 0;
            }
            return sum;
        }

        @Override
        public long sumOfEntries(long key) {
            return sumOfKeys(key) + sumOfValues(key);
        }

        @Override
        public void put(long key, long mapKey, long value) {
            present[at(key, mapKey)] = true;
            values[at(key, mapKey)] = value;
        }

        @Override
        public void putAll(long key, Map<Long, Long> entries) {
            entries.forEach((mapKey, value) -> put(key, mapKey, value));
        }

        @Override
        public void remove(long key, long mapKey) {
            present[at(key, mapKey)] = false;
        }
    }
}
