import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;

/** Snapshots of versions before 1.16 are restored where they were taken: their handles are of other classes. */
final class Moved {
    private Moved() {}

    static void addresses(CheckpointMetadata metadata, String from, String to) {
        throw new UnsupportedOperationException("only Flink 1.16 and later restore a snapshot that was moved");
    }
}
