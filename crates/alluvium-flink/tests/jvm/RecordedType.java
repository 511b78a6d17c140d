import org.apache.flink.api.common.ExecutionConfig;
import org.apache.flink.api.common.serialization.SerializerConfig;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;

/** A type of which only the serializer is known: one that a snapshot recorded, or one without a type of its own. */
final class RecordedType<T> extends TypeInformation<T> {
    private static final long serialVersionUID = 1;
    private final TypeSerializer<T> serializer;

    private RecordedType(TypeSerializer<T> serializer) {
        this.serializer = serializer;
    }

    static <T> TypeInformation<T> of(TypeSerializer<T> serializer) {
        return new RecordedType<>(serializer);
    }

    /** Flink 2. */
    public TypeSerializer<T> createSerializer(SerializerConfig config) {
        return serializer;
    }

    /** Flink 1. */
    @SuppressWarnings("deprecation")
    public TypeSerializer<T> createSerializer(ExecutionConfig config) {
        return serializer;
    }

    @Override
    public boolean isBasicType() {
        return false;
    }

    @Override
    public boolean isTupleType() {
        return false;
    }

    @Override
    public int getArity() {
        return 1;
    }

    @Override
    public int getTotalFields() {
        return 1;
    }

    @Override
    @SuppressWarnings("unchecked")
    public Class<T> getTypeClass() {
        return (Class<T>) Object.class;
    }

    @Override
    public boolean isKeyType() {
        return true;
    }

    @Override
    public boolean canEqual(Object other) {
        return other instanceof RecordedType<?>;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RecordedType<?> type && type.serializer.equals(serializer);
    }

    @Override
    public int hashCode() {
        return serializer.hashCode();
    }

    @Override
    public String toString() {
        return "recorded " + serializer;
    }
}
