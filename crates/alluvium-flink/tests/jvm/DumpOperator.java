import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.flink.api.common.state.AppendingState;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.State;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.KeyedStateBackend;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.InternalTimer;
import org.apache.flink.streaming.api.operators.InternalTimerService;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.operators.Triggerable;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/** Reads all keyed state that it was restored with, before its first event, by the backend that Flink gave it. */
@SuppressWarnings({"rawtypes", "unchecked"})
final class DumpOperator extends AbstractStreamOperator<Long>
        implements OneInputStreamOperator<Long, Long>, Triggerable<Object, Object> {
    private static final long serialVersionUID = 1;

    /** The lines of each restore, by its name: the cluster is in this process. */
    static final Map<String, Queue<String>> LINES = new ConcurrentHashMap<>();

    /** A state to read, and the word for its kind. */
    record Read(StateDescriptor descriptor, TypeSerializer namespace, String kind) implements java.io.Serializable {}

    private final String restore;
    private final String name;
    private final int maxParallelism;
    private final List<Read> reads;
    private final List<Operators.Timers> timers;

    DumpOperator(String restore, String name, int maxParallelism, List<Read> reads, List<Operators.Timers> timers) {
        this.restore = restore;
        this.name = name;
        this.maxParallelism = maxParallelism;
        this.reads = new ArrayList<>(reads);
        this.timers = new ArrayList<>(timers);
    }

    /** Events that were in flight when the snapshot was taken have keys of their own job. */
    @Override
    public void setKeyContextElement1(StreamRecord event) {}

    @Override
    public void open() throws Exception {
        super.open();
        for (Read read : reads) {
            KeyedStateBackend<Object> backend = getKeyedStateBackend();
            // Registers the state with the job's serializers first; from then on it is read with them.
            backend.getOrCreateKeyedState(read.namespace, read.descriptor);
            Set<Tuple2<Object, Object>> places = new LinkedHashSet<>();
            try (var found = backend.getKeysAndNamespaces(read.descriptor.getName())) {
                found.forEach(place -> places.add(Tuple2.of(place.f0, place.f1)));
            }
            for (Tuple2<Object, Object> place : places) {
                backend.setCurrentKey(place.f0);
                State state = backend.getPartitionedState(place.f1, read.namespace, read.descriptor);
                Object value = valueOf(state);
                if (value != null) {
                    line(read.descriptor.getName(), read.kind, place.f0, place.f1, value);
                }
            }
        }
        for (Operators.Timers declared : timers) {
            InternalTimerService<Object> service =
                    getInternalTimerService(declared.service(), (TypeSerializer<Object>) declared.namespace(), this);
            String suffix = "_" + declared.service();
            service.forEachEventTimeTimer(
                    (namespace, time) -> line("_timer_state/event" + suffix, "timer", getCurrentKey(), namespace, time));
            service.forEachProcessingTimeTimer(
                    (namespace, time) -> line("_timer_state/processing" + suffix, "timer", getCurrentKey(), namespace, time));
        }
    }

    private static Object valueOf(State state) throws Exception {
        if (state instanceof ValueState<?> value) {
            return value.value();
        }
        if (state instanceof MapState<?, ?> map) {
            Map<Object, Object> entries = new java.util.HashMap<>();
            for (Map.Entry<?, ?> entry : map.entries()) {
                entries.put(entry.getKey(), entry.getValue());
            }
            return entries.isEmpty() ? null : entries;
        }
        return ((AppendingState<?, ?>) state).get();
    }

    private void line(String state, String kind, Object key, Object namespace, Object value) {
        StringBuilder line = new StringBuilder("{\"op\":");
        Json.text(line, name);
        line.append(",\"state\":");
        Json.text(line, state);
        int group = KeyGroupRangeAssignment.assignToKeyGroup(key, maxParallelism);
        line.append(",\"kind\":\"").append(kind).append("\",\"kg\":").append(group);
        line.append(",\"key\":").append(Json.of(key)).append(",\"ns\":").append(Json.of(namespace));
        line.append(",\"value\":").append(Json.of(value)).append('}');
        LINES.get(restore).add(line.toString());
    }

    @Override
    public void processElement(StreamRecord<Long> element) {}

    @Override
    public void onEventTime(InternalTimer<Object, Object> timer) {}

    @Override
    public void onProcessingTime(InternalTimer<Object, Object> timer) {}

    static Queue<String> begin(String restore) {
        Queue<String> lines = new ConcurrentLinkedQueue<>();
        LINES.put(restore, lines);
        return lines;
    }
}
