// One backend of Flink that is made new as often as a case asks, and one state of it: what all kinds of rows share.
//
// Rows in RocksDB are compared in a copy with more memory, restored from a snapshot: where an index block is larger than
// a shard of a small cache, each read takes a millisecond, and reading all rows would take longer than the measurement.

import java.util.List;
import java.util.stream.Stream;
import org.apache.flink.api.common.state.State;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.runtime.state.CheckpointableKeyedStateBackend;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.SharedStateRegistryImpl;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.state.rocksdb.RocksDBKeyedStateBackend;

abstract class FlinkRows<S extends State> implements Rows {
    /** A number that no checkpoint gets. */
    private static final long SAVEPOINT = Long.MAX_VALUE;

    private final Surroundings surroundings;
    private final StateDescriptor<S, ?> descriptor;
    protected CheckpointableKeyedStateBackend<Long> backend;
    protected S state;

    FlinkRows(Surroundings surroundings, StateDescriptor<S, ?> descriptor) {
        this.surroundings = surroundings;
        this.descriptor = descriptor;
    }

    @Override
    public void reset() throws Exception {
        dispose();
        open(surroundings, List.of());
    }

    @Override
    public void compact() throws Exception {
        if (backend instanceof RocksDBKeyedStateBackend<Long> rocksdb) {
            rocksdb.compactState(descriptor);
        } else {
            System.gc();
        }
    }

    /** Compares the contents, and ends the backend. */
    final void compare(Comparison comparison) throws Exception {
        try {
            if (backend instanceof RocksDBKeyedStateBackend) {
                // A savepoint, as it refers to no checkpoint's files.
                Snapshot snapshot = Snapshot.prepare(surroundings, backend, SAVEPOINT, Snapshot.NATIVE);
                Snapshot.Taken taken = snapshot.finish(new SharedStateRegistryImpl());
                dispose();
                try (Surroundings larger = surroundings.forComparison()) {
                    open(larger, List.of(taken.remote()));
                    comparison.run();
                    dispose();
                }
                taken.remote().discardState();
            } else {
                comparison.run();
            }
        } finally {
            dispose();
        }
    }

    /** Compares what the current backend has. */
    interface Comparison {
        void run() throws Exception;
    }

    /** How many keys have something in the state. */
    long keyCount() {
        try (Stream<Long> keys = backend.getKeys(descriptor.getName(), VoidNamespace.INSTANCE)) {
            return keys.count();
        }
    }

    private void open(Surroundings in, List<KeyedStateHandle> handles) throws Exception {
        backend = in.open(LongSerializer.INSTANCE, 1, 0, handles);
        state = backend.getPartitionedState(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE, descriptor);
    }

    private void dispose() {
        if (backend != null) {
            backend.dispose();
            backend = null;
        }
    }
}
