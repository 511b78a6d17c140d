import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.FlatMapFunction;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.executiongraph.AccessExecutionGraph;
import org.apache.flink.runtime.executiongraph.AccessExecutionVertex;
import org.apache.flink.runtime.executiongraph.ErrorInfo;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.assigners.EventTimeSessionWindows;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;

/**
 * Runs a job in a Flink of this process, and takes a snapshot of it.
 *
 * Each argument makes one, as `name=value` separated by commas: `out` (a directory, which must not exist),
 * `operators` (uids, separated by `+`), `format` (`canonical`, `native` or `checkpoint`), and optionally `backend` (`rocksdb`, the default, or
 * `hashmap`), `keys` (20), `events` (twice as many), `pause` (0: milliseconds that
 * an operator takes for each), `parallelism` (1), `max` (128); every other name is one of Flink's settings.
 */
public final class Fixture {
    /** Counted down when the last event was sent: a snapshot that begins afterwards has all of them. */
    private static volatile CountDownLatch sent;

    /** After which a job that neither runs nor fails is given up: many times what the largest fixture takes on a busy machine. */
    private static final long SECONDS_MAX = 60;

    private Fixture() {}

    public static void main(String[] arguments) throws Exception {
        try (Cluster cluster = new Cluster()) {
            for (String argument : arguments) {
                Map<String, String> asked = new HashMap<>();
                for (String part : argument.split(",")) {
                    int equals = part.indexOf('=');
                    asked.put(part.substring(0, equals), part.substring(equals + 1));
                }
                make(cluster, asked);
                System.out.println(argument);
            }
        }
        System.exit(0); // RocksDB's and Flink's threads need not be waited for.
    }

    private static String take(Map<String, String> asked, String name, String otherwise) {
        String value = asked.remove(name);
        return value == null ? otherwise : value;
    }

    private static void make(Cluster cluster, Map<String, String> asked) throws Exception {
        Path out = Path.of(asked.remove("out")).toAbsolutePath();
        if (Files.exists(out)) {
            throw new IllegalArgumentException(out + " exists");
        }
        Files.createDirectories(out);
        List<String> uids = Arrays.asList(asked.remove("operators").split("\\+"));
        String format = asked.remove("format");
        Operators.keys = Long.parseLong(take(asked, "keys", "20"));
        long events = Long.parseLong(take(asked, "events", String.valueOf(2 * Operators.keys)));
        Operators.pause = Long.parseLong(take(asked, "pause", "0"));
        int parallelism = Integer.parseInt(take(asked, "parallelism", "1"));
        int max = Integer.parseInt(take(asked, "max", "128"));
        Configuration settings = Cluster.settings(take(asked, "backend", "rocksdb"));
        asked.forEach((name, value) -> Versions.set(settings, name, value));
        Path checkpoints = out.resolve("checkpoints");
        Versions.set(settings, "execution.checkpointing.dir", checkpoints.toUri().toString());
        sent = new CountDownLatch(1);
        JobID job = cluster.submit(job(settings, uids, events, parallelism, max));
        awaitEvents(cluster, job);
        if (format.equals("checkpoint")) {
            cluster.flink().triggerCheckpoint(job).get(SECONDS_MAX, TimeUnit.SECONDS);
            cluster.flink().cancelJob(job).get(SECONDS_MAX, TimeUnit.SECONDS);
        } else {
            SavepointFormatType type = SavepointFormatType.valueOf(format.toUpperCase(java.util.Locale.ROOT));
            cluster.flink().triggerSavepoint(job, out.toUri().toString(), true, type).get(SECONDS_MAX, TimeUnit.SECONDS);
        }
        cluster.flink().requestJobResult(job).get(SECONDS_MAX, TimeUnit.SECONDS);
        try (Stream<Path> all = Files.walk(out)) { // Directories that nothing was written to.
            all.sorted(java.util.Comparator.reverseOrder()).filter(Files::isDirectory).forEach(it -> it.toFile().delete());
        }
    }

    /** Flink refuses snapshots while a task is being started. A job that fails sends nothing, and says why. */
    private static void awaitEvents(Cluster cluster, JobID job) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS_MAX);
        for (boolean running = false; !running || sent.getCount() > 0; Thread.sleep(20)) {
            AccessExecutionGraph graph = cluster.flink().getExecutionGraph(job).get(SECONDS_MAX, TimeUnit.SECONDS);
            if (graph.getState().isGloballyTerminalState()) {
                ErrorInfo why = graph.getFailureInfo();
                throw new IllegalStateException("the job ended: " + (why == null ? graph.getState() : why.getExceptionAsString()));
            }
            running = true;
            for (AccessExecutionVertex task : graph.getAllExecutionVertices()) {
                running &= task.getExecutionState() == ExecutionState.RUNNING;
            }
            if (System.nanoTime() > end) {
                cluster.flink().cancelJob(job);
                throw new IllegalStateException("the job did not send its events within " + SECONDS_MAX + " s");
            }
        }
    }

    private static JobGraph job(Configuration settings, List<String> uids, long events, int parallelism, int max) {
        var environment = new StreamExecutionEnvironment(settings);
        environment.setParallelism(parallelism);
        environment.setMaxParallelism(max);
        // No watermark but the last: nothing fires, and the source never ends.
        var numbers = environment.fromSequence(0, Long.MAX_VALUE).setParallelism(1).uid("source")
                .flatMap(new Events(events)).setParallelism(1).uid("gen")
                .assignTimestampsAndWatermarks(WatermarkStrategy.<Long>noWatermarks().withTimestampAssigner((n, time) -> 1_000_000 + n * 700))
                .setParallelism(1).uid("ts");
        Map<String, Operators.Operator> known = new HashMap<>();
        Operators.all().forEach(operator -> known.put(operator.uid, operator));
        for (String uid : uids) {
            Operators.Operator operator = known.get(uid);
            Operators.Numbered<?> keyOf = operator.keyOf;
            KeySelector<Long, Object> key = keyOf::of;
            @SuppressWarnings("unchecked")
            var keyed = numbers.keyBy(key, (TypeInformation<Object>) operator.keyType);
            SingleOutputStreamOperator<?> made = switch (uid) {
                case "tumbling-agg" -> keyed.window(tumbling())
                        .aggregate(new Operators.Count<>(), Types.LONG, Types.LONG);
                case "session-agg" -> keyed.window(Versions.windows(EventTimeSessionWindows.class, "withGap", Duration.ofSeconds(30)))
                        .aggregate(new Operators.Count<>(), Types.LONG, Types.LONG);
                case "tumbling-list" -> numbers.map(Fixture::triple)
                        .returns(Types.TUPLE(Types.STRING, Types.LONG, Types.INT)).uid("triples")
                        .keyBy(it -> it.f0, Types.STRING)
                        .window(tumbling())
                        .process(new Size(), Types.INT);
                default -> keyed.transform(uid, Types.LONG, new WriteOperator(operator));
            };
            made.uid(uid);
        }
        return environment.getStreamGraph().getJobGraph();
    }

    private static TumblingEventTimeWindows tumbling() {
        return Versions.windows(TumblingEventTimeWindows.class, "of", Duration.ofSeconds(10));
    }

    private static Tuple3<String, Long, Integer> triple(long n) {
        return Tuple3.of(Operators.textKey(n % Operators.keys), n, (int) (n % Operators.keys));
    }

    /** The first numbers; afterwards it only keeps the source alive. */
    private static final class Events implements FlatMapFunction<Long, Long> {
        private static final long serialVersionUID = 1;
        private final long events;

        Events(long events) {
            this.events = events;
        }

        @Override
        public void flatMap(Long n, Collector<Long> out) throws InterruptedException {
            if (n < events) {
                out.collect(n);
                Thread.sleep(Operators.pause / 5); // A snapshot then has events that were handled, and others in flight.
            } else {
                sent.countDown();
                Thread.sleep(5);
            }
        }
    }

    /** The elements of a window must be kept to be counted this way. */
    private static final class Size extends ProcessWindowFunction<Tuple3<String, Long, Integer>, Integer, String, TimeWindow> {
        private static final long serialVersionUID = 1;

        @Override
        public void process(String key, Context context, Iterable<Tuple3<String, Long, Integer>> elements, Collector<Integer> out) {
            int size = 0;
            for (Tuple3<String, Long, Integer> element : elements) {
                size++;
            }
            out.collect(size);
        }
    }
}
