import org.apache.flink.api.common.state.State;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.InternalTimer;
import org.apache.flink.streaming.api.operators.InternalTimerService;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.operators.Triggerable;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/** Changes the states of a declared operator with each event. Its timers do nothing. */
@SuppressWarnings({"rawtypes", "unchecked"})
final class WriteOperator extends AbstractStreamOperator<Long>
        implements OneInputStreamOperator<Long, Long>, Triggerable<Object, VoidNamespace> {
    private static final long serialVersionUID = 1;

    private final Operators.Operator operator;
    private transient Operators.TimerTarget timers;

    WriteOperator(Operators.Operator operator) {
        this.operator = operator;
    }

    @Override
    public void open() throws Exception {
        super.open();
        if (operator.timerChange == null) {
            return;
        }
        InternalTimerService service = getInternalTimerService(operator.timers.service(), operator.timers.namespace(), (Triggerable) this);
        timers = new Operators.TimerTarget() {
            @Override
            public void event(long time) {
                service.registerEventTimeTimer(VoidNamespace.INSTANCE, time);
            }

            @Override
            public void processing(long time) {
                service.registerProcessingTimeTimer(VoidNamespace.INSTANCE, time);
            }
        };
    }

    @Override
    public void processElement(StreamRecord<Long> element) throws Exception {
        long n = element.getValue();
        Thread.sleep(Operators.pause);
        for (Operators.Declared declared : operator.states) {
            Object namespace = declared.namespaceOf() == null ? VoidNamespace.INSTANCE : declared.namespaceOf().of(n);
            State state = getKeyedStateBackend().getPartitionedState(namespace, declared.namespace(), declared.descriptor());
            declared.change().apply(state, n);
        }
        if (timers != null) {
            operator.timerChange.apply(timers, n);
        }
    }

    @Override
    public void onEventTime(InternalTimer<Object, VoidNamespace> timer) {}

    @Override
    public void onProcessingTime(InternalTimer<Object, VoidNamespace> timer) {}
}
