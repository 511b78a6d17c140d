// A histogram of times with a relative error below one per cent, of constant size.
//
// Each power of two has 128 buckets of equal width.

final class Histogram {
    private static final int BITS = 7;
    private static final int EXACT = 1 << (BITS + 1);

    private final long[] buckets = new long[EXACT + (Long.SIZE - BITS) * (1 << BITS)];
    private long count;
    private long max;

    void add(long value) {
        buckets[bucket(value)]++;
        count++;
        max = Math.max(max, value);
    }

    long max() {
        return max;
    }

    /** The least value that a share of all values is not above, as far as buckets tell: the upper end of its bucket. */
    long quantile(double share) {
        long rank = Math.max(1, (long) Math.ceil(share * count));
        long seen = 0;
        for (int bucket = 0; bucket < buckets.length; bucket++) {
            seen += buckets[bucket];
            if (seen >= rank) {
                return Math.min(last(bucket), max);
            }
        }
        return max;
    }

    private static int bucket(long value) {
        if (value < EXACT) {
            return (int) value;
        }
        int shift = Long.SIZE - 1 - BITS - Long.numberOfLeadingZeros(value);
        return (shift << BITS) + (int) (value >>> shift);
    }

    /** The last value of a bucket. */
    private static long last(int bucket) {
        if (bucket < EXACT) {
            return bucket;
        }
        int shift = (bucket >> BITS) - 1;
        return (((long) bucket - ((long) shift << BITS) + 1) << shift) - 1;
    }
}
