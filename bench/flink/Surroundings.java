// What a keyed backend of Flink finds around it in a task: directories, memory, settings. No cluster.
//
// The interfaces that a backend asks only while it is made are proxies that know the answers it needs; all else, and
// everything on the way of an operation, is Flink's own. One instance belongs to one process's benchmark and one subject;
// everything that it writes lies below one directory, which close() deletes.

import java.io.Closeable;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.apache.flink.api.common.ExecutionConfig;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobInfoImpl;
import org.apache.flink.api.common.TaskInfoImpl;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.runtime.execution.Environment;
import org.apache.flink.runtime.io.disk.iomanager.IOManager;
import org.apache.flink.runtime.io.disk.iomanager.IOManagerAsync;
import org.apache.flink.runtime.jobgraph.JobVertexID;
import org.apache.flink.runtime.memory.MemoryManager;
import org.apache.flink.runtime.memory.SharedResources;
import org.apache.flink.runtime.metrics.groups.UnregisteredMetricGroups;
import org.apache.flink.runtime.state.CheckpointableKeyedStateBackend;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.KeyedStateBackendParametersImpl;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.LocalRecoveryConfig;
import org.apache.flink.runtime.state.LocalSnapshotDirectoryProviderImpl;
import org.apache.flink.runtime.state.StateBackend;
import org.apache.flink.runtime.state.TaskStateManager;
import org.apache.flink.runtime.state.filesystem.FsCheckpointStorageAccess;
import org.apache.flink.runtime.state.ttl.TtlTimeProvider;
import org.apache.flink.runtime.taskmanager.TaskManagerRuntimeInfo;
import org.apache.flink.util.SimpleUserCodeClassLoader;

final class Surroundings implements Closeable {
    static final int KEY_GROUPS = 128;

    private static final JobID JOB = new JobID(0x416C6C75L, 0x7669756DL);
    private static final JobVertexID VERTEX = new JobVertexID(1, 2);
    /** Flink's defaults: execution.checkpointing.data-inline-threshold and .write-buffer-size. */
    private static final int INLINE_BYTES_MAX = 20 * 1024;
    private static final int WRITE_BUFFER_BYTES = 4096;

    /** A cache whose shards hold the index block of a file of 64 MB. */
    private static final long COMPARISON_BYTES = 256 << 20;

    private final Subject subject;
    private final boolean localCopies;
    private final Path root;
    private final MemoryManager memory;
    private final SharedResources shared = new SharedResources();
    private final ExecutorService threads = Executors.newFixedThreadPool(4, task -> {
        Thread thread = new Thread(task, "flink-io");
        thread.setDaemon(true);
        return thread;
    });
    private final IOManager io;

    /** @param localCopies whether snapshots keep local copies, Flink's local recovery */
    Surroundings(Subject subject, Path directory, long managedBytes, boolean localCopies) throws IOException {
        this.subject = subject;
        this.localCopies = localCopies;
        Files.createDirectories(directory);
        root = Files.createTempDirectory(directory, "flink").toAbsolutePath();
        Files.createDirectories(root.resolve("task"));
        Files.createDirectories(root.resolve("spill"));
        io = new IOManagerAsync(new String[] {root.resolve("spill").toString()}, threads);
        memory = MemoryManager.create(managedBytes, MemoryManager.DEFAULT_PAGE_SIZE);
    }

    static KeyGroupRange range(int parallelism, int subtask) {
        return KeyGroupRangeAssignment.computeKeyGroupRangeForOperatorIndex(KEY_GROUPS, parallelism, subtask);
    }

    /** A subtask's backend, with what handles have of its key groups. */
    <K> CheckpointableKeyedStateBackend<K> open(
            TypeSerializer<K> keys, int parallelism, int subtask, Collection<KeyedStateHandle> handles) throws Exception {
        StateBackend.KeyedStateBackendParameters<K> parameters = new KeyedStateBackendParametersImpl<>(
                environment(parallelism, subtask), JOB, "operator-" + subtask, keys, KEY_GROUPS, range(parallelism, subtask),
                null, TtlTimeProvider.DEFAULT, UnregisteredMetricGroups.createUnregisteredOperatorMetricGroup(),
                (name, value) -> {}, handles, new CloseableRegistry(), 1.0);
        return subject.backend().createKeyedStateBackend(parameters);
    }

    /** Others with memory enough, for comparing a snapshot's contents. */
    Surroundings forComparison() throws IOException {
        return new Surroundings(Subject.ofComparison(), root.resolve("comparison"), COMPARISON_BYTES, false);
    }

    /** Where snapshots are written. */
    FsCheckpointStorageAccess storage() throws IOException {
        FsCheckpointStorageAccess access = new FsCheckpointStorageAccess(
                flinkPath("storage"), null, JOB, INLINE_BYTES_MAX, WRITE_BUFFER_BYTES);
        access.initializeBaseLocationsForCheckpoint();
        return access;
    }

    org.apache.flink.core.fs.Path flinkPath(String name) {
        return new org.apache.flink.core.fs.Path(root.resolve(name).toUri());
    }

    @Override
    public void close() throws IOException {
        threads.shutdownNow();
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }

    private Environment environment(int parallelism, int subtask) throws IOException {
        File work = root.resolve("task").toFile();
        TaskManagerRuntimeInfo process = answering(TaskManagerRuntimeInfo.class, Map.of(
                "getConfiguration", subject.options(),
                "getTmpDirectories", new String[] {root.resolve("spill").toString()},
                "getTmpWorkingDirectory", work,
                "getTaskManagerExternalAddress", "localhost",
                "getTaskManagerBindAddress", "localhost"));
        LocalRecoveryConfig local = localCopies
                ? LocalRecoveryConfig.backupAndRecoveryEnabled(new LocalSnapshotDirectoryProviderImpl(
                        root.resolve("local").toFile(), JOB, VERTEX, subtask))
                : LocalRecoveryConfig.BACKUP_AND_RECOVERY_DISABLED;
        Map<String, Object> answers = new TreeMap<>();
        answers.put("getExecutionConfig", new ExecutionConfig());
        answers.put("getJobID", JOB);
        answers.put("getJobVertexId", VERTEX);
        answers.put("getTaskConfiguration", subject.options());
        answers.put("getJobConfiguration", subject.options());
        answers.put("getTaskManagerInfo", process);
        answers.put("getTaskStateManager", answering(TaskStateManager.class, Map.of("createLocalRecoveryConfig", local)));
        answers.put("getIOManager", io);
        answers.put("getMemoryManager", memory);
        answers.put("getSharedResources", shared);
        answers.put("getMetricGroup", UnregisteredMetricGroups.createUnregisteredTaskMetricGroup());
        answers.put("getUserCodeClassLoader", SimpleUserCodeClassLoader.create(Surroundings.class.getClassLoader()));
        answers.put("getTaskInfo", new TaskInfoImpl("rows", KEY_GROUPS, subtask, parallelism, 0));
        answers.put("getJobInfo", new JobInfoImpl(JOB, "bench"));
        answers.put("getCheckpointStorageAccess", storage());
        answers.put("getAsyncOperationsThreadPool", threads);
        return answering(Environment.class, answers);
    }

    /** An object whose methods without arguments return what they are said to, and others nothing. */
    private static <T> T answering(Class<T> type, Map<String, Object> answers) {
        InvocationHandler handler = (self, method, arguments) -> {
            Object answer = answers.get(method.getName());
            if (answer != null) {
                return answer;
            }
            Class<?> result = method.getReturnType();
            if (method.getName().equals("equals")) {
                return self == arguments[0];
            } else if (method.getName().equals("hashCode")) {
                return System.identityHashCode(self);
            } else if (method.getName().equals("toString")) {
                return type.getSimpleName();
            } else if (method.getName().equals("failExternally")) {
                throw new IllegalStateException("the backend failed", (Throwable) arguments[0]);
            } else if (result == Optional.class) {
                return Optional.empty();
            } else if (result == boolean.class) {
                return false;
            } else if (result == int.class) {
                return 0;
            } else if (result == long.class) {
                return 0L;
            } else if (method.isDefault()) {
                return InvocationHandler.invokeDefault(self, method, arguments);
            }
            return null;
        };
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
    }
}
