// The checkpoint suite: how long a checkpoint holds up the task, how long it takes in all, and what it uploads.

import java.util.Arrays;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.runtime.state.SharedStateRegistryImpl;

final class CheckpointCost {
    /** Checkpoints of few changes for each one of all rows: they are short, and a 99th percentile needs many. */
    private static final int FEW_ROUNDS = 5;

    private final Snapshots options;
    private final SharedStateRegistryImpl sharedFiles = new SharedStateRegistryImpl();
    private long number;

    CheckpointCost(Snapshots options) {
        this.options = options;
    }

    void run() throws Exception {
        for (Subject subject : options.subjects()) {
            try (Surroundings surroundings = options.surroundings(subject, false)) {
                measure(surroundings, subject, Math.min(options.rows(), Snapshots.WARM_UP_ROWS), 1, false);
                measure(surroundings, subject, options.rows(), options.rounds(), true);
            }
        }
    }

    private void measure(Surroundings surroundings, Subject subject, int rows, int rounds, boolean measured) throws Exception {
        FlinkValues<?> values = FlinkValues.of(surroundings, Snapshots.VALUE_BYTES, false);
        Values.Model model = new Values.Model(rows);
        ValueKind.fill(values, rows);
        ValueKind.fill(model, rows);
        checkpoint(surroundings, values);
        String name = Snapshots.rowsName(rows) + " rows, ";

        Keys inOrder = Keys.inOrder(rows);
        Figure[] all = measure(surroundings, subject, name + "100% dirty", values, model, inOrder, rows, rounds);
        Keys drawn = Keys.ofDraws(Keys.uniform(rows));
        Figure[] few = measure(surroundings, subject, name + "1% dirty", values, model, drawn, Math.max(1, rows / 100), FEW_ROUNDS * rounds);

        values.compare(() -> values.compareWith(model));
        for (Figure[] figures : measured ? new Figure[][] {all, few} : new Figure[0][]) {
            for (Figure figure : figures) {
                options.print(figure);
            }
        }
    }

    private Figure[] measure(Surroundings surroundings, Subject subject, String setting, FlinkValues<?> values,
            Values.Model model, Keys keys, int changes, int rounds) throws Exception {
        double[] syncs = new double[rounds];
        double[] totals = new double[rounds];
        double[] megabytes = new double[rounds];
        for (int round = 0; round < rounds; round++) {
            System.err.println(subject.name() + ", " + setting + ", checkpoint " + (round + 1));
            for (int i = 0; i < changes; i++) {
                long key = keys.next();
                values.increment(key);
                model.increment(key);
            }
            Snapshot.Taken taken = checkpoint(surroundings, values);
            syncs[round] = taken.syncMillis();
            totals[round] = taken.totalMillis();
            megabytes[round] = taken.writtenMegabytes();
        }
        Arrays.sort(syncs);
        return new Figure[] {
            figure(subject, setting, "sync-p50", "ms", quantile(syncs, 0.5)),
            figure(subject, setting, "sync-p99", "ms", quantile(syncs, 0.99)),
            figure(subject, setting, "sync-max", "ms", quantile(syncs, 1)),
            figure(subject, setting, "total", "ms", totals),
            figure(subject, setting, "bytes", "MB", megabytes),
        };
    }

    private Snapshot.Taken checkpoint(Surroundings surroundings, FlinkValues<?> values) throws Exception {
        Snapshot.Taken taken =
                Snapshot.prepare(surroundings, values.backend, ++number, Snapshot.CHECKPOINT).finish(sharedFiles);
        ((CheckpointListener) values.backend).notifyCheckpointComplete(number);
        sharedFiles.unregisterUnusedState(number);
        return taken;
    }

    private static Figure figure(Subject subject, String setting, String measure, String unit, double... rounds)
            throws Exception {
        return new Figure("checkpoint", "incremental", subject.name(), setting, measure, unit, rounds);
    }

    private static double quantile(double[] sorted, double share) {
        return sorted[Math.max(0, (int) Math.ceil(share * sorted.length) - 1)];
    }
}
