// Maps in Flink's MapState.

import java.util.Iterator;
import java.util.Map;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.typeutils.base.LongSerializer;

final class FlinkMaps extends FlinkRows<MapState<Long, Long>> implements Maps {
    FlinkMaps(Surroundings surroundings) {
        super(surroundings, new MapStateDescriptor<>("maps", LongSerializer.INSTANCE, LongSerializer.INSTANCE));
    }

    @Override
    public long get(long key, long mapKey) throws Exception {
        backend.setCurrentKey(key);
        return state.get(mapKey);
    }

    @Override
    public boolean contains(long key, long mapKey) throws Exception {
        backend.setCurrentKey(key);
        return state.contains(mapKey);
    }

    @Override
    public boolean isEmpty(long key) throws Exception {
        backend.setCurrentKey(key);
        return state.isEmpty();
    }

    @Override
    public long sumOfKeys(long key) throws Exception {
        backend.setCurrentKey(key);
        long sum = 0;
        for (long mapKey : state.keys()) {
            sum += mapKey;
        }
        return sum;
    }

    @Override
    public long sumOfValues(long key) throws Exception {
        backend.setCurrentKey(key);
        long sum = 0;
        for (long value : state.values()) {
            sum += value;
        }
        return sum;
    }

    @Override
    public long sumOfEntries(long key) throws Exception {
        backend.setCurrentKey(key);
        long sum = 0;
        for (Iterator<Map.Entry<Long, Long>> entries = state.iterator(); entries.hasNext(); ) {
            Map.Entry<Long, Long> entry = entries.next();
            sum += entry.getKey() + entry.getValue();
        }
        return sum;
    }

    @Override
    public void put(long key, long mapKey, long value) throws Exception {
        backend.setCurrentKey(key);
        state.put(mapKey, value);
    }

    @Override
    public void putAll(long key, Map<Long, Long> entries) throws Exception {
        backend.setCurrentKey(key);
        state.putAll(entries);
    }

    @Override
    public void remove(long key, long mapKey) throws Exception {
        backend.setCurrentKey(key);
        state.remove(mapKey);
    }

    /** Compares every key's entries, and that there are no others. */
    void compareWith(Maps.Model model) throws Exception {
        long keys = 0;
        for (int key = 0; key < model.present.length / ENTRIES; key++) {
            backend.setCurrentKey((long) key);
            int found = 0;
            for (Map.Entry<Long, Long> entry : state.entries()) {
                long mapKey = entry.getKey();
                if (!model.contains(key, mapKey) || model.get(key, mapKey) != entry.getValue()) {
                    throw new Mismatch("map key " + mapKey + " of key " + key + " is not what was written last");
                }
                found++;
            }
            int expected = 0;
            for (int mapKey = 0; mapKey < ENTRIES; mapKey++) {
                expected += model.contains(key, mapKey) ? 1 : 0;
            }
            Mismatch.unlessEqual("entries of key " + key, found, expected);
            keys += found > 0 ? 1 : 0;
        }
        Mismatch.unlessEqual("keys with entries", keyCount(), keys);
    }
}
