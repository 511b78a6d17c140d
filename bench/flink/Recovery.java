// The recovery suite: from the call that makes a backend to the first row that is read, at the same and at other parallelisms.
//
// A subtask is restored alone, one after the other, each in a directory of its own. Local copies exist where Flink has them:
// at an unchanged parallelism.

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.runtime.state.KeyedStateHandle;

final class Recovery {
    /** From which parallelism to which. */
    record Shape(int built, int target) {
        String name() {
            return built + "-" + target;
        }
    }

    private static final List<Shape> SHAPES =
            List.of(new Shape(1, 1), new Shape(1, 2), new Shape(2, 1), new Shape(2, 3), new Shape(3, 2));

    private final Snapshots options;
    private final Map<String, Surroundings> targets = new TreeMap<>();

    Recovery(Snapshots options) {
        this.options = options;
    }

    void run() throws Exception {
        try (Surroundings building = options.surroundings(options.subjects().get(0), true)) {
            for (Subject subject : options.subjects()) {
                targets.put(subject.name(), options.surroundings(subject, false));
            }
            RecoveryRows few = new RecoveryRows(Math.min(options.rows(), Snapshots.WARM_UP_ROWS));
            RecoveryRows rows = new RecoveryRows(options.rows());
            measure(building, few, false);
            measure(building, rows, true);
        } finally {
            for (Surroundings target : targets.values()) {
                target.close();
            }
        }
    }

    private void measure(Surroundings building, RecoveryRows rows, boolean measured) throws Exception {
        RecoveryJob job = null;
        for (Shape shape : SHAPES) {
            if (job == null || job.parallelism != shape.built()) {
                if (job != null) {
                    job.discard();
                }
                job = new RecoveryJob(building, rows, shape.built());
            }
            if (shape.built() == shape.target()) {
                measure(job, shape, true, measured);
            }
            measure(job, shape, false, measured);
        }
        job.discard();
    }

    /** Subjects alternate, round by round. */
    private void measure(RecoveryJob job, Shape shape, boolean local, boolean measured) throws Exception {
        String setting = Snapshots.rowsName(job.rows.count) + " rows, " + (local ? "local" : "remote");
        System.err.println((measured ? "" : "warm-up: ") + shape.name() + ", " + setting);
        Map<String, double[]> slowest = new TreeMap<>();
        Map<String, double[]> sums = new TreeMap<>();
        int rounds = measured ? options.rounds() : 1;
        for (int round = 0; round < rounds; round++) {
            for (Subject subject : options.subjects()) {
                // Each subject's contents are compared in its last round.
                double[] millis = restore(subject, job, shape, local, round, round == rounds - 1);
                slowest.computeIfAbsent(subject.name(), name -> new double[rounds])[round] =
                        Arrays.stream(millis).max().orElseThrow();
                sums.computeIfAbsent(subject.name(), name -> new double[rounds])[round] = Arrays.stream(millis).sum();
            }
        }
        if (measured) {
            for (Subject subject : options.subjects()) {
                String name = subject.name();
                options.print(new Figure("recovery", shape.name(), name, setting, "restore", "ms", slowest.get(name)));
                options.print(new Figure("recovery", shape.name(), name, setting, "restore-sum", "ms", sums.get(name)));
            }
        }
    }

    /** Milliseconds of each subtask. */
    private double[] restore(Subject subject, RecoveryJob job, Shape shape, boolean local, int round, boolean compared)
            throws Exception {
        double[] millis = new double[shape.target()];
        for (int subtask = 0; subtask < shape.target(); subtask++) {
            List<KeyedStateHandle> handles = job.handles(shape.target(), subtask, local);
            millis[subtask] = restore(targets.get(subject.name()), job.rows, shape.target(), subtask, handles, round, compared);
        }
        return millis;
    }

    /** Restores a subtask and reads a row of it, which the round chooses. Milliseconds. */
    static double restore(Surroundings target, RecoveryRows rows, int parallelism, int subtask, List<KeyedStateHandle> handles,
            int round, boolean compared) throws Exception {
        int[] own = rows.of(Surroundings.range(parallelism, subtask));
        int number = own[(int) Long.remainderUnsigned(Data.mix(round), own.length)];
        byte[] expected = RecoveryRows.value(number, RecoveryRows.stage(number));
        long began = System.nanoTime();
        try (RecoveryJob.Subtask restored = RecoveryJob.Subtask.open(target, parallelism, subtask, handles)) {
            byte[] found = restored.get(number);
            double millis = (System.nanoTime() - began) / 1e6;
            if (!Arrays.equals(found, expected)) {
                throw new Mismatch("the first row read, " + number + ", is not as it was written");
            }
            if (compared) {
                restored.compare(rows);
            }
            return millis;
        }
    }
}
