import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;

/** A Flink in this process: it takes a second or two to start, so that one serves many jobs. */
final class Cluster implements AutoCloseable {
    /** Slots: the highest parallelism of an operator. */
    static final int SLOTS = 8;

    /** After which a job that does not end is given up: many times what the largest fixture takes on a busy machine. */
    private static final long SECONDS_MAX = 180;

    private final MiniCluster cluster;

    Cluster() throws Exception {
        Configuration settings = settings("rocksdb");
        settings.setString("rest.port", "0");
        settings.setString("taskmanager.memory.managed.size", "64m");
        settings.setString("taskmanager.memory.network.min", "64m");
        settings.setString("taskmanager.memory.network.max", "64m");
        settings.setString("taskmanager.numberOfTaskSlots", String.valueOf(SLOTS));
        cluster = new MiniCluster(new MiniClusterConfiguration.Builder()
                .setConfiguration(settings)
                .setNumTaskManagers(1)
                .setNumSlotsPerTaskManager(SLOTS)
                .build());
        cluster.start();
    }

    /** Settings of a job on a backend. */
    static Configuration settings(String backend) {
        Configuration settings = new Configuration();
        Versions.set(settings, "state.backend.type", backend);
        settings.setString("state.backend.rocksdb.memory.managed", "false");
        Versions.set(settings, "restart-strategy.type", "none");
        settings.setString("execution.checkpointing.interval", "10 d");
        settings.setString("execution.checkpointing.externalized-checkpoint-retention", "RETAIN_ON_CANCELLATION");
        // Before 1.18 a job that has ended waits for its next checkpoint otherwise: for ten days.
        settings.setString("execution.checkpointing.checkpoints-after-tasks-finish.enabled", "false");
        return settings;
    }

    MiniCluster flink() {
        return cluster;
    }

    JobID submit(JobGraph job) throws Exception {
        return cluster.submitJob(job).get().getJobID();
    }

    /** Runs a job that ends by itself. */
    void run(JobGraph job) throws Exception {
        JobID id = submit(job);
        try {
            cluster.requestJobResult(id).get(SECONDS_MAX, TimeUnit.SECONDS).toJobExecutionResult(Cluster.class.getClassLoader());
        } catch (TimeoutException error) {
            cluster.cancelJob(id);
            throw new IllegalStateException("the job did not end within " + SECONDS_MAX + " s");
        }
    }

    @Override
    public void close() throws Exception {
        cluster.close();
    }
}
