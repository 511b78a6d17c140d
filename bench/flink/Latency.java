// The latency suite: how long records take, each a read-modify-write, without and with a checkpoint each second.
//
// A record's latency is the time since the record before it was done, so that whatever holds up the task between them,
// the synchronous part of a checkpoint or a collection of garbage, is in it. The asynchronous part runs in another thread;
// its end is told to the backend between records, as a task's mailbox does. A checkpoint is due a second after the last one
// was, or when that one is done.

import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.runtime.state.SharedStateRegistryImpl;

final class Latency {
    private static final long BETWEEN_NANOS = 1_000_000_000;
    private static final String[] MEASURES = {"p50", "p99", "p99.9", "max"};

    private final Snapshots options;
    private final SharedStateRegistryImpl sharedFiles = new SharedStateRegistryImpl();
    private long number;

    Latency(Snapshots options) {
        this.options = options;
    }

    void run() throws Exception {
        for (Subject subject : options.subjects()) {
            try (Surroundings surroundings = options.surroundings(subject, false)) {
                run(surroundings, subject);
            }
        }
    }

    private void run(Surroundings surroundings, Subject subject) throws Exception {
        int rows = options.rows();
        FlinkValues<?> values = FlinkValues.of(surroundings, Snapshots.VALUE_BYTES, false);
        Values.Model model = new Values.Model(rows);
        ValueKind.fill(values, rows);
        ValueKind.fill(model, rows);
        long[] draws = Keys.uniform(rows);
        Keys keys = Keys.ofDraws(draws);
        double[][] without = new double[MEASURES.length][options.rounds()];
        double[][] with = new double[MEASURES.length][options.rounds()];
        long nanos = options.seconds() * 1_000_000_000L;
        long records = run(surroundings, values, keys, nanos / 2, true, new Histogram());
        for (int round = 0; round < options.rounds(); round++) {
            System.err.println(subject.name() + ", round " + (round + 1));
            records += run(surroundings, values, keys, nanos, false, without, round);
            records += run(surroundings, values, keys, nanos, true, with, round);
        }
        String name = Snapshots.rowsName(rows) + " rows, ";
        Figure[] figures = new Figure[2 * MEASURES.length];
        for (int i = 0; i < MEASURES.length; i++) {
            figures[i] = figure(subject, name + "no checkpoints", MEASURES[i], without[i]);
            figures[MEASURES.length + i] = figure(subject, name + "checkpoint each second", MEASURES[i], with[i]);
        }
        Keys again = Keys.ofDraws(draws);
        for (long i = 0; i < records; i++) {
            model.increment(again.next());
        }
        values.compare(() -> values.compareWith(model));
        for (Figure figure : figures) {
            options.print(figure);
        }
    }

    private long run(Surroundings surroundings, FlinkValues<?> values, Keys keys, long nanos, boolean checkpoints,
            double[][] into, int round) throws Exception {
        Histogram histogram = new Histogram();
        long records = run(surroundings, values, keys, nanos, checkpoints, histogram);
        double[] micros = {
            histogram.quantile(0.5) / 1e3, histogram.quantile(0.99) / 1e3, histogram.quantile(0.999) / 1e3, histogram.max() / 1e3
        };
        for (int i = 0; i < micros.length; i++) {
            into[i][round] = micros[i];
        }
        return records;
    }

    /** The number of records. */
    private long run(Surroundings surroundings, FlinkValues<?> values, Keys keys, long nanos, boolean checkpoints,
            Histogram histogram) throws Exception {
        FutureTask<Snapshot.Taken> running = null;
        long records = 0;
        long began = System.nanoTime();
        long due = checkpoints ? began + BETWEEN_NANOS : Long.MAX_VALUE;
        long last = began;
        while (last - began < nanos) {
            if (running != null && running.isDone()) {
                complete(values, running);
                running = null;
            }
            if (last > due && running == null) {
                running = start(surroundings, values);
                due += BETWEEN_NANOS;
            }
            values.increment(keys.next());
            records++;
            long now = System.nanoTime();
            histogram.add(now - last);
            last = now;
        }
        if (running != null) {
            complete(values, running);
        }
        return records;
    }

    private FutureTask<Snapshot.Taken> start(Surroundings surroundings, FlinkValues<?> values) throws Exception {
        Snapshot snapshot = Snapshot.prepare(surroundings, values.backend, ++number, Snapshot.CHECKPOINT);
        Callable<Snapshot.Taken> rest = () -> snapshot.finish(sharedFiles);
        FutureTask<Snapshot.Taken> running = new FutureTask<>(rest);
        new Thread(running, "checkpoint-" + number).start();
        return running;
    }

    /** Waits for the end, and tells it. */
    private void complete(FlinkValues<?> values, FutureTask<Snapshot.Taken> running) throws Exception {
        Snapshot.Taken taken = running.get();
        System.err.printf("  checkpoint: sync %.1f ms, async %.1f ms, %.1f MB%n",
                taken.syncMillis(), taken.asyncMillis(), taken.writtenMegabytes());
        ((CheckpointListener) values.backend).notifyCheckpointComplete(number);
        sharedFiles.unregisterUnusedState(number);
    }

    private static Figure figure(Subject subject, String setting, String measure, double... rounds) throws Exception {
        return new Figure("latency", "rmw", subject.name(), setting, measure, "us", rounds);
    }
}
