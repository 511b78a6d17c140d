// Takes snapshots of a backend as a task of Flink does: a synchronous part, then an asynchronous one.
//
// Telling the backend that a checkpoint is complete, and deleting what no checkpoint needs any longer, is the caller's.

import java.util.concurrent.RunnableFuture;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.runtime.checkpoint.CheckpointOptions;
import org.apache.flink.runtime.checkpoint.CheckpointType;
import org.apache.flink.runtime.checkpoint.SavepointType;
import org.apache.flink.runtime.checkpoint.SnapshotType;
import org.apache.flink.runtime.state.CheckpointStorageLocationReference;
import org.apache.flink.runtime.state.CheckpointStreamFactory;
import org.apache.flink.runtime.state.CheckpointableKeyedStateBackend;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.SharedStateRegistryImpl;
import org.apache.flink.runtime.state.SnapshotResult;
import org.apache.flink.runtime.state.filesystem.FsCheckpointStorageAccess;
import org.apache.flink.streaming.api.operators.StreamOperatorStateHandler;

final class Snapshot {
    static final SnapshotType CHECKPOINT = CheckpointType.CHECKPOINT;
    static final SnapshotType CANONICAL = SavepointType.savepoint(SavepointFormatType.CANONICAL);
    static final SnapshotType NATIVE = SavepointType.savepoint(SavepointFormatType.NATIVE);

    /** The snapshot in storage, and the local copy if there is one. */
    record Taken(KeyedStateHandle remote, KeyedStateHandle local, double syncMillis, double asyncMillis) {
        double totalMillis() {
            return syncMillis + asyncMillis;
        }

        double writtenMegabytes() {
            return remote.getCheckpointedSize() / 1e6;
        }
    }

    private final long number;
    private final RunnableFuture<SnapshotResult<KeyedStateHandle>> rest;
    private final double syncMillis;

    private Snapshot(long number, RunnableFuture<SnapshotResult<KeyedStateHandle>> rest, double syncMillis) {
        this.number = number;
        this.rest = rest;
        this.syncMillis = syncMillis;
    }

    /** The synchronous part. */
    static Snapshot prepare(Surroundings surroundings, CheckpointableKeyedStateBackend<?> backend, long number, SnapshotType type)
            throws Exception {
        FsCheckpointStorageAccess storage = surroundings.storage();
        CheckpointStorageLocationReference place = CheckpointStorageLocationReference.getDefault();
        if (type.isSavepoint()) {
            place = storage.initializeLocationForSavepoint(number, surroundings.flinkPath("savepoints").toString())
                    .getLocationReference();
        } else {
            storage.initializeLocationForCheckpoint(number);
        }
        CheckpointStreamFactory streams = storage.resolveCheckpointStorageLocation(number, place);
        CheckpointOptions options = CheckpointOptions.alignedNoTimeout(type, place);
        long now = System.currentTimeMillis();
        long began = System.nanoTime();
        RunnableFuture<SnapshotResult<KeyedStateHandle>> rest = type == CANONICAL
                ? StreamOperatorStateHandler.prepareCanonicalSavepoint(backend, new CloseableRegistry())
                        .snapshot(number, now, streams, options)
                : backend.snapshot(number, now, streams, options);
        return new Snapshot(number, rest, (System.nanoTime() - began) / 1e6);
    }

    double syncMillis() {
        return syncMillis;
    }

    /** The asynchronous part, in any thread. Shared files are registered, which names those that earlier snapshots have uploaded. */
    Taken finish(SharedStateRegistryImpl sharedFiles) throws Exception {
        long began = System.nanoTime();
        rest.run();
        SnapshotResult<KeyedStateHandle> result = rest.get();
        double asyncMillis = (System.nanoTime() - began) / 1e6;
        KeyedStateHandle remote = result.getJobManagerOwnedSnapshot();
        if (remote == null) {
            throw new IllegalStateException("a snapshot of nothing");
        }
        remote.registerSharedStates(sharedFiles, number);
        return new Taken(remote, result.getTaskLocalSnapshot(), syncMillis, asyncMillis);
    }
}
