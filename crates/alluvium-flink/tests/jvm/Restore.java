import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.state.AggregatingStateDescriptor;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ReducingStateDescriptor;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.ListSerializer;
import org.apache.flink.api.common.typeutils.base.MapSerializer;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.SavepointRestoreSettings;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot.BackendStateType;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot.CommonOptionsKeys;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot.CommonSerializerKeys;
import org.apache.flink.runtime.state.ttl.TtlStateFactory;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;

/**
 * Restores savepoints and checkpoints in a Flink of this process, and writes their keyed state as lines of JSON.
 *
 * One line of standard input asks for one restore, as `name=value` separated by tabs:
 * `snapshot` (directory), `parallelism`, `out` (file for the lines), and optionally
 * `backend` (`rocksdb` or `hashmap`, of a canonical savepoint; default `hashmap`),
 * `from` and `to` (addresses of files that begin with one are looked for at the other),
 * `serializers` (`declared`: those of the job, the default; `recorded`: those that the snapshot tells),
 * `timestamps` (`true`: values with a time to live show theirs; needs `serializers=recorded`).
 * A line of standard output answers each: `ok` and the number of lines, or `error` and why.
 */
public final class Restore {
    private final Cluster cluster;
    private int restores;

    private Restore(Cluster cluster) {
        this.cluster = cluster;
    }

    public static void main(String[] arguments) throws Exception {
        try (Cluster cluster = new Cluster()) {
            Restore restore = new Restore(cluster);
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            System.out.println("ready");
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                try {
                    System.out.println("ok " + restore.answer(line));
                } catch (Exception error) {
                    System.out.println("error " + cause(error));
                }
            }
        }
        System.exit(0); // RocksDB's and Flink's threads need not be waited for.
    }

    /** The innermost cause, and whose it was: what Flink wraps it in says nothing. */
    private static String cause(Throwable error) {
        Throwable outer = error;
        Throwable inner = error;
        while (inner.getCause() != null) {
            outer = inner;
            inner = inner.getCause();
        }
        String said = outer == inner ? inner.toString() : inner + " <- " + outer.getMessage();
        return said.replaceAll("\\s+", " ");
    }

    private int answer(String line) throws Exception {
        Map<String, String> asked = new HashMap<>();
        for (String part : line.split("\t")) {
            int equals = part.indexOf('=');
            asked.put(part.substring(0, equals), part.substring(equals + 1));
        }
        Snapshot snapshot = Snapshot.load(Path.of(asked.get("snapshot")));
        Path temporary = Files.createTempDirectory("restore");
        try {
            if (asked.containsKey("from")) {
                snapshot = snapshot.moved(asked.get("from"), asked.get("to"), temporary);
            }
            Json.timestamps = Boolean.parseBoolean(asked.get("timestamps"));
            boolean declared = !"recorded".equals(asked.get("serializers"));
            int parallelism = Integer.parseInt(asked.get("parallelism"));
            if (parallelism > Cluster.SLOTS) {
                throw new IllegalArgumentException("there are " + Cluster.SLOTS + " slots, not " + parallelism);
            }
            String name = "restore-" + restores++;
            var lines = DumpOperator.begin(name);
            String backend = snapshot.backend(asked.getOrDefault("backend", "hashmap"));
            cluster.run(job(name, snapshot, backend, parallelism, declared));
            DumpOperator.LINES.remove(name);
            List<String> sorted = new ArrayList<>(lines);
            sorted.sort(null);
            Files.write(Path.of(asked.get("out")), sorted);
            return sorted.size();
        } finally {
            Files.deleteIfExists(temporary.resolve("_metadata"));
            Files.delete(temporary);
        }
    }

    private static JobGraph job(String name, Snapshot snapshot, String backend, int parallelism, boolean declared) throws Exception {
        Map<String, Operators.Operator> known = new HashMap<>();
        for (Operators.Operator operator : Operators.all()) {
            known.put(Uids.hash(operator.uid), operator);
        }
        var environment = new StreamExecutionEnvironment(Cluster.settings(backend));
        environment.setParallelism(1);
        var nothing = environment.fromSequence(1, 1).filter(n -> false);
        for (Snapshot.Keyed keyed : snapshot.keyed()) {
            String id = keyed.operator().getOperatorID().toHexString();
            Operators.Operator operator = known.get(id);
            String label = operator == null ? id : operator.uid;
            Operators.Operator declarations = declared ? operator : null;
            TypeInformation<Object> keyType = declarations == null ? object(RecordedType.of(keyed.key())) : object(declarations.keyType);
            List<Operators.Timers> timers = operator == null ? recordedTimers(keyed) : List.of(operator.timers);
            var dump = new DumpOperator(name, label, keyed.operator().getMaxParallelism(), reads(keyed, declarations), timers);
            KeySelector<Long, Object> noKey = n -> n;
            nothing.keyBy(noKey, keyType).transform(label, Types.LONG, dump)
                    .setUidHash(id).setParallelism(parallelism).setMaxParallelism(keyed.operator().getMaxParallelism());
        }
        JobGraph job = environment.getStreamGraph().getJobGraph();
        job.setSavepointRestoreSettings(SavepointRestoreSettings.forPath(snapshot.directory().toUri().toString(), true));
        return job;
    }

    @SuppressWarnings("unchecked")
    private static TypeInformation<Object> object(TypeInformation<?> type) {
        return (TypeInformation<Object>) type;
    }

    /** The operator's own declarations of the states that the snapshot has, and for others what it recorded. */
    private static List<DumpOperator.Read> reads(Snapshot.Keyed keyed, Operators.Operator operator) {
        List<DumpOperator.Read> reads = new ArrayList<>();
        for (StateMetaInfoSnapshot state : keyed.states().values()) {
            if (state.getBackendStateType() == BackendStateType.PRIORITY_QUEUE) {
                continue;
            }
            Operators.Declared found = null;
            for (Operators.Declared declared : operator == null ? List.<Operators.Declared>of() : operator.states) {
                found = declared.descriptor().getName().equals(state.getName()) ? declared : found;
            }
            StateDescriptor<?, ?> descriptor = found == null ? recorded(state) : found.descriptor();
            TypeSerializer<?> namespace = found == null
                    ? state.getTypeSerializerSnapshot(CommonSerializerKeys.NAMESPACE_SERIALIZER).restoreSerializer()
                    : found.namespace();
            boolean ttl = found == null ? isTtl(descriptor) : descriptor.getTtlConfig().isEnabled();
            reads.add(new DumpOperator.Read(descriptor, namespace, (ttl ? "ttl-" : "") + kind(descriptor)));
        }
        return reads;
    }

    private static String kind(StateDescriptor<?, ?> descriptor) {
        return descriptor.getType() == StateDescriptor.Type.AGGREGATING
                ? "aggregating-acc"
                : descriptor.getType().toString().toLowerCase(java.util.Locale.ROOT);
    }

    private static boolean isTtl(StateDescriptor<?, ?> descriptor) {
        TypeSerializer<?> value = descriptor.getSerializer();
        if (value instanceof ListSerializer<?> list) {
            value = list.getElementSerializer();
        } else if (value instanceof MapSerializer<?, ?> map) {
            value = map.getValueSerializer();
        }
        return value instanceof TtlStateFactory.TtlSerializer;
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static StateDescriptor<?, ?> recorded(StateMetaInfoSnapshot state) {
        TypeSerializer value = state.getTypeSerializerSnapshot(CommonSerializerKeys.VALUE_SERIALIZER).restoreSerializer();
        String name = state.getName();
        return switch (state.getOption(CommonOptionsKeys.KEYED_STATE_TYPE)) {
            case "VALUE" -> new ValueStateDescriptor<>(name, value);
            case "LIST" -> new ListStateDescriptor<>(name, ((ListSerializer<?>) value).getElementSerializer());
            case "MAP" -> new MapStateDescriptor<>(
                    name, ((MapSerializer<?, ?>) value).getKeySerializer(), ((MapSerializer<?, ?>) value).getValueSerializer());
            case "REDUCING" -> new ReducingStateDescriptor<>(name, (left, right) -> left, value);
            case "AGGREGATING" -> new AggregatingStateDescriptor<>(name, new Kept(), value);
            default -> throw new IllegalArgumentException("state " + name + " is of an unknown kind");
        };
    }

    /** Shows accumulators as they are. */
    private static final class Kept implements AggregateFunction<Object, Object, Object> {
        private static final long serialVersionUID = 1;

        @Override
        public Object createAccumulator() {
            throw new UnsupportedOperationException();
        }

        @Override
        public Object add(Object value, Object accumulator) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Object getResult(Object accumulator) {
            return accumulator;
        }

        @Override
        public Object merge(Object left, Object right) {
            throw new UnsupportedOperationException();
        }
    }

    /** Flink's own services are two; an operator with others is declared. */
    private static List<Operators.Timers> recordedTimers(Snapshot.Keyed keyed) {
        TreeSet<String> services = new TreeSet<>();
        for (String name : keyed.states().keySet()) {
            for (String prefix : List.of("_timer_state/event_", "_timer_state/processing_")) {
                if (name.startsWith(prefix)) {
                    services.add(name.substring(prefix.length()));
                }
            }
        }
        List<Operators.Timers> timers = new ArrayList<>();
        for (String service : services) {
            boolean window = service.equals("window-timers");
            timers.add(new Operators.Timers(service, window ? new TimeWindow.Serializer() : VoidNamespaceSerializer.INSTANCE));
        }
        return timers;
    }
}
