import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.ExecutionConfig;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.StreamStateHandle;

/** What the programs need that is not the same in all versions of Flink. */
final class Versions {
    private Versions() {}

    /** Settings by the names they have now, and what they were called before 1.20. */
    private static final Map<String, String> NAMES = new HashMap<>(Map.of(
            "state.backend.type", "state.backend",
            "restart-strategy.type", "restart-strategy",
            "execution.checkpointing.dir", "state.checkpoints.dir",
            "execution.checkpointing.incremental", "state.backend.incremental",
            "execution.checkpointing.data-inline-threshold", "state.storage.fs.memory-threshold",
            "state.changelog.enabled", "state.backend.changelog.enabled"));

    static void set(Configuration settings, String name, String value) {
        settings.setString(name, value);
        String before = NAMES.get(name);
        // Of two names Flink 1.20 and later take the first, and older ones know only the second.
        if (before != null) {
            settings.setString(before, value);
        }
    }

    /** A time to live, which was not a `Duration` before 1.20. */
    static StateTtlConfig.Builder ttl(Duration time) {
        return (StateTtlConfig.Builder) withTime(StateTtlConfig.class, "newBuilder", time, "org.apache.flink.api.common.time.Time");
    }

    /** An assigner of windows by one time, which was not a `Duration` before 2.0. */
    @SuppressWarnings("unchecked")
    static <T> T windows(Class<T> assigner, String method, Duration... times) {
        return (T) withTimes(assigner, method, times, "org.apache.flink.streaming.api.windowing.time.Time");
    }

    private static Object withTime(Class<?> owner, String method, Duration time, String before) {
        return withTimes(owner, method, new Duration[] {time}, before);
    }

    private static Object withTimes(Class<?> owner, String method, Duration[] times, String before) {
        try {
            Class<?>[] types = new Class<?>[times.length];
            java.util.Arrays.fill(types, Duration.class);
            try {
                return owner.getMethod(method, types).invoke(null, (Object[]) times);
            } catch (NoSuchMethodException error) {
                Class<?> old = Class.forName(before);
                Method milliseconds = old.getMethod("milliseconds", long.class);
                Object[] converted = new Object[times.length];
                for (int i = 0; i < times.length; i++) {
                    converted[i] = milliseconds.invoke(null, times[i].toMillis());
                }
                java.util.Arrays.fill(types, old);
                return owner.getMethod(method, types).invoke(null, converted);
            }
        } catch (InvocationTargetException error) {
            throw new IllegalStateException(error.getCause());
        } catch (ReflectiveOperationException error) {
            throw new IllegalStateException(error);
        }
    }

    /** The serializer of a type by default settings, which are of another class since 1.19. */
    @SuppressWarnings("unchecked")
    static <T> TypeSerializer<T> serializer(TypeInformation<T> type) {
        String config = "org.apache.flink.api.common.serialization.SerializerConfig";
        try {
            try {
                Object settings = Class.forName(config + "Impl").getConstructor().newInstance();
                return (TypeSerializer<T>) type.getClass().getMethod("createSerializer", Class.forName(config)).invoke(type, settings);
            } catch (ClassNotFoundException error) {
                Method made = type.getClass().getMethod("createSerializer", ExecutionConfig.class);
                return (TypeSerializer<T>) made.invoke(type, new ExecutionConfig());
            }
        } catch (ReflectiveOperationException error) {
            throw new IllegalStateException(error);
        }
    }

    /** What an incremental handle says of its states, by a method that had another name before 1.18. */
    static StreamStateHandle meta(IncrementalRemoteKeyedStateHandle handle) {
        try {
            Method found;
            try {
                found = handle.getClass().getMethod("getMetaDataStateHandle");
            } catch (NoSuchMethodException error) {
                found = handle.getClass().getMethod("getMetaStateHandle");
            }
            return (StreamStateHandle) found.invoke(handle);
        } catch (ReflectiveOperationException error) {
            throw new IllegalStateException(error);
        }
    }
}
