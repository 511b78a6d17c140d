// A job that has taken four checkpoints at some parallelism: what the recovery and savepoint benchmarks restore.
//
// Everything is as in a task of Flink with local recovery: a completed checkpoint is told to the backend, and files that
// no later one needs are deleted.

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeutils.base.array.BytePrimitiveArraySerializer;
import org.apache.flink.runtime.checkpoint.StateAssignmentOperation;
import org.apache.flink.runtime.state.CheckpointableKeyedStateBackend;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.SharedStateRegistryImpl;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;

final class RecoveryJob {
    /** A subtask of a job: its backend and state. */
    record Subtask(CheckpointableKeyedStateBackend<byte[]> backend, ValueState<byte[]> state, KeyGroupRange range)
            implements AutoCloseable {
        static Subtask open(Surroundings surroundings, int parallelism, int subtask, List<KeyedStateHandle> handles)
                throws Exception {
            CheckpointableKeyedStateBackend<byte[]> backend =
                    surroundings.open(BytePrimitiveArraySerializer.INSTANCE, parallelism, subtask, handles);
            ValueState<byte[]> state = backend.getPartitionedState(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE, ROWS);
            return new Subtask(backend, state, Surroundings.range(parallelism, subtask));
        }

        byte[] get(int number) throws Exception {
            select(number);
            return state.value();
        }

        void set(int number, int stage) throws Exception {
            select(number);
            state.update(RecoveryRows.value(number, stage));
        }

        /** Compares every row of the range, and that there are no others. */
        void compare(RecoveryRows rows) throws Exception {
            int[] own = rows.of(range);
            for (int number : own) {
                if (!Arrays.equals(get(number), RecoveryRows.value(number, RecoveryRows.stage(number)))) {
                    throw new Mismatch("row " + number + " is not as it was written");
                }
            }
            try (Stream<byte[]> keys = backend.getKeys(ROWS.getName(), VoidNamespace.INSTANCE)) {
                Mismatch.unlessEqual("rows of " + range, keys.count(), own.length);
            }
        }

        @Override
        public void close() {
            backend.dispose();
        }

        private void select(int number) {
            byte[] key = RecoveryRows.key(number);
            backend.setCurrentKeyAndKeyGroup(key, RecoveryRows.group(key));
        }
    }

    private static final ValueStateDescriptor<byte[]> ROWS =
            new ValueStateDescriptor<>("rows", BytePrimitiveArraySerializer.INSTANCE);

    private final Surroundings surroundings;
    private final SharedStateRegistryImpl sharedFiles = new SharedStateRegistryImpl();
    final RecoveryRows rows;
    final int parallelism;
    /** The last checkpoint's snapshots, one of each subtask. */
    private final List<Snapshot.Taken> checkpoint = new ArrayList<>();

    /** Writes the rows and takes the checkpoints. */
    RecoveryJob(Surroundings surroundings, RecoveryRows rows, int parallelism) throws Exception {
        this.surroundings = surroundings;
        this.rows = rows;
        this.parallelism = parallelism;
        for (int subtask = 0; subtask < parallelism; subtask++) {
            try (Subtask running = Subtask.open(surroundings, parallelism, subtask, List.of())) {
                checkpoint.add(run(running));
            }
        }
    }

    /** What a subtask at some parallelism is restored from. */
    List<KeyedStateHandle> handles(int parallelism, int subtask, boolean local) {
        List<KeyedStateHandle> all =
                checkpoint.stream().map(taken -> local ? taken.local() : taken.remote()).toList();
        return intersecting(all, Surroundings.range(parallelism, subtask));
    }

    static List<KeyedStateHandle> intersecting(List<KeyedStateHandle> handles, KeyGroupRange range) {
        List<KeyedStateHandle> chosen = new ArrayList<>();
        StateAssignmentOperation.extractIntersectingState(handles, range, chosen);
        return chosen;
    }

    /** Deletes what was written. */
    void discard() throws Exception {
        for (Snapshot.Taken taken : checkpoint) {
            taken.remote().discardState();
            if (taken.local() != null) {
                taken.local().discardState();
            }
        }
        sharedFiles.close();
    }

    private Snapshot.Taken run(Subtask running) throws Exception {
        int[] byGroup = rows.of(running.range());
        Snapshot.Taken last = null;
        for (int stage = 1; stage <= RecoveryRows.STAGES; stage++) {
            int now = stage;
            // Changes come in the order of numbers, which is by chance as far as key groups are concerned.
            int[] written = stage == 1
                    ? byGroup
                    : IntStream.of(byGroup).filter(number -> RecoveryRows.stage(number) == now).sorted().toArray();
            for (int number : written) {
                running.set(number, stage);
            }
            last = Snapshot.prepare(surroundings, running.backend(), stage, Snapshot.CHECKPOINT).finish(sharedFiles);
            ((CheckpointListener) running.backend()).notifyCheckpointComplete(stage);
            sharedFiles.unregisterUnusedState(stage);
        }
        return last;
    }
}
