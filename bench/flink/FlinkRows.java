// One backend of Flink that is made new as often as a case asks, and one state of it: what all kinds of rows share.

import java.util.stream.Stream;
import org.apache.flink.api.common.state.State;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.runtime.state.CheckpointableKeyedStateBackend;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.state.rocksdb.RocksDBKeyedStateBackend;

abstract class FlinkRows<S extends State> implements Rows {
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
        backend = surroundings.open(LongSerializer.INSTANCE);
        state = backend.getPartitionedState(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE, descriptor);
    }

    @Override
    public void compact() throws Exception {
        if (backend instanceof RocksDBKeyedStateBackend<Long> rocksdb) {
            rocksdb.compactState(descriptor);
        } else {
            System.gc();
        }
    }

    /** How many keys have something in the state. */
    long keyCount() {
        try (Stream<Long> keys = backend.getKeys(descriptor.getName(), VoidNamespace.INSTANCE)) {
            return keys.count();
        }
    }

    void dispose() {
        if (backend != null) {
            backend.dispose();
            backend = null;
        }
    }
}
