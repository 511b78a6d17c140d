// The cases of timers.

import java.util.List;
import java.util.function.Supplier;

final class TimerKind implements Kind<Timers> {
    private final FlinkTimers measured;
    private final Timers.Model model = new Timers.Model();
    private final List<Case.Group<Timers>> groups;

    TimerKind(Surroundings surroundings, int keyCount) {
        measured = new FlinkTimers(surroundings);
        Supplier<Keys> inOrder = () -> Keys.inOrder(keyCount);
        groups = List.of(
                Case.fresh("timers/add", keyCount, inOrder, TimerKind::add),
                Case.bounded("timers/poll", keyCount, rows -> fill(rows, keyCount), inOrder, TimerKind::poll));
    }

    @Override
    public List<Case.Group<Timers>> groups() {
        return groups;
    }

    @Override
    public Timers measured() {
        return measured;
    }

    @Override
    public Timers model() {
        return model;
    }

    @Override
    public void compare() throws Exception {
        measured.compare(model);
        measured.dispose();
    }

    private static void fill(Timers rows, int keyCount) throws Exception {
        rows.reset();
        add(rows, Keys.inOrder(keyCount), 0, keyCount);
    }

    private static long add(Timers rows, Keys keys, long first, int count) throws Exception {
        for (int i = 0; i < count; i++) {
            rows.add(keys.next());
        }
        return count;
    }

    private static long poll(Timers rows, Keys keys, long first, int count) throws Exception {
        long sum = 0;
        for (int i = 0; i < count; i++) {
            sum += rows.poll();
        }
        return sum;
    }
}
