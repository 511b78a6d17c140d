// Lists in Flink's ListState.

import java.util.Collections;
import java.util.List;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeutils.base.LongSerializer;

final class FlinkLists extends FlinkRows<ListState<Long>> implements Lists {
    FlinkLists(Surroundings surroundings) {
        super(surroundings, new ListStateDescriptor<>("lists", LongSerializer.INSTANCE));
    }

    @Override
    public boolean exists(long key) throws Exception {
        backend.setCurrentKey(key);
        return state.get() != null;
    }

    @Override
    public long sum(long key) throws Exception {
        backend.setCurrentKey(key);
        long sum = 0;
        for (long element : state.get()) {
            sum += element;
        }
        return sum;
    }

    @Override
    public void add(long key, long element) throws Exception {
        backend.setCurrentKey(key);
        state.add(element);
    }

    @Override
    public void addAll(long key, List<Long> elements) throws Exception {
        backend.setCurrentKey(key);
        state.addAll(elements);
    }

    @Override
    public void replace(long key, long element) throws Exception {
        backend.setCurrentKey(key);
        state.update(Collections.singletonList(element));
    }

    /** Compares every key's elements and their order, and that there are no other keys. */
    void compareWith(Lists.Model model) throws Exception {
        long keys = 0;
        for (int key = 0; key < model.lengths.length; key++) {
            backend.setCurrentKey((long) key);
            Iterable<Long> list = state.get();
            int length = 0;
            long sum = 0;
            long hash = 0;
            if (list != null) {
                for (long element : list) {
                    length++;
                    sum += element;
                    hash = Lists.Model.hash(hash, element);
                }
            }
            if (length != model.lengths[key] || sum != model.sums[key] || hash != model.hashes[key]) {
                throw new Mismatch("the list of key " + key + " has " + length + " elements instead of "
                        + model.lengths[key] + ", or others");
            }
            keys += length > 0 ? 1 : 0;
        }
        Mismatch.unlessEqual("keys with lists", keyCount(), keys);
    }
}
