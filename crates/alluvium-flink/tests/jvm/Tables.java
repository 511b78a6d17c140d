import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.GenericArrayData;
import org.apache.flink.table.data.GenericMapData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.data.ArrayData;
import org.apache.flink.table.data.MapData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.runtime.typeutils.RowDataSerializer;
import org.apache.flink.table.types.logical.ArrayType;
import org.apache.flink.table.types.logical.BigIntType;
import org.apache.flink.table.types.logical.BooleanType;
import org.apache.flink.table.types.logical.DateType;
import org.apache.flink.table.types.logical.DecimalType;
import org.apache.flink.table.types.logical.DoubleType;
import org.apache.flink.table.types.logical.IntType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.MapType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.TimestampType;
import org.apache.flink.table.types.logical.VarBinaryType;
import org.apache.flink.table.types.logical.VarCharType;

/** Rows as operators of Flink's SQL keep them: keys and values are `RowData`, with types that only the snapshot tells. */
final class Tables {
    private Tables() {}

    /** Keys. */
    static final RowType KEY = RowType.of(
            new LogicalType[] {new BigIntType(false), new VarCharType(20)}, new String[] {"user_id", "region"});

    /** Values: of all the ways that a field can lie in a row. */
    static final RowType VALUE = RowType.of(
            new LogicalType[] {
                new IntType(), new VarCharType(VarCharType.MAX_LENGTH), new DecimalType(10, 2), new DecimalType(30, 5),
                new TimestampType(3), new TimestampType(9), new BooleanType(), new DoubleType(), new DateType(),
                new VarBinaryType(VarBinaryType.MAX_LENGTH), new ArrayType(new IntType()),
                new MapType(new VarCharType(false, 10), new BigIntType()),
                RowType.of(new LogicalType[] {new IntType(), new VarCharType(10)}, new String[] {"a", "b"}),
            },
            new String[] {
                "id", "name", "price", "total", "at", "precisely", "ok", "score", "day", "raw", "numbers", "counts", "inner",
            });

    static RowData key(long n) {
        return new RowDataSerializer(KEY)
                .toBinaryRow(GenericRowData.of(n * 1000, StringData.fromString(n % 3 == 0 ? "eu" : "a-long-region-" + n)))
                .copy();
    }

    static RowData value(long n) {
        boolean some = n % 4 != 3;
        return GenericRowData.of(
                (int) n,
                some ? StringData.fromString(Kinds.text(n)) : null,
                DecimalData.fromBigDecimal(new BigDecimal(n + ".25"), 10, 2),
                some ? DecimalData.fromBigDecimal(new BigDecimal("12345678901234567890." + n), 30, 5) : null,
                TimestampData.fromEpochMillis(1_700_000_000_000L + n),
                some ? TimestampData.fromEpochMillis(1_700_000_000_000L + n, 123_456) : null,
                n % 2 == 0,
                n / 8.0,
                (int) (19_000 + n),
                some ? new byte[] {1, 2, (byte) n} : null,
                some ? new GenericArrayData(new Integer[] {(int) n, null, -1}) : null,
                some ? new GenericMapData(Map.of(StringData.fromString("k" + n), n)) : null,
                GenericRowData.of((int) n, StringData.fromString("in")));
    }

    /** The fields of one of the rows above. */
    static Json.Fields fields(RowData row) {
        return fields(row, row.getArity() == KEY.getFieldCount() ? KEY : VALUE);
    }

    private static Json.Fields fields(RowData row, RowType type) {
        Json.Fields fields = new Json.Fields();
        for (int i = 0; i < type.getFieldCount(); i++) {
            LogicalType field = type.getTypeAt(i);
            fields.put(type.getFieldNames().get(i), show(RowData.createFieldGetter(field, i).getFieldOrNull(row), field));
        }
        return fields;
    }

    private static Object show(Object value, LogicalType type) {
        if (value == null) {
            return null;
        }
        return switch (type.getTypeRoot()) {
            case ROW -> fields((RowData) value, (RowType) type);
            case ARRAY -> elements((ArrayData) value, ((ArrayType) type).getElementType());
            case MAP -> {
                MapData map = (MapData) value;
                List<Object> keys = elements(map.keyArray(), ((MapType) type).getKeyType());
                List<Object> values = elements(map.valueArray(), ((MapType) type).getValueType());
                Map<Object, Object> shown = new LinkedHashMap<>();
                for (int i = 0; i < keys.size(); i++) {
                    shown.put(keys.get(i), values.get(i));
                }
                yield shown;
            }
            case DATE -> java.time.LocalDate.ofEpochDay((int) value).toString();
            case VARCHAR -> value.toString();
            default -> value; // Text, or what Json knows.
        };
    }

    private static List<Object> elements(ArrayData array, LogicalType type) {
        ArrayData.ElementGetter getter = ArrayData.createElementGetter(type);
        List<Object> shown = new ArrayList<>();
        for (int i = 0; i < array.size(); i++) {
            shown.add(show(getter.getElementOrNull(array, i), type));
        }
        return shown;
    }

    static Operators.Operator operator() {
        long keys = Operators.keys;
        var operator = new Operators.Operator("table-rows", InternalTypeInfo.of(KEY), n -> key(n % keys));
        return operator
                .with(new ValueStateDescriptor<>("accumulators", InternalTypeInfo.of(VALUE)), (state, n) -> state.update(value(n)))
                .with(new ListStateDescriptor<>("rows", InternalTypeInfo.of(VALUE)), (state, n) -> state.add(value(n)))
                .with(new MapStateDescriptor<>("left-records", InternalTypeInfo.of(KEY), Types.INT), (state, n) -> state.put(key(n), (int) n));
    }
}
