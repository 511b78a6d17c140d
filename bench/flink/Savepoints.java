// The savepoint suite: writing and restoring Flink's canonical and native savepoints of the recovery benchmark's rows.
//
// Canonical ones are read through a buffer, as clients of object stores give one: Flink reads single bytes, and its local
// file system has none.

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.runtime.checkpoint.SnapshotType;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.SharedStateRegistryImpl;

final class Savepoints {
    /** Figures of one format. */
    private record Series(double[] writes, double[] megabytes, double[] restores) {
        Series(int rounds) {
            this(new double[rounds], new double[rounds], new double[rounds]);
        }
    }

    private final Snapshots options;
    private final SharedStateRegistryImpl sharedFiles = new SharedStateRegistryImpl();
    private long number = RecoveryRows.STAGES;

    Savepoints(Snapshots options) {
        this.options = options;
    }

    void run() throws Exception {
        try (Surroundings surroundings = options.surroundings(options.subjects().get(0), false)) {
            measure(surroundings, new RecoveryRows(Math.min(options.rows(), Snapshots.WARM_UP_ROWS)), false);
            measure(surroundings, new RecoveryRows(options.rows()), true);
        }
    }

    private void measure(Surroundings surroundings, RecoveryRows rows, boolean measured) throws Exception {
        int rounds = measured ? options.rounds() : 1;
        Map<String, Series> all = new TreeMap<>();
        RecoveryJob job = new RecoveryJob(surroundings, rows, 1);
        try (RecoveryJob.Subtask running = RecoveryJob.Subtask.open(surroundings, 1, 0, job.handles(1, 0, false))) {
            for (int round = 0; round < rounds; round++) {
                for (Subject subject : options.subjects()) {
                    System.err.println((measured ? "" : "warm-up: ") + subject.name() + ", round " + (round + 1));
                    Series series = all.computeIfAbsent(subject.name(), name -> new Series(rounds));
                    measure(surroundings, rows, running, subject, round, round == rounds - 1, series);
                }
            }
        }
        job.discard();
        String setting = Snapshots.rowsName(rows.count) + " rows";
        for (Subject subject : measured ? options.subjects() : List.<Subject>of()) {
            Series series = all.get(subject.name());
            options.print(new Figure("savepoint", "write", subject.name(), setting, "time", "ms", series.writes()));
            options.print(new Figure("savepoint", "write", subject.name(), setting, "bytes", "MB", series.megabytes()));
            options.print(new Figure("savepoint", "restore", subject.name(), setting, "time", "ms", series.restores()));
        }
    }

    private void measure(Surroundings surroundings, RecoveryRows rows, RecoveryJob.Subtask running, Subject subject, int round,
            boolean compared, Series series) throws Exception {
        boolean canonical = subject.name().equals("flink-canonical");
        SnapshotType type = canonical ? Snapshot.CANONICAL : Snapshot.NATIVE;
        Snapshot.Taken taken = Snapshot.prepare(surroundings, running.backend(), ++number, type).finish(sharedFiles);
        series.writes()[round] = taken.totalMillis();
        series.megabytes()[round] = taken.remote().getStateSize() / 1e6;
        List<KeyedStateHandle> handles = new ArrayList<>();
        handles.add(canonical ? BufferedHandle.of(taken.remote()) : taken.remote());
        series.restores()[round] = Recovery.restore(surroundings, rows, 1, 0, handles, round, compared);
        taken.remote().discardState();
    }
}
