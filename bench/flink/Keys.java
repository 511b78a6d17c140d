// Which keys a case's operations go to: in the order of a permutation, or by draws. Defined by docs/design/0006-benchmarks.md.
//
// A sequence begins at operation 0 and never ends. It does not know how many operations a case has.

abstract class Keys {
    static final int DRAWS = 1 << 20;

    private static final long PRIME = 2654435761L;
    private static final long UNIFORM_SEED = 42;
    private static final long ZIPF_SEED = 43;
    private static final double ZIPF_EXPONENT = 0.99;

    /** The key of the next operation. */
    abstract long next();

    /** The number of the pass over all keys that the last operation was in, from 0. */
    abstract long pass();

    /** All {@code n} keys in the order of the permutation, again and again. */
    static Keys inOrder(long n) {
        return new InOrder(n);
    }

    /** Draws, round and round. */
    static Keys ofDraws(long[] draws) {
        return new OfDraws(draws);
    }

    static long[] uniform(long n) {
        long[] draws = new long[DRAWS];
        long state = UNIFORM_SEED;
        for (int i = 0; i < DRAWS; i++, state += Data.GOLDEN) {
            draws[i] = below(Data.mix(state), n);
        }
        return draws;
    }

    /** Keys of ranks by inversion of the exact cumulative sum of rank^-0.99. */
    static long[] zipf(long n) {
        double[] sums = new double[Math.toIntExact(n)];
        double sum = 0;
        for (int rank = 0; rank < sums.length; rank++) {
            sum += Math.pow(rank + 1, -ZIPF_EXPONENT);
            sums[rank] = sum;
        }
        long[] draws = new long[DRAWS];
        long state = ZIPF_SEED;
        for (int i = 0; i < DRAWS; i++, state += Data.GOLDEN) {
            double u = (Data.mix(state) >>> 11) * 0x1p-53;
            draws[i] = permuted(firstAbove(sums, u), n);
        }
        return draws;
    }

    /** Key number {@code i} of the permutation. */
    static long permuted(long i, long n) {
        return i * PRIME % n;
    }

    /** The high 64 bits of the unsigned product. */
    private static long below(long random, long n) {
        return Math.multiplyHigh(random, n) + ((random >> 63) & n);
    }

    /** The first rank with u < sums[rank] / total. */
    private static int firstAbove(double[] sums, double u) {
        double total = sums[sums.length - 1];
        int low = 0;
        int high = sums.length - 1;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (u < sums[middle] / total) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }

    private static final class InOrder extends Keys {
        private final long n;
        private final long step;
        private long at;
        private long index;
        private long pass;

        InOrder(long n) {
            this.n = n;
            this.step = PRIME % n;
        }

        @Override
        long next() {
            if (index == n) {
                index = 0;
                pass++;
            }
            index++;
            long key = at;
            // The permutation's next key without a division.
            at += step;
            if (at >= n) {
                at -= n;
            }
            return key;
        }

        @Override
        long pass() {
            return pass;
        }
    }

    private static final class OfDraws extends Keys {
        private final long[] draws;
        private int at;

        OfDraws(long[] draws) {
            this.draws = draws;
        }

        @Override
        long next() {
            return draws[at++ & (DRAWS - 1)];
        }

        @Override
        long pass() {
            return 0;
        }
    }
}
