// Timers in the queue that Flink's timer service keeps them in: KeyGroupedInternalPriorityQueue of the backend.
//
// Every poll is checked while it is measured, as far as that costs next to nothing: its time is not before the last one's,
// and it is the time of its key, once.

import java.util.BitSet;
import java.util.List;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.runtime.state.CheckpointableKeyedStateBackend;
import org.apache.flink.runtime.state.KeyGroupedInternalPriorityQueue;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.streaming.api.operators.TimerHeapInternalTimer;
import org.apache.flink.streaming.api.operators.TimerSerializer;

final class FlinkTimers implements Timers {
    private final Surroundings surroundings;
    private final BitSet polled = new BitSet();
    private CheckpointableKeyedStateBackend<Long> backend;
    private KeyGroupedInternalPriorityQueue<TimerHeapInternalTimer<Long, VoidNamespace>> queue;
    private long last;

    FlinkTimers(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    @Override
    public void reset() throws Exception {
        dispose();
        polled.clear();
        last = 0;
        backend = surroundings.open(LongSerializer.INSTANCE, 1, 0, List.of());
        // The name under which a timer service keeps event-time timers.
        queue = backend.create("_timer_state/event_timers",
                new TimerSerializer<>(LongSerializer.INSTANCE, VoidNamespaceSerializer.INSTANCE));
    }

    @Override
    public void add(long key) {
        queue.add(new TimerHeapInternalTimer<>(Data.due(key), key, VoidNamespace.INSTANCE));
    }

    @Override
    public long poll() throws Exception {
        TimerHeapInternalTimer<Long, VoidNamespace> timer = queue.poll();
        if (timer == null) {
            throw new Mismatch("there are too few timers");
        }
        int key = timer.getKey().intValue();
        if (timer.getTimestamp() < last || timer.getTimestamp() != Data.due(key) || polled.get(key)) {
            throw new Mismatch("the timer of key " + key + " comes out of order, with another time, or again");
        }
        polled.set(key);
        last = timer.getTimestamp();
        return last;
    }

    /** Polls what is left, and compares all that was polled with all that was added. */
    void compare(Timers.Model model) throws Exception {
        while (!queue.isEmpty()) {
            poll();
        }
        Mismatch.unlessEqual("timers polled", polled.cardinality(), model.keys.cardinality());
        if (!polled.equals(model.keys)) {
            throw new Mismatch("timers of other keys were polled than were added");
        }
    }

    void dispose() {
        if (backend != null) {
            backend.dispose();
            backend = null;
        }
    }
}
