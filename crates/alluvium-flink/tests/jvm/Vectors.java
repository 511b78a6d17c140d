import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.core.memory.DataOutputViewStreamWrapper;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.runtime.state.ttl.TtlStateFactory;
import org.apache.flink.runtime.state.ttl.TtlValue;
import org.apache.flink.streaming.api.windowing.windows.GlobalWindow;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;

/**
 * Writes the serializers of all types of {@link Kinds} and some more as lines of JSON: the bytes of their snapshots, and values
 * with their bytes and what `hashCode()` says; `null` where it says what no other process would say.
 */
public final class Vectors {
    private Vectors() {}

    public static void main(String[] arguments) throws IOException {
        for (Kinds.Kind<?> kind : Kinds.all()) {
            write(kind);
        }
        write("account", TypeInformation.of(FixtureJob.Account.class), FixtureJob.Account::of);
        write("row-data-key", InternalTypeInfo.of(Tables.KEY), Tables::key);
        write("row-data", InternalTypeInfo.of(Tables.VALUE), Tables::value);
        write("time-window", new TimeWindow.Serializer(), n -> new TimeWindow(Kinds.number(n), Kinds.number(n + 1)));
        write("global-window", new GlobalWindow.Serializer(), n -> GlobalWindow.get());
        write("void-namespace", VoidNamespaceSerializer.INSTANCE, n -> VoidNamespace.INSTANCE);
        write("ttl", new TtlStateFactory.TtlSerializer<>(LongSerializer.INSTANCE, StringSerializer.INSTANCE),
                n -> new TtlValue<>(Kinds.text(n), Kinds.number(n)));
        write("tuple-key", Types.TUPLE(Types.STRING, Types.LONG), n -> org.apache.flink.api.java.tuple.Tuple2.of(Kinds.text(n), n));
    }

    private static <T> void write(Kinds.Kind<T> kind) throws IOException {
        write(kind.name(), kind.type(), kind.sample());
    }

    private static <T> void write(String name, TypeInformation<T> type, Operators.Numbered<T> sample) throws IOException {
        write(name, Versions.serializer(type), sample);
    }

    private static <T> void write(String name, TypeSerializer<T> serializer, Operators.Numbered<T> sample) throws IOException {
        List<String> values = new ArrayList<>();
        for (long n = 0; n < 10; n++) {
            T value = sample.of(n);
            String line = "{\"value\":" + Json.of(value) + ",\"hash\":" + hash(value) + ",\"bytes\":\""
                    + bytes(out -> serializer.serialize(value, out)) + "\"}";
            if (!values.contains(line)) {
                values.add(line);
            }
        }
        String snapshot = bytes(out -> TypeSerializerSnapshot.writeVersionedSnapshot(out, serializer.snapshotConfiguration()));
        System.out.println("{\"name\":\"" + name + "\",\"length\":" + serializer.getLength() + ",\"snapshot\":\"" + snapshot
                + "\",\"values\":[" + String.join(",", values) + "]}");
    }

    private interface Writing {
        void to(DataOutputViewStreamWrapper out) throws IOException;
    }

    private static String bytes(Writing writing) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        writing.to(new DataOutputViewStreamWrapper(bytes));
        return Hex.of(bytes.toByteArray());
    }

    /** Arrays, enums and TTL values hash by where they lie in memory. */
    private static String hash(Object value) {
        boolean identity = value == null || value instanceof TtlValue || holds(value);
        return identity ? "null" : String.valueOf(value.hashCode());
    }

    private static boolean holds(Object value) {
        if (value instanceof FixtureJob.Account || value.getClass().isArray()) {
            return true;
        }
        return value instanceof Enum<?>;
    }
}
