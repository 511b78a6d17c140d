// The peers by name: which of Flink's backends, with which options. All that is not said is Flink's default.

import java.util.List;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.state.StateBackend;
import org.apache.flink.runtime.state.hashmap.HashMapStateBackend;
import org.apache.flink.state.rocksdb.EmbeddedRocksDBStateBackend;

/** @param name what records say */
record Subject(String name, Memory memory, Configuration options) {
    /** What bounds the memory for rows. */
    enum Memory {
        HEAP,
        OPTIONS,
        MANAGED
    }

    private static final String ROCKSDB = "state.backend.rocksdb.";

    /** Of the access benchmark, where flink-rocksdb is the one without managed memory, as in flink-benchmarks. */
    static Subject ofAccess(String name) throws Arguments.Invalid {
        return switch (name) {
            case "flink-hashmap" -> onHeap();
            case "flink-rocksdb-managed" -> rocksdb(name, true);
            case "flink-rocksdb-partitioned" -> rocksdb(name, true)
                    .with(ROCKSDB + "memory.partitioned-index-filters", "true");
            case "flink-rocksdb" -> rocksdb(name, false);
            case "flink-rocksdb-spinhm" -> rocksdb(name, false)
                    .with(ROCKSDB + "predefined-options", "SPINNING_DISK_OPTIMIZED_HIGH_MEM");
            default -> throw new Arguments.Invalid("no such subject: " + name);
        };
    }

    /** RocksDB as Flink has it by default. */
    static Subject ofComparison() {
        return rocksdb("comparison", true);
    }

    /** Of the snapshot benchmarks, where memory is always managed and names say how a checkpoint is restored. */
    static Subject ofSnapshots(String name) throws Arguments.Invalid {
        if (name.equals("flink-hashmap")) {
            return onHeap();
        }
        if (!List.of("flink-rocksdb", "flink-rocksdb-managed", "flink-rocksdb-ingest", "flink-rocksdb-delrange",
                        "flink-rocksdb-ingest-delrange", "flink-canonical", "flink-native").contains(name)) {
            throw new Arguments.Invalid("no such subject: " + name);
        }
        Subject subject = rocksdb(name, true);
        if (name.contains("-ingest")) {
            subject = subject.with(ROCKSDB + "use-ingest-db-restore-mode", "true");
        }
        if (name.contains("-delrange")) {
            subject = subject.with(ROCKSDB + "rescaling.use-delete-files-in-range", "true");
        }
        return subject;
    }

    /** The budget, where memory is managed; else 0, as there is none. */
    long budget(long managedBytes) {
        return memory == Memory.MANAGED ? managedBytes : 0;
    }

    StateBackend backend() throws Exception {
        ClassLoader loader = Subject.class.getClassLoader();
        return memory == Memory.HEAP
                ? new HashMapStateBackend().configure(options, loader)
                : new EmbeddedRocksDBStateBackend(true).configure(options, loader);
    }

    private static Subject onHeap() {
        return new Subject("flink-hashmap", Memory.HEAP, new Configuration());
    }

    private static Subject rocksdb(String name, boolean managed) {
        return new Subject(name, managed ? Memory.MANAGED : Memory.OPTIONS, new Configuration())
                .with(ROCKSDB + "memory.managed", Boolean.toString(managed))
                .with("execution.checkpointing.incremental", "true");
    }

    private Subject with(String option, String value) {
        Configuration more = options.clone();
        more.setString(option, value);
        return new Subject(name, memory, more);
    }
}
