import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.state.AggregatingStateDescriptor;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ReducingStateDescriptor;
import org.apache.flink.api.common.state.State;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeHint;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.api.java.typeutils.runtime.TupleSerializer;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;

/**
 * The operators of the fixtures by their uids: their keys, and their states as their jobs declare them.
 *
 * A state that is restored is opened with these declarations, so that Flink compares its serializers with what the snapshot
 * recorded, as it does for a job of its own.
 */
final class Operators {
    private Operators() {}

    /** What event or key number `n` has; an operator can carry it along. */
    interface Numbered<T> extends Serializable {
        T of(long n);
    }

    /** How event `n` changes a state. */
    interface Change<S> extends Serializable {
        void apply(S state, long n) throws Exception;
    }

    /** A state, its namespaces, and what an event does to it; `change` is null where a job of Flink's own operators writes. */
    @SuppressWarnings("rawtypes")
    record Declared(StateDescriptor descriptor, TypeSerializer namespace, Numbered<?> namespaceOf, Change change)
            implements Serializable {}

    /** Timers of an operator. */
    record Timers(String service, TypeSerializer<?> namespace) implements Serializable {}

    /** An operator. */
    static final class Operator implements Serializable {
        private static final long serialVersionUID = 1;
        final String uid;
        final TypeInformation<?> keyType;
        final Numbered<?> keyOf;
        final List<Declared> states = new ArrayList<>();
        Timers timers = new Timers("user-timers", VoidNamespaceSerializer.INSTANCE);
        Change<TimerTarget> timerChange;

        Operator(String uid, TypeInformation<?> keyType, Numbered<?> keyOf) {
            this.uid = uid;
            this.keyType = keyType;
            this.keyOf = keyOf;
        }

        <S extends State> Operator with(StateDescriptor<S, ?> descriptor, Change<S> change) {
            states.add(new Declared(descriptor, VoidNamespaceSerializer.INSTANCE, null, change));
            return this;
        }

        <S extends State, N> Operator with(
                StateDescriptor<S, ?> descriptor, TypeSerializer<N> namespace, Numbered<N> namespaceOf, Change<S> change) {
            states.add(new Declared(descriptor, namespace, namespaceOf, change));
            return this;
        }

        Operator timers(Change<TimerTarget> change) {
            timerChange = change;
            return this;
        }
    }

    /** Where an event's timers go. */
    interface TimerTarget {
        void event(long time);

        void processing(long time);
    }

    static final StateTtlConfig TTL = Versions.ttl(Duration.ofDays(36_500)).build();

    /** How many keys the events of a fixture have; set before its job is built. */
    static long keys = 20;

    /** Milliseconds that each event takes: with many of them, events are in flight when a snapshot begins. */
    static volatile long pause;

    static List<Operator> all() {
        List<Operator> all = new ArrayList<>(List.of(
                keyedAll(), tumblingAgg(), tumblingList(), sessionAgg(), longKeys(), tupleKeys(), pairKeys(), namespaces()));
        all.add(Kinds.operator());
        all.add(Kinds.few());
        all.add(Tables.operator());
        return all;
    }

    /** The awkward keys first. */
    static String textKey(long number) {
        return switch ((int) number) {
            case 0 -> "";
            case 1 -> "\u043a\u043b\u044e\u0447-\u00fc-\u6f22\u5b57-\ud83d\ude00";
            case 2 -> "abcdefghijklmnopqrstuvwxyz".repeat(12).substring(0, 300);
            case 3 -> "with\0nul\nand\ttab";
            default -> String.format("key-%04d", number);
        };
    }

    private static Numbered<String> textKeys() {
        long keys = Operators.keys;
        return n -> textKey(n % keys);
    }

    static Operator keyedAll() {
        var value = new ValueStateDescriptor<>("value-long", Types.LONG);
        var list = new ListStateDescriptor<>("list-string", Types.STRING);
        var map = new MapStateDescriptor<>("map-string-long", Types.STRING, Types.LONG);
        var reducing = new ReducingStateDescriptor<Long>("reducing-sum", Long::sum, Types.LONG);
        var aggregating = new AggregatingStateDescriptor<>("aggregating-avg", new Average(), Types.TUPLE(Types.LONG, Types.LONG));
        var pojo = new ValueStateDescriptor<>("pojo-account", TypeInformation.of(FixtureJob.Account.class));
        var ttlValue = new ValueStateDescriptor<>("ttl-value", Types.LONG);
        var ttlList = new ListStateDescriptor<>("ttl-list", Types.STRING);
        var ttlMap = new MapStateDescriptor<>("ttl-map", Types.STRING, Types.LONG);
        ttlValue.enableTimeToLive(TTL);
        ttlList.enableTimeToLive(TTL);
        ttlMap.enableTimeToLive(TTL);
        return new Operator("keyed-all", Types.STRING, textKeys())
                .with(value, (state, n) -> state.update(n))
                .with(list, (state, n) -> state.add("e" + n))
                .with(map, (state, n) -> state.put("k" + n % 3, n))
                .with(reducing, (state, n) -> state.add(n))
                .with(aggregating, (state, n) -> state.add(n))
                .with(pojo, (state, n) -> state.update(FixtureJob.Account.of(n)))
                .with(ttlValue, (state, n) -> state.update(n))
                .with(ttlList, (state, n) -> state.add("t" + n))
                .with(ttlMap, (state, n) -> state.put("m" + n % 2, n))
                .timers((timers, n) -> {
                    timers.event(10_000_000 + n * 1000);
                    timers.processing(4_102_444_800_000L + n);
                });
    }

    /** Sum and number of what was added; shown as it is kept. */
    static final class Average implements AggregateFunction<Long, Tuple2<Long, Long>, Tuple2<Long, Long>> {
        private static final long serialVersionUID = 1;

        @Override
        public Tuple2<Long, Long> createAccumulator() {
            return Tuple2.of(0L, 0L);
        }

        @Override
        public Tuple2<Long, Long> add(Long value, Tuple2<Long, Long> sum) {
            return Tuple2.of(sum.f0 + value, sum.f1 + 1);
        }

        @Override
        public Tuple2<Long, Long> getResult(Tuple2<Long, Long> sum) {
            return sum;
        }

        @Override
        public Tuple2<Long, Long> merge(Tuple2<Long, Long> left, Tuple2<Long, Long> right) {
            return Tuple2.of(left.f0 + right.f0, left.f1 + right.f1);
        }
    }

    /** How many there were. */
    static final class Count<T> implements AggregateFunction<T, Long, Long> {
        private static final long serialVersionUID = 1;

        @Override
        public Long createAccumulator() {
            return 0L;
        }

        @Override
        public Long add(T value, Long count) {
            return count + 1;
        }

        @Override
        public Long getResult(Long count) {
            return count;
        }

        @Override
        public Long merge(Long left, Long right) {
            return left + right;
        }
    }

    private static Operator windowed(String uid, StateDescriptor<?, ?> contents) {
        Operator operator = new Operator(uid, Types.STRING, textKeys());
        operator.states.add(new Declared(contents, new TimeWindow.Serializer(), null, null));
        operator.timers = new Timers("window-timers", new TimeWindow.Serializer());
        return operator;
    }

    private static Operator tumblingAgg() {
        return windowed("tumbling-agg", new AggregatingStateDescriptor<>("window-contents", new Count<>(), Types.LONG));
    }

    private static Operator tumblingList() {
        TypeInformation<Tuple3<String, Long, Integer>> element = TypeInformation.of(new TypeHint<>() {});
        return windowed("tumbling-list", new ListStateDescriptor<>("window-contents", element));
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static Operator sessionAgg() {
        Operator operator = windowed("session-agg", new AggregatingStateDescriptor<>("window-contents", new Count<>(), Types.LONG));
        TypeSerializer<TimeWindow> window = new TimeWindow.Serializer();
        var pair = new TupleSerializer(Tuple2.class, new TypeSerializer[] {window, window});
        var merging = new ListStateDescriptor<Object>("merging-window-set", pair);
        operator.states.add(new Declared(merging, VoidNamespaceSerializer.INSTANCE, null, null));
        return operator;
    }

    private static Operator longKeys() {
        long keys = Operators.keys;
        return new Operator("long-keys", Types.LONG, n -> (n % keys - keys / 2) * 1_000_000_007L)
                .with(new ValueStateDescriptor<>("value", Types.STRING), (state, n) -> state.update("v" + n))
                .with(new ListStateDescriptor<>("list", Types.INT), (state, n) -> state.add((int) n * 44))
                .with(new MapStateDescriptor<>("map", Types.INT, Types.STRING), (state, n) -> state.put((int) n % 7 - 3, "m" + n))
                .timers((timers, n) -> timers.event(n - 10));
    }

    private static Operator tupleKeys() {
        long keys = Operators.keys;
        return new Operator("tuple-keys", Types.TUPLE(Types.STRING, Types.LONG), n -> Tuple2.of(textKey(n % keys), n % keys))
                .with(new ValueStateDescriptor<>("value", Types.LONG), (state, n) -> state.update(n))
                .with(new MapStateDescriptor<>("map", Types.STRING, Types.LONG), (state, n) -> state.put("k" + n % 3, n));
    }

    /** Keys of a fixed length. */
    private static Operator pairKeys() {
        long keys = Operators.keys;
        return new Operator("pair-keys", Types.TUPLE(Types.INT, Types.LONG), n -> Tuple2.of((int) (n % keys) - 3, -n % keys))
                .with(new ValueStateDescriptor<>("value", Types.LONG), (state, n) -> state.update(n))
                .with(new ListStateDescriptor<>("list", Types.STRING), (state, n) -> state.add("a,b" + n));
    }

    /** Namespaces of an operator's own: of texts, whose composite keys tell lengths, and of numbers. */
    private static Operator namespaces() {
        var text = org.apache.flink.api.common.typeutils.base.StringSerializer.INSTANCE;
        return new Operator("namespaces", Types.STRING, textKeys())
                .with(new ValueStateDescriptor<>("value-text", Types.LONG), text, n -> "n\u00e4-" + n % 2, (state, n) -> state.update(n))
                .with(new ListStateDescriptor<>("list-text", Types.LONG), text, n -> "x".repeat((int) (n % 200)), (state, n) -> state.add(n))
                .with(new MapStateDescriptor<>("map-text", Types.STRING, Types.LONG), text, n -> "", (state, n) -> state.put("k" + n, n))
                .with(new ValueStateDescriptor<>("value-number", Types.LONG), LongSerializer.INSTANCE, n -> -n, (state, n) -> state.update(n));
    }
}
