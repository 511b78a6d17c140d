/** Bytes as hexadecimal digits. */
final class Hex {
    private Hex() {}

    static String of(byte[] bytes) {
        StringBuilder out = new StringBuilder();
        for (byte one : bytes) {
            out.append(String.format("%02x", one));
        }
        return out.toString();
    }
}
