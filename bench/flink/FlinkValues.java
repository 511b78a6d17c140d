// Values in Flink's ValueState: of 8 bytes as Long, of more as byte[].

import java.time.Duration;
import java.util.Arrays;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.api.common.typeutils.base.array.BytePrimitiveArraySerializer;

abstract class FlinkValues<T> extends FlinkRows<ValueState<T>> implements Values {
    private FlinkValues(Surroundings surroundings, ValueStateDescriptor<T> descriptor) {
        super(surroundings, descriptor);
    }

    /** @param expiring whether values live for an hour since they were written */
    static FlinkValues<?> of(Surroundings surroundings, int bytes, boolean expiring) {
        return bytes == Long.BYTES ? new Longs(surroundings, expiring) : new Bytes(surroundings, bytes, expiring);
    }

    /** Whether a key's value is the one with this word 0, in every byte. */
    abstract boolean matches(long key, long word0) throws Exception;

    @Override
    public boolean isMissing(long key) throws Exception {
        backend.setCurrentKey(key);
        return state.value() == null;
    }

    /** Compares every key, and that there are no others. */
    void compareWith(Values.Model model) throws Exception {
        for (int key = 0; key < model.present.length; key++) {
            boolean matches = model.present[key] ? matches(key, model.word0[key]) : isMissing(key);
            if (!matches) {
                throw new Mismatch("the value of key " + key + " is not the one that was written last");
            }
        }
        Mismatch.unlessEqual("keys", keyCount(), model.keyCount());
    }

    private static <T> ValueStateDescriptor<T> expiring(ValueStateDescriptor<T> descriptor, boolean expiring) {
        if (expiring) {
            descriptor.enableTimeToLive(StateTtlConfig.newBuilder(Duration.ofHours(1))
                    .setUpdateType(StateTtlConfig.UpdateType.OnCreateAndWrite)
                    .setStateVisibility(StateTtlConfig.StateVisibility.NeverReturnExpired)
                    .build());
        }
        return descriptor;
    }

    private static final class Longs extends FlinkValues<Long> {
        Longs(Surroundings surroundings, boolean expiring) {
            super(surroundings, expiring(new ValueStateDescriptor<>("values", LongSerializer.INSTANCE), expiring));
        }

        @Override
        public long get(long key) throws Exception {
            backend.setCurrentKey(key);
            return state.value();
        }

        @Override
        public void set(long key, long count) throws Exception {
            backend.setCurrentKey(key);
            state.update(Data.word0(key, count));
        }

        @Override
        public void increment(long key) throws Exception {
            backend.setCurrentKey(key);
            state.update(state.value() + 1);
        }

        @Override
        boolean matches(long key, long word0) throws Exception {
            backend.setCurrentKey(key);
            Long found = state.value();
            return found != null && found == word0;
        }
    }

    private static final class Bytes extends FlinkValues<byte[]> {
        private final int bytes;

        Bytes(Surroundings surroundings, int bytes, boolean expiring) {
            super(surroundings, expiring(new ValueStateDescriptor<>("values", BytePrimitiveArraySerializer.INSTANCE), expiring));
            this.bytes = bytes;
        }

        @Override
        public long get(long key) throws Exception {
            backend.setCurrentKey(key);
            return Data.word(state.value(), 0);
        }

        @Override
        public void set(long key, long count) throws Exception {
            backend.setCurrentKey(key);
            state.update(Data.value(key, count, bytes));
        }

        @Override
        public void increment(long key) throws Exception {
            backend.setCurrentKey(key);
            // Flink lets its user change what it returned and write it back.
            byte[] value = state.value();
            Data.setWord(value, 0, Data.word(value, 0) + 1);
            state.update(value);
        }

        @Override
        boolean matches(long key, long word0) throws Exception {
            backend.setCurrentKey(key);
            return Arrays.equals(state.value(), Data.valueOfWord0(key, word0, bytes));
        }
    }
}
