// The data of all benchmarks, equal in all languages: docs/design/0006-benchmarks.md defines it.
//
// Pure functions of numbers. All arithmetic wraps at 64 bits; words are little-endian.

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

final class Data {
    static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private static final VarHandle WORD =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private Data() {}

    /** SplitMix64's output for state {@code x}. */
    static long mix(long x) {
        x += GOLDEN;
        x = (x ^ (x >>> 30)) * 0xBF58476D1CE4E5B9L;
        x = (x ^ (x >>> 27)) * 0x94D049BB133111EBL;
        return x ^ (x >>> 31);
    }

    /** Word 0 of a value; all of it where values have 8 bytes. */
    static long word0(long key, long count) {
        return mix(key) + count;
    }

    /** The value of a key, of a number of bytes that is a multiple of 8. */
    static byte[] value(long key, long count, int bytes) {
        return valueOfWord0(key, word0(key, count), bytes);
    }

    /** The value of a key whose word 0 is known already. */
    static byte[] valueOfWord0(long key, long word0, int bytes) {
        byte[] value = new byte[bytes];
        setWord(value, 0, word0);
        long base = mix(key);
        for (int word = 1; word < bytes / 8; word++) {
            setWord(value, word, mix(base + word));
        }
        return value;
    }

    static long word(byte[] value, int word) {
        return (long) WORD.get(value, word * 8);
    }

    static void setWord(byte[] value, int word, long to) {
        WORD.set(value, word * 8, to);
    }

    /** An element of a key's list. */
    static long element(long key, long count) {
        return mix(key) + count;
    }

    /** An entry's value in a key's map. */
    static long entry(long key, long mapKey, long count) {
        return mix(mix(key) + mapKey) + count;
    }

    /** When the timer of a key is due. */
    static long due(long key) {
        return mix(key) >>> 34;
    }
}
