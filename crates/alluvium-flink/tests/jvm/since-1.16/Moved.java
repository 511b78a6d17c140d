import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.StateObjectCollection;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.state.IncrementalKeyedStateHandle.HandleAndLocalPath;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.KeyGroupsSavepointStateHandle;
import org.apache.flink.runtime.state.KeyGroupsStateHandle;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.apache.flink.runtime.state.filesystem.FileStateHandle;

/** Gives the files of a snapshot other addresses. */
final class Moved {
    private Moved() {}

    static void addresses(CheckpointMetadata metadata, String from, String to) {
        for (OperatorState operator : metadata.getOperatorStates()) {
            for (Map.Entry<Integer, OperatorSubtaskState> entry : operator.getSubtaskStates().entrySet()) {
                OperatorSubtaskState subtask = entry.getValue();
                operator.putState(entry.getKey(), subtask.toBuilder()
                        .setManagedKeyedState(moved(subtask.getManagedKeyedState(), from, to))
                        .setRawKeyedState(moved(subtask.getRawKeyedState(), from, to))
                        .setManagedOperatorState(StateObjectCollection.empty())
                        .setRawOperatorState(StateObjectCollection.empty())
                        .build());
            }
        }
    }

    private static StateObjectCollection<KeyedStateHandle> moved(Iterable<KeyedStateHandle> handles, String from, String to) {
        List<KeyedStateHandle> all = new ArrayList<>();
        for (KeyedStateHandle handle : handles) {
            if (handle instanceof IncrementalRemoteKeyedStateHandle it) {
                all.add(new IncrementalRemoteKeyedStateHandle(it.getBackendIdentifier(), it.getKeyGroupRange(), it.getCheckpointId(),
                        files(it.getSharedState(), from, to), files(it.getPrivateState(), from, to),
                        file(Versions.meta(it), from, to)));
            } else if (handle instanceof KeyGroupsSavepointStateHandle it) {
                all.add(new KeyGroupsSavepointStateHandle(it.getGroupRangeOffsets(), file(it.getDelegateStateHandle(), from, to)));
            } else if (handle instanceof KeyGroupsStateHandle it) {
                all.add(new KeyGroupsStateHandle(it.getGroupRangeOffsets(), file(it.getDelegateStateHandle(), from, to)));
            } else {
                throw new IllegalArgumentException("cannot move " + handle);
            }
        }
        return new StateObjectCollection<>(all);
    }

    private static List<HandleAndLocalPath> files(List<HandleAndLocalPath> all, String from, String to) {
        List<HandleAndLocalPath> moved = new ArrayList<>();
        for (HandleAndLocalPath one : all) {
            moved.add(HandleAndLocalPath.of(file(one.getHandle(), from, to), one.getLocalPath()));
        }
        return moved;
    }

    private static StreamStateHandle file(StreamStateHandle handle, String from, String to) {
        if (handle instanceof FileStateHandle file) {
            String path = file.getFilePath().toString();
            String moved = path.startsWith(from) ? to + path.substring(from.length()) : path;
            return new FileStateHandle(new org.apache.flink.core.fs.Path(moved), file.getStateSize());
        }
        return handle;
    }
}
