import java.io.DataInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataInputViewStreamWrapper;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.state.IncrementalKeyedStateHandle;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.KeyGroupsStateHandle;
import org.apache.flink.runtime.state.KeyedBackendSerializationProxy;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.KeyGroupsSavepointStateHandle;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.apache.flink.runtime.state.changelog.ChangelogStateBackendHandle;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot;

/** A savepoint or checkpoint as Flink reads its `_metadata`: which operators have which keyed states, in which format. */
final class Snapshot {
    /** What was recorded of an operator's keyed backend. */
    record Keyed(OperatorState operator, TypeSerializer<?> key, Map<String, StateMetaInfoSnapshot> states) {}

    private final CheckpointMetadata metadata;
    private final Path directory;

    private Snapshot(CheckpointMetadata metadata, Path directory) {
        this.metadata = metadata;
        this.directory = directory;
    }

    static Snapshot load(Path directory) throws IOException {
        try (DataInputStream in = new DataInputStream(Files.newInputStream(directory.resolve("_metadata")))) {
            ClassLoader loader = Snapshot.class.getClassLoader();
            return new Snapshot(Checkpoints.loadCheckpointMetadata(in, loader, directory.toUri().toString()), directory);
        }
    }

    Path directory() {
        return directory;
    }

    /** The backend that must read it: heap-native and RocksDB's own files have one, a canonical savepoint has not. */
    String backend(String otherwise) {
        for (OperatorState operator : metadata.getOperatorStates()) {
            for (OperatorSubtaskState subtask : operator.getStates()) {
                for (KeyedStateHandle handle : materialized(subtask.getManagedKeyedState())) {
                    if (handle instanceof IncrementalKeyedStateHandle) {
                        return "rocksdb";
                    }
                    return handle instanceof KeyGroupsSavepointStateHandle ? otherwise : "hashmap";
                }
            }
        }
        return otherwise;
    }

    List<Keyed> keyed() throws IOException {
        List<Keyed> all = new ArrayList<>();
        for (OperatorState operator : metadata.getOperatorStates()) {
            Keyed keyed = null;
            for (OperatorSubtaskState subtask : operator.getStates()) {
                for (KeyedStateHandle handle : materialized(subtask.getManagedKeyedState())) {
                    KeyedBackendSerializationProxy<?> read = read(handle);
                    if (keyed == null) {
                        keyed = new Keyed(operator, read.getKeySerializerSnapshot().restoreSerializer(), new TreeMap<>());
                    }
                    for (StateMetaInfoSnapshot state : read.getStateMetaInfoSnapshots()) {
                        keyed.states.putIfAbsent(state.getName(), state);
                    }
                }
            }
            if (keyed != null) {
                all.add(keyed);
            }
        }
        return all;
    }

    /** Of a changelog the snapshots that it begins with. */
    private static List<KeyedStateHandle> materialized(Iterable<KeyedStateHandle> handles) {
        List<KeyedStateHandle> all = new ArrayList<>();
        for (KeyedStateHandle handle : handles) {
            if (handle instanceof ChangelogStateBackendHandle changelog) {
                all.addAll(materialized(changelog.getMaterializedStateHandles()));
            } else {
                all.add(handle);
            }
        }
        return all;
    }

    private static KeyedBackendSerializationProxy<?> read(KeyedStateHandle handle) throws IOException {
        StreamStateHandle stream = handle instanceof IncrementalRemoteKeyedStateHandle incremental
                ? Versions.meta(incremental)
                : ((KeyGroupsStateHandle) handle).getDelegateStateHandle();
        var proxy = new KeyedBackendSerializationProxy<Object>(Snapshot.class.getClassLoader());
        try (var in = stream.openInputStream()) {
            proxy.read(new DataInputViewStreamWrapper(in));
        }
        return proxy;
    }

    /**
     * The same snapshot with other addresses: an incremental checkpoint names its files by the addresses they had when it was
     * taken. Writes a `_metadata` into an empty directory, which names all files absolutely.
     */
    Snapshot moved(String from, String to, Path directory) throws IOException {
        Moved.addresses(metadata, from, to);
        try (var out = Files.newOutputStream(directory.resolve("_metadata"))) {
            Checkpoints.storeCheckpointMetadata(metadata, out);
        }
        return load(directory);
    }
}
