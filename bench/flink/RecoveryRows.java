// The rows of the recovery and savepoint benchmarks: 96-byte keys and 128-byte values, computed from their numbers.
//
// Rows and their changes are those of Alluvium's own recovery benchmark: all rows first, then before each of three more
// checkpoints one row in twenty, chosen by a hash of the number.

import java.util.Arrays;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;

final class RecoveryRows {
    static final int KEY_BYTES = 96;
    static final int VALUE_BYTES = 128;
    /** Checkpoints that a job takes. */
    static final int STAGES = 4;

    /** Keeps the words of keys apart from those of values, as they would compress each other. */
    private static final long KEY_WORDS = 1L << 32;
    private static final long CHANGES_SEED = 0x5EED0FC4A2L;

    final int count;
    /** Row numbers in the order of their key groups, and where each group begins. */
    private final int[] numbers;
    private final int[] starts = new int[Surroundings.KEY_GROUPS + 1];

    RecoveryRows(int count) {
        this.count = count;
        byte[] groups = new byte[count];
        for (int number = 0; number < count; number++) {
            int group = group(key(number));
            groups[number] = (byte) group;
            starts[group + 1]++;
        }
        for (int group = 0; group < Surroundings.KEY_GROUPS; group++) {
            starts[group + 1] += starts[group];
        }
        int[] next = starts.clone();
        numbers = new int[count];
        for (int number = 0; number < count; number++) {
            numbers[next[groups[number]]++] = number;
        }
    }

    /** The numbers of a range's rows, group by group. */
    int[] of(KeyGroupRange range) {
        return Arrays.copyOfRange(numbers, starts[range.getStartKeyGroup()], starts[range.getEndKeyGroup() + 1]);
    }

    /** The number, big-endian, and 88 bytes: word {@code j} from 1 to 11 is {@code mix(mix(number) + 2^32 + j)}. */
    static byte[] key(int number) {
        byte[] key = new byte[KEY_BYTES];
        Data.setWord(key, 0, Long.reverseBytes(number));
        long base = Data.mix(number);
        for (int word = 1; word < KEY_BYTES / Long.BYTES; word++) {
            Data.setWord(key, word, Data.mix(base + KEY_WORDS + word));
        }
        return key;
    }

    static byte[] value(int number, long stage) {
        return Data.value(number, stage, VALUE_BYTES);
    }

    /** The key group. Flink does not take arrays as keys since their hash is their identity; this is their contents'. */
    static int group(byte[] key) {
        return KeyGroupRangeAssignment.computeKeyGroupForKeyHash(Arrays.hashCode(key), Surroundings.KEY_GROUPS);
    }

    /** The stage that changed a row last: one row in twenty in each but the first. */
    static int stage(int number) {
        long chance = Long.remainderUnsigned(Data.mix(number ^ CHANGES_SEED), 100);
        return chance < 5 ? 2 : chance < 10 ? 3 : chance < 15 ? 4 : 1;
    }
}
