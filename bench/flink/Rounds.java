// Takes the time of a case: warm-up rounds, then measured ones.
//
// A round runs batches until its time is over; the clock stands still while the pre-state is made again. Nothing here
// knows what a case does.

final class Rounds {
    static final int WARM_UP = 2;
    private static final int BATCH = 1024;

    /** Operations a second, or what the case counts, of each measured round. */
    final double[] rates;

    /** Operations since the pre-state was made last, and the sum that they returned. */
    long operations;
    long sum;

    /** Whether the pre-state was made again meanwhile. */
    boolean restarted;

    private Rounds(int rounds) {
        rates = new double[rounds];
    }

    static <R extends Rows> Rounds measure(Case<R> measured, Case.Prestate<R> prestate, R rows, int rounds, long roundNanos)
            throws Exception {
        Rounds taken = new Rounds(rounds);
        Keys keys = measured.keys().get();
        for (int round = -WARM_UP; round < rounds; round++) {
            boolean again = measured.everyRound() && (round > -WARM_UP);
            long done = 0;
            long spent = 0;
            while (spent < roundNanos) {
                if (again || taken.operations == measured.bound()) {
                    prestate.prepare(rows);
                    keys = measured.keys().get();
                    taken.operations = 0;
                    taken.sum = 0;
                    taken.restarted = true;
                    again = false;
                }
                long began = System.nanoTime();
                long now = began;
                while (spent + (now - began) < roundNanos && taken.operations < measured.bound()) {
                    int count = (int) Math.min(BATCH, measured.bound() - taken.operations);
                    taken.sum += measured.batch().run(rows, keys, taken.operations, count);
                    taken.operations += count;
                    done += count;
                    now = System.nanoTime();
                }
                spent += now - began;
            }
            if (round >= 0) {
                taken.rates[round] = done * (double) measured.counted() / spent * 1e9;
            }
        }
        return taken;
    }

    /** Runs the same operations on a model, and compares the sums. */
    <R extends Rows> void replay(Case<R> measured, Case.Prestate<R> prestate, R model) throws Exception {
        if (restarted) {
            prestate.prepare(model);
        }
        Keys keys = measured.keys().get();
        long expected = 0;
        for (long at = 0; at < operations; ) {
            int count = (int) Math.min(BATCH, operations - at);
            expected += measured.batch().run(model, keys, at, count);
            at += count;
        }
        Mismatch.unlessEqual(measured.name() + ": sum over " + operations + " operations", sum, expected);
    }
}
