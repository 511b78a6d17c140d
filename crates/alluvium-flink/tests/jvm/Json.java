import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.api.java.tuple.Tuple;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.ttl.TtlValue;
import org.apache.flink.streaming.api.windowing.windows.GlobalWindow;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.table.data.ArrayData;
import org.apache.flink.table.data.MapData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.types.Either;
import org.apache.flink.types.Row;

/** Values of states as JSON, in ASCII, one text for one value: what `data/flink/README.md` calls the expected lines. */
final class Json {
    /** Whether values with a time to live show when they were used last. */
    static boolean timestamps;

    private Json() {}

    static String of(Object value) {
        StringBuilder out = new StringBuilder();
        write(out, value);
        return out.toString();
    }

    private static void write(StringBuilder out, Object value) {
        if (value == null || value instanceof VoidNamespace) {
            out.append("null");
        } else if (value instanceof Float || value instanceof Double) {
            double number = ((Number) value).doubleValue();
            boolean finite = !Double.isNaN(number) && !Double.isInfinite(number);
            out.append(finite ? value.toString() : '"' + value.toString() + '"');
        } else if (value instanceof BigInteger || value instanceof BigDecimal) {
            text(out, value.toString());
        } else if (value instanceof Number || value instanceof Boolean) {
            out.append(value);
        } else if (value instanceof byte[] bytes) {
            text(out, "0x" + Hex.of(bytes));
        } else if (value.getClass().isArray()) {
            List<Object> items = new ArrayList<>();
            for (int i = 0; i < java.lang.reflect.Array.getLength(value); i++) {
                items.add(java.lang.reflect.Array.get(value, i));
            }
            write(out, items);
        } else if (value instanceof Iterable<?> items) {
            char separator = '[';
            for (Object item : items) {
                out.append(separator);
                write(out, item);
                separator = ',';
            }
            out.append(separator == '[' ? "[]" : "]");
        } else if (value instanceof Fields fields) {
            object(out, named(fields));
        } else if (value instanceof Map<?, ?> map) {
            TreeMap<String, Object> sorted = new TreeMap<>();
            map.forEach((key, item) -> sorted.put(mapKey(of(key)), item));
            object(out, sorted);
        } else if (value instanceof Tuple tuple) {
            List<Object> items = new ArrayList<>();
            for (int i = 0; i < tuple.getArity(); i++) {
                items.add(tuple.getField(i));
            }
            write(out, items);
        } else if (value instanceof TimeWindow window) {
            write(out, List.of(window.getStart(), window.getEnd()));
        } else if (value instanceof GlobalWindow) {
            text(out, "global");
        } else if (value instanceof Row row) {
            // By place even where the job has names: a snapshot does not tell them.
            List<Object> items = new ArrayList<>();
            for (int i = 0; i < row.getArity(); i++) {
                items.add(row.getField(i));
            }
            write(out, items);
        } else if (value instanceof Either<?, ?> either) {
            Object item = either.isLeft() ? either.left() : either.right();
            write(out, java.util.Collections.singletonMap(either.isLeft() ? "Left" : "Right", item));
        } else if (value instanceof TtlValue<?> ttl) {
            if (timestamps) {
                Fields shown = new Fields();
                shown.put("value", ttl.getUserValue());
                shown.put("timestamp", ttl.getLastAccessTimestamp());
                write(out, shown);
            } else {
                write(out, ttl.getUserValue());
            }
        } else if (value instanceof RowData row) {
            write(out, Tables.fields(row));
        } else if (value instanceof ArrayData || value instanceof MapData) {
            throw new IllegalArgumentException("no type is known of " + value.getClass());
        } else if (value.getClass().isAnnotationPresent(Shown.class)) {
            write(out, pojo(value));
        } else {
            text(out, value.toString());
        }
    }

    /** Names and values in an order of their own, unlike entries of a map, which are sorted. */
    static final class Fields extends java.util.LinkedHashMap<String, Object> {
        private static final long serialVersionUID = 1;
    }

    /** Marks a class whose public fields are shown, in the order of the source. */
    @java.lang.annotation.Retention(java.lang.annotation.RetentionPolicy.RUNTIME)
    @interface Shown {}

    private static Fields pojo(Object value) {
        Fields fields = new Fields();
        try {
            for (Field field : value.getClass().getFields()) {
                if (!Modifier.isStatic(field.getModifiers())) {
                    fields.put(field.getName(), field.get(value));
                }
            }
        } catch (IllegalAccessException error) {
            throw new IllegalArgumentException(error);
        }
        return fields;
    }

    private static Map<String, Object> named(Fields fields) {
        Map<String, Object> keys = new java.util.LinkedHashMap<>();
        fields.forEach((name, value) -> keys.put(of(name), value));
        return keys;
    }

    /** A key that is no text is the text of its JSON. */
    private static String mapKey(String json) {
        return json.startsWith("\"") ? json : of(json);
    }

    /** Keys are texts in their quotes. */
    private static void object(StringBuilder out, Map<String, ?> fields) {
        char separator = '{';
        for (Map.Entry<String, ?> field : fields.entrySet()) {
            out.append(separator).append(field.getKey()).append(':');
            write(out, field.getValue());
            separator = ',';
        }
        out.append(separator == '{' ? "{}" : "}");
    }

    static void text(StringBuilder out, String text) {
        out.append('"');
        for (char unit : text.toCharArray()) {
            if (unit == '"' || unit == '\\') {
                out.append('\\').append(unit);
            } else if (unit < 0x20 || unit > 0x7E) {
                out.append(String.format("\\u%04x", (int) unit));
            } else {
                out.append(unit);
            }
        }
        out.append('"');
    }
}
