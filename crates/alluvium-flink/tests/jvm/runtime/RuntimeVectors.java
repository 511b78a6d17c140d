import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.TreeMap;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeutils.SingleThreadAccessCheckingTypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.BitmapSerializer;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.api.common.typeutils.base.ListSerializer;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.api.common.typeutils.base.NullValueSerializer;
import org.apache.flink.api.common.typeutils.base.SetSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.api.common.typeutils.base.StringValueSerializer;
import org.apache.flink.api.common.typeutils.base.VariantSerializer;
import org.apache.flink.api.java.typeutils.runtime.CopyableValueSerializer;
import org.apache.flink.cep.nfa.ComputationState;
import org.apache.flink.cep.nfa.DeweyNumber;
import org.apache.flink.cep.nfa.NFAState;
import org.apache.flink.cep.nfa.NFAStateSerializer;
import org.apache.flink.cep.nfa.sharedbuffer.EventId;
import org.apache.flink.cep.nfa.sharedbuffer.Lockable;
import org.apache.flink.cep.nfa.sharedbuffer.NodeId;
import org.apache.flink.cep.nfa.sharedbuffer.SharedBufferEdge;
import org.apache.flink.cep.nfa.sharedbuffer.SharedBufferNode;
import org.apache.flink.cep.nfa.sharedbuffer.SharedBufferNodeSerializer;
import org.apache.flink.core.memory.DataOutputViewStreamWrapper;
import org.apache.flink.runtime.state.ArrayListSerializer;
import org.apache.flink.runtime.state.JavaSerializer;
import org.apache.flink.streaming.api.datastream.CoGroupedStreams;
import org.apache.flink.streaming.api.functions.sink.legacy.TwoPhaseCommitSinkFunction;
import org.apache.flink.streaming.api.operators.co.IntervalJoinOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamElement;
import org.apache.flink.streaming.runtime.streamrecord.StreamElementSerializer;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.dataview.NullAwareMapSerializer;
import org.apache.flink.table.dataview.NullSerializer;
import org.apache.flink.table.runtime.generated.GeneratedHashFunction;
import org.apache.flink.table.runtime.generated.GeneratedRecordEqualiser;
import org.apache.flink.table.runtime.generated.HashFunction;
import org.apache.flink.table.runtime.generated.RecordEqualiser;
import org.apache.flink.table.runtime.typeutils.ExternalSerializer;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.runtime.typeutils.PagedTypeSerializer;
import org.apache.flink.table.runtime.typeutils.SortedMapSerializer;
import org.apache.flink.table.runtime.typeutils.WindowKeySerializer;
import org.apache.flink.table.runtime.util.WindowKey;
import org.apache.flink.types.LongValue;
import org.apache.flink.types.NullValue;
import org.apache.flink.types.StringValue;
import org.apache.flink.types.bitmap.Bitmap;
import org.apache.flink.types.variant.Variant;
import org.apache.flink.util.TaggedUnion;

/**
 * Writes the serializers that Flink's own operators use, as {@link Vectors} does those of users' types. Values are shown as the
 * parts they were made of.
 */
public final class RuntimeVectors {
    private RuntimeVectors() {}

    private static final String LINKED = "org.apache.flink.table.runtime.sequencedmultisetstate.linked.";

    /** A value, and what is expected of it. */
    private record Sample(Object value, Object shown) {}

    public static void main(String[] arguments) throws Exception {
        StringSerializer text = StringSerializer.INSTANCE;
        LongSerializer number = LongSerializer.INSTANCE;
        write("union", new CoGroupedStreams.UnionSerializer<>(text, number),
                new Sample(TaggedUnion.one("abc"), Map.of("One", "abc")), new Sample(TaggedUnion.two(-1L), Map.of("Two", -1)));
        write("buffer-entry", new IntervalJoinOperator.BufferEntrySerializer<>(text),
                new Sample(new IntervalJoinOperator.BufferEntry<>("abc", true), fields("hasBeenJoined", true, "element", "abc")),
                new Sample(new IntervalJoinOperator.BufferEntry<>("", false), fields("hasBeenJoined", false, "element", "")));
        write("stream-element", new StreamElementSerializer<>(text),
                new Sample(new StreamRecord<>("abc", 7), Map.of("TimestampedRecord", fields("timestamp", 7, "value", "abc"))),
                new Sample(new StreamRecord<>("abc"), Map.of("Record", "abc")),
                new Sample(new Watermark(-5), Map.of("Watermark", -5)),
                new Sample(WatermarkStatus.IDLE, Map.of("WatermarkStatus", -1)));
        sinks(text, number);
        cep(text);
        sql(text, number);
        write("array-list", new ArrayListSerializer<>(text), new Sample(new java.util.ArrayList<>(List.of("a", "")), List.of("a", "")));
        write("set", new SetSerializer<>(text), new Sample(new java.util.LinkedHashSet<>(List.of("a", "")), List.of("a", "")));
        write("single-thread", new SingleThreadAccessCheckingTypeSerializer<>(text), new Sample("abc", "abc"));
        write("string-value", new StringValueSerializer(), new Sample(new StringValue(""), ""), new Sample(new StringValue("a\u00e9"), "a\u00e9"),
                new Sample(new StringValue("x".repeat(200)), "x".repeat(200)));
        write("null-value", new NullValueSerializer(), new Sample(NullValue.getInstance(), null));
        write("copyable-long", new CopyableValueSerializer<>(LongValue.class), new Sample(new LongValue(-2), -2));
        write("copyable-text", new CopyableValueSerializer<>(StringValue.class), new Sample(new StringValue("abc"), "abc"));
        write("bitmap", BitmapSerializer.INSTANCE, bitmap(), bitmap(1, 5, 100_000));
        Variant variant = Variant.newBuilder().object().add("k", Variant.newBuilder().of(5)).build();
        write("variant", VariantSerializer.INSTANCE, variant(variant), variant(Variant.newBuilder().ofNull()));
        write("java", new JavaSerializer<>(), java("abc", "java.lang.String"), java(7L, "java.lang.Long"),
                java(new java.util.ArrayList<>(List.of("a", 1)), "java.util.ArrayList"), java(new int[] {1, 2}, null));
    }

    private static void sinks(TypeSerializer<String> text, TypeSerializer<Long> number) throws IOException {
        var one = new TwoPhaseCommitSinkFunction.TransactionHolder<>("one", 1);
        var two = new TwoPhaseCommitSinkFunction.TransactionHolder<>("two", 2);
        Object first = fields("handle", "one", "transactionStartTime", 1);
        Object second = fields("handle", "two", "transactionStartTime", 2);
        for (boolean nulls : new boolean[] {false, true}) {
            var serializer = new TwoPhaseCommitSinkFunction.StateSerializer<>(text, number, nulls);
            var open = new Sample(new TwoPhaseCommitSinkFunction.State<>(one, List.of(two), Optional.of(3L)),
                    fields("pendingTransaction", first, "pendingCommitTransactions", List.of(second), "context", 3));
            var none = new Sample(new TwoPhaseCommitSinkFunction.State<String, Long>(nulls ? null : one, List.of(), Optional.empty()),
                    fields("pendingTransaction", nulls ? null : first, "pendingCommitTransactions", List.of(), "context", null));
            write(nulls ? "two-phase-commit-nulls" : "two-phase-commit", serializer, open, none);
        }
    }

    private static void cep(TypeSerializer<String> text) throws IOException {
        EventId event = new EventId(3, 1000);
        Object eventShown = fields("id", 3, "timestamp", 1000);
        NodeId node = new NodeId(event, "page");
        Object nodeShown = fields("eventId", eventShown, "pageName", "page");
        DeweyNumber version = DeweyNumber.fromString("1.0.2");
        List<Integer> versionShown = List.of(1, 0, 2);
        Object edgeShown = fields("target", nodeShown, "deweyNumber", versionShown);
        Object rootShown = fields("target", null, "deweyNumber", List.of(1));
        SharedBufferEdge edge = new SharedBufferEdge(node, version);
        SharedBufferEdge root = new SharedBufferEdge(null, new DeweyNumber(1));
        write("cep-event-id", EventId.EventIdSerializer.INSTANCE, new Sample(event, eventShown));
        write("cep-dewey-number", DeweyNumber.DeweyNumberSerializer.INSTANCE, new Sample(version, versionShown));
        write("cep-node-id", new NodeId.NodeIdSerializer(), new Sample(node, nodeShown), new Sample(null, null));
        write("cep-edge", new SharedBufferEdge.SharedBufferEdgeSerializer(), new Sample(edge, edgeShown), new Sample(root, rootShown));
        write("cep-lockable", new Lockable.LockableTypeSerializer<>(text), new Sample(new Lockable<>("abc", 2), fields("refCounter", 2, "element", "abc")));
        SharedBufferNode buffer = new SharedBufferNode();
        buffer.addEdge(edge);
        buffer.addEdge(root);
        write("cep-node", new SharedBufferNodeSerializer(),
                new Sample(buffer, List.of(fields("refCounter", 0, "element", edgeShown), fields("refCounter", 0, "element", rootShown))));
        var states = new PriorityQueue<ComputationState>(Comparator.comparing(ComputationState::getCurrentStateName));
        states.add(ComputationState.createStartState("begin"));
        var completed = new PriorityQueue<ComputationState>(Comparator.comparing(ComputationState::getCurrentStateName));
        completed.add(ComputationState.createState("end", node, version, 5, 6, event));
        Object begin = fields("currentStateName", "begin", "previousBufferEntry", null, "version", List.of(1), "startTimestamp", -1, "previousTimestamp", -1, "startEventID", null);
        Object end = fields("currentStateName", "end", "previousBufferEntry", nodeShown, "version", versionShown, "startTimestamp", 5, "previousTimestamp", 6, "startEventID", eventShown);
        write("cep-nfa", new NFAStateSerializer(),
                new Sample(new NFAState(states, completed), fields("partialMatches", List.of(begin), "completedMatches", List.of(end))));
        NFAStateSerializer old = (NFAStateSerializer) make("org.apache.flink.cep.nfa.NFAStateSerializer", DeweyNumber.DeweyNumberSerializer.INSTANCE,
                new NodeId.NodeIdSerializer(), EventId.EventIdSerializer.INSTANCE, false);
        Object oldEnd = fields("currentStateName", "end", "previousBufferEntry", nodeShown, "version", versionShown, "startTimestamp", 5, "startEventID", eventShown);
        write("cep-nfa-old", old, new Sample(new NFAState(new PriorityQueue<>(), completed), fields("partialMatches", List.of(), "completedMatches", List.of(oldEnd))));
    }

    @SuppressWarnings("unchecked")
    private static void sql(TypeSerializer<String> text, TypeSerializer<Long> number) throws IOException {
        var rows = (PagedTypeSerializer<RowData>) (TypeSerializer<?>) InternalTypeInfo.of(Tables.KEY).createSerializer(new SerializerConfigImpl());
        RowData row = Tables.key(1);
        write("window-key", new WindowKeySerializer(rows), new Sample(new WindowKey(1000, row), fields("window", 1000, "key", row)));
        write("null-aware-map", new NullAwareMapSerializer<>(text, number), map("a", 1L, null, 2L), map("b", null));
        write("null", NullSerializer.INSTANCE, new Sample(null, null));
        var sorted = new TreeMap<String, Long>(Map.of("a", 1L, "b", 2L));
        write("sorted-map", new SortedMapSerializer<>(Comparator.naturalOrder(), text, number), new Sample(sorted, sorted));
        write("external", ExternalSerializer.of(DataTypes.ARRAY(DataTypes.INT())), new Sample(new Integer[] {1, null, 3}, Arrays.asList(1, null, 3)));
        write("row-meta", serializer("MetaSqnInfoSerializer"), new Sample(make(LINKED + "MetaSqnInfo", 5L, 6L), fields("highSqn", 5, "size", 6)));
        write("row-numbers", serializer("RowSqnInfoSerializer"), new Sample(make(LINKED + "RowSqnInfo", 7L, 8L), fields("firstSqn", 7, "lastSqn", 8)));
        write("row-node", serializer("NodeSerializer", rows), new Sample(make(LINKED + "Node", row, 9L, null, 10L, null, 11L),
                fields("row", row, "seqNo", 9, "prevSeqNo", null, "nextSeqNo", 10, "nextSeqNoForRecord", null, "timestamp", 11)));
        RecordEqualiser equal = (left, right) -> left.equals(right);
        HashFunction hash = Object::hashCode;
        var compares = new GeneratedRecordEqualiser("Compares", "class Compares {}", new Object[0]);
        var hashes = new GeneratedHashFunction("Hashes", "class Hashes {}", new Object[0], new org.apache.flink.configuration.Configuration());
        write("row-key", serializer("RowDataKeySerializer", rows, equal, hash, compares, hashes),
                new Sample(make(LINKED + "RowDataKey", row, equal, hash), row));
    }

    private static TypeSerializer<?> serializer(String name, Object... arguments) {
        return (TypeSerializer<?>) make(LINKED + name, arguments);
    }

    private static Sample map(Object... entries) {
        Map<Object, Object> map = new java.util.HashMap<>();
        for (int i = 0; i < entries.length; i += 2) {
            map.put(entries[i], entries[i + 1]);
        }
        return new Sample(map, map);
    }

    private static Sample bitmap(int... numbers) {
        Bitmap bitmap = Bitmap.fromArray(numbers);
        return new Sample(bitmap, bitmap.toBytes());
    }

    private static Sample variant(Variant variant) {
        var binary = (org.apache.flink.types.variant.BinaryVariant) variant;
        return new Sample(variant, fields("value", binary.getValue(), "metadata", binary.getMetadata()));
    }

    private static Sample java(Object value, String name) throws IOException {
        return new Sample(value, fields("class", name, "bytes", org.apache.flink.util.InstantiationUtil.serializeObject(value)));
    }

    private static Json.Fields fields(Object... namesAndValues) {
        Json.Fields fields = new Json.Fields();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            fields.put((String) namesAndValues[i], namesAndValues[i + 1]);
        }
        return fields;
    }

    /** By whatever constructor takes so many arguments of these classes: some are not public. */
    private static Object make(String name, Object... arguments) {
        try {
            for (var constructor : Class.forName(name).getDeclaredConstructors()) {
                if (fits(constructor.getParameterTypes(), arguments)) {
                    constructor.setAccessible(true);
                    return constructor.newInstance(arguments);
                }
            }
            throw new IllegalArgumentException("no such constructor of " + name);
        } catch (ReflectiveOperationException error) {
            throw new IllegalArgumentException(name, error);
        }
    }

    private static boolean fits(Class<?>[] types, Object[] arguments) {
        if (types.length != arguments.length) {
            return false;
        }
        for (int i = 0; i < types.length; i++) {
            boolean boxed = types[i].isPrimitive() && arguments[i] != null;
            if (arguments[i] != null && !boxed && !types[i].isInstance(arguments[i])) {
                return false;
            }
        }
        return true;
    }

    @SuppressWarnings("unchecked")
    private static void write(String name, TypeSerializer<?> serializer, Sample... samples) throws IOException {
        StringBuilder values = new StringBuilder();
        for (Sample sample : samples) {
            String bytes = bytes(out -> ((TypeSerializer<Object>) serializer).serialize(sample.value(), out));
            values.append(values.isEmpty() ? "" : ",").append("{\"value\":").append(Json.of(sample.shown()))
                    .append(",\"hash\":null,\"bytes\":\"").append(bytes).append("\"}");
        }
        String snapshot = bytes(out -> TypeSerializerSnapshot.writeVersionedSnapshot(out, serializer.snapshotConfiguration()));
        System.out.println("{\"name\":\"" + name + "\",\"length\":" + serializer.getLength() + ",\"snapshot\":\"" + snapshot
                + "\",\"values\":[" + values + "]}");
    }

    private interface Writing {
        void to(DataOutputViewStreamWrapper out) throws IOException;
    }

    private static String bytes(Writing writing) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        writing.to(new DataOutputViewStreamWrapper(bytes));
        return Hex.of(bytes.toByteArray());
    }
}
