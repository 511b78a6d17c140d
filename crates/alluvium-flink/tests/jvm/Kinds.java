import java.io.Serializable;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.BasicArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.api.java.typeutils.EnumTypeInfo;
import org.apache.flink.api.java.typeutils.runtime.NullableSerializer;
import org.apache.flink.types.Either;
import org.apache.flink.types.Row;
import org.apache.flink.types.RowKind;

/** Types of values, each with some values: one state of the operator `kinds` each, and what {@link Vectors} writes. */
final class Kinds {
    private Kinds() {}

    /** A type, and its value number `n`; any number has one. */
    record Kind<T>(String name, TypeInformation<T> type, Operators.Numbered<T> sample) implements Serializable {}

    /** Constants that are written by their place in the list that the snapshot has. */
    public enum Color {
        RED,
        GREEN,
        BLUE
    }

    /** No POJO, for there is no constructor without parameters: Kryo's. */
    public static final class Opaque {
        private final String text;
        private final int number;

        public Opaque(String text, int number) {
            this.text = text;
            this.number = number;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Opaque it && it.text.equals(text) && it.number == number;
        }

        @Override
        public int hashCode() {
            return 31 * text.hashCode() + number;
        }

        @Override
        public String toString() {
            return "Opaque(" + text + "," + number + ")";
        }
    }

    /** A POJO with nested ones, and a field whose value may be of a class that extends the field's. */
    @Json.Shown
    public static class Order {
        public long id;
        public Line first;
        public Line second;
        public List<String> tags;
        public Map<String, Integer> counts;
        public Color color;

        public Order() {}

        @Override
        public int hashCode() {
            return Long.hashCode(id);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Order it && Json.of(it).equals(Json.of(this));
        }
    }

    /** A part of an {@link Order}. */
    @Json.Shown
    public static class Line {
        public String item;
        public short amount;

        public Line() {}
    }

    /** One with more fields than its field's class. */
    @Json.Shown
    public static class Discounted extends Line {
        public float discount;

        public Discounted() {}
    }

    static Order order(long n) {
        Order order = new Order();
        order.id = n;
        order.first = n % 4 == 0 ? null : new Line();
        if (order.first != null) {
            order.first.item = "item-" + n;
            order.first.amount = (short) (n * 1000);
        }
        if (n % 2 == 1) {
            Discounted discounted = new Discounted();
            discounted.item = "cheap";
            discounted.discount = n / 8f;
            order.second = discounted;
        }
        // Kryo, which reads this list where Flink is older than 2, needs one that can grow.
        order.tags = n % 3 == 0 ? null : new java.util.ArrayList<>(List.of("a", "b" + n));
        order.counts = new HashMap<>(Map.of("n", (int) n));
        order.color = Color.values()[(int) (n % 3)];
        return order;
    }

    private static final String[] TEXTS = {"", "abc", "\u00e9", "\u4e2d", "\ud83d\ude00", "a\0b", "x".repeat(200)};

    static String text(long n) {
        return TEXTS[(int) (n % TEXTS.length)];
    }

    private static final long[] LONGS = {0, 1, -1, 127, 128, -129, 1L << 31, Long.MAX_VALUE, Long.MIN_VALUE, 1_234_567_890_123L};

    static long number(long n) {
        return LONGS[(int) (n % LONGS.length)];
    }

    private static final double[] DOUBLES = {0.0, -0.0, 1.5, -1e300, Double.MIN_VALUE, Double.POSITIVE_INFINITY, Double.NaN, 0.1};

    private static final String[] INTEGERS =
            {"0", "1", "10", "-1", "255", "-32768", "123456789012345678901234567890", "-99999999999999999999"};

    private static BigInteger integer(long n) {
        return new BigInteger(INTEGERS[(int) (n % INTEGERS.length)]);
    }

    private static Instant instant(long n) {
        return Instant.ofEpochSecond(number(n) % 100_000_000_000L, Math.abs(number(n) % 1_000_000_000L));
    }

    private static LocalDate date(long n) {
        return LocalDate.ofEpochDay(number(n) % 1_000_000);
    }

    private static LocalTime time(long n) {
        return LocalTime.ofNanoOfDay(Math.abs(number(n) % 86_400_000_000_000L));
    }

    private static <T> Kind<T> kind(String name, TypeInformation<T> type, Operators.Numbered<T> sample) {
        return new Kind<>(name, type, sample);
    }

    static List<Kind<?>> all() {
        return List.of(
                kind("string", Types.STRING, Kinds::text),
                kind("long", Types.LONG, Kinds::number),
                kind("int", Types.INT, n -> (int) number(n)),
                kind("short", Types.SHORT, n -> (short) number(n)),
                kind("byte", Types.BYTE, n -> (byte) number(n)),
                kind("char", Types.CHAR, n -> (char) ('A' + n * 300)),
                kind("float", Types.FLOAT, n -> (float) DOUBLES[(int) (n % DOUBLES.length)]),
                kind("double", Types.DOUBLE, n -> DOUBLES[(int) (n % DOUBLES.length)]),
                kind("boolean", Types.BOOLEAN, n -> n % 2 == 1),
                kind("big-integer", Types.BIG_INT, Kinds::integer),
                kind("big-decimal", Types.BIG_DEC, n -> new BigDecimal(integer(n), (int) (n % 5) - 1)),
                kind("instant", Types.INSTANT, Kinds::instant),
                kind("local-date", Types.LOCAL_DATE, Kinds::date),
                kind("local-time", Types.LOCAL_TIME, Kinds::time),
                kind("local-date-time", Types.LOCAL_DATE_TIME, n -> LocalDateTime.of(date(n), time(n))),
                kind("sql-date", Types.SQL_DATE, n -> new java.sql.Date(number(n) % 10_000_000_000_000L)),
                kind("sql-timestamp", Types.SQL_TIMESTAMP, n -> java.sql.Timestamp.from(instant(n))),
                kind("bytes", PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO, n -> text(n).getBytes(java.nio.charset.StandardCharsets.UTF_8)),
                kind("ints", PrimitiveArrayTypeInfo.INT_PRIMITIVE_ARRAY_TYPE_INFO, n -> new int[] {(int) n, -1}),
                kind("longs", PrimitiveArrayTypeInfo.LONG_PRIMITIVE_ARRAY_TYPE_INFO, n -> new long[(int) (n % 3)]),
                kind("doubles", PrimitiveArrayTypeInfo.DOUBLE_PRIMITIVE_ARRAY_TYPE_INFO, n -> new double[] {n / 4.0}),
                kind("booleans", PrimitiveArrayTypeInfo.BOOLEAN_PRIMITIVE_ARRAY_TYPE_INFO, n -> new boolean[] {true, n % 2 == 0}),
                kind("strings", BasicArrayTypeInfo.STRING_ARRAY_TYPE_INFO, n -> n % 3 == 0 ? new String[] {"a", null} : new String[] {text(n)}),
                kind("objects", Types.OBJECT_ARRAY(Types.TUPLE(Types.INT, Types.STRING)), n -> tuples(n)),
                kind("enum", new EnumTypeInfo<>(Color.class), n -> Color.values()[(int) (n % 3)]),
                kind("either", Types.EITHER(Types.STRING, Types.LONG), n -> n % 2 == 0 ? Either.Left(text(n)) : Either.Right(number(n))),
                kind("list", Types.LIST(Types.LIST(Types.INT)), n -> n % 4 == 0 ? List.of() : List.of(List.of((int) n), List.of())),
                kind("map", Types.MAP(Types.INT, Types.MAP(Types.STRING, Types.LONG)), n -> nested(n)),
                kind("tuple", Types.TUPLE(Types.STRING, Types.TUPLE(Types.INT, Types.BOOLEAN), Types.LIST(Types.LONG)),
                        n -> Tuple3.of(text(n), Tuple2.of((int) n, n % 2 == 0), List.of(number(n), n))),
                kind("row", Types.ROW(Types.INT, Types.STRING, Types.DOUBLE), n -> row(n)),
                kind("row-named", Types.ROW_NAMED(new String[] {"id", "name", "inner"}, Types.LONG, Types.STRING, Types.ROW(Types.INT)),
                        n -> Row.of(n, n % 2 == 0 ? null : text(n), Row.of((int) n))),
                kind("nullable", RecordedType.of(NullableSerializer.wrap(LongSerializer.INSTANCE, false)), n -> n % 2 == 0 ? null : number(n)),
                kind("nullable-padded", RecordedType.of(NullableSerializer.wrap(LongSerializer.INSTANCE, true)), n -> n % 2 == 0 ? null : number(n)),
                kind("pojo", TypeInformation.of(Order.class), Kinds::order),
                kind("kryo", Types.GENERIC(Opaque.class), n -> new Opaque(text(n), (int) n)));
    }

    @SuppressWarnings("unchecked")
    private static Tuple2<Integer, String>[] tuples(long n) {
        return new Tuple2[] {Tuple2.of((int) n, "t"), n % 2 == 0 ? null : Tuple2.of(0, "")};
    }

    private static Map<Integer, Map<String, Long>> nested(long n) {
        Map<Integer, Map<String, Long>> map = new HashMap<>();
        map.put((int) n, new HashMap<>(Map.of("a", n)));
        map.put(-1, n % 2 == 0 ? null : new HashMap<>());
        return map;
    }

    private static Row row(long n) {
        Row row = Row.of((int) n, n % 2 == 0 ? null : text(n), n / 2.0);
        row.setKind(RowKind.fromByteValue((byte) (n % 4)));
        return row;
    }

    static Operators.Operator operator() {
        long keys = Operators.keys;
        var operator = new Operators.Operator("kinds", Types.STRING, n -> "key-" + n % keys);
        for (Kind<?> kind : all()) {
            add(operator, kind);
        }
        operator.with(new ListStateDescriptor<>("list-tuple", Types.TUPLE(Types.STRING, Types.LONG)),
                (state, n) -> state.add(Tuple2.of("," + text(n), n)));
        operator.with(new ListStateDescriptor<>("list-big-integer", Types.BIG_INT), (state, n) -> state.add(integer(n)));
        operator.with(new MapStateDescriptor<>("map-enum", new EnumTypeInfo<>(Color.class), Types.LIST(Types.STRING)),
                (state, n) -> state.put(Color.values()[(int) (n % 3)], List.of(text(n), "y")));
        operator.with(new MapStateDescriptor<>("map-null", Types.LONG, Types.STRING), (state, n) -> state.put(n, n % 2 == 0 ? null : text(n)));
        return operator;
    }

    /** Some of them, for snapshots that are large for each state. */
    static Operators.Operator few() {
        long keys = Operators.keys;
        var operator = new Operators.Operator("few-kinds", Types.INT, n -> (int) (n % keys) - 2);
        for (Kind<?> kind : all()) {
            if (List.of("row", "either", "nullable", "strings", "big-decimal", "pojo").contains(kind.name())) {
                add(operator, kind);
            }
        }
        return operator.with(new ListStateDescriptor<>("list-tuple", Types.TUPLE(Types.STRING, Types.LONG)),
                (state, n) -> state.add(Tuple2.of("," + text(n), n)));
    }

    private static <T> void add(Operators.Operator operator, Kind<T> kind) {
        var sample = kind.sample();
        operator.with(new ValueStateDescriptor<>(kind.name(), kind.type()), (ValueState<T> state, long n) -> state.update(sample.of(n)));
    }
}
