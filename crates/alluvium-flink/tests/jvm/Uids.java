import java.nio.charset.StandardCharsets;

/** The id that Flink makes of an operator's uid: 128 bits of murmur3, by the Guava that this Flink brings along. */
final class Uids {
    private Uids() {}

    static String hash(String uid) {
        for (int version = 30; version < 60; version++) {
            String hashing = "org.apache.flink.shaded.guava" + version + ".com.google.common.hash.";
            try {
                Object function = Class.forName(hashing + "Hashing").getMethod("murmur3_128", int.class).invoke(null, 0);
                Object hash = Class.forName(hashing + "HashFunction").getMethod("hashBytes", byte[].class)
                        .invoke(function, (Object) uid.getBytes(StandardCharsets.UTF_8));
                return Hex.of((byte[]) Class.forName(hashing + "HashCode").getMethod("asBytes").invoke(hash));
            } catch (ClassNotFoundException error) {
                continue;
            } catch (ReflectiveOperationException error) {
                throw new IllegalStateException(error);
            }
        }
        throw new IllegalStateException("Flink brings no Guava along");
    }
}
