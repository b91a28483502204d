package reference;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.AggregatingState;
import org.apache.flink.api.common.state.AggregatingStateDescriptor;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ReducingState;
import org.apache.flink.api.common.state.ReducingStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.TimerService;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;

/** Process functions of one input: timers, the kinds of state, side outputs; the rolling reduce. */
final class ProcessScenarios {
    private static final OutputTag<Result> odd = new OutputTag<>("odd") {};
    private static final OutputTag<Result> large = new OutputTag<>("large") {};

    static List<Scenario> all() {
        List<Scenario> all = new ArrayList<>();
        all.add(Scenario.ofOne("timers", 20, Inputs.timers, (stream, output) ->
                output.collect(stream.keyBy(new Pace.ByKey()).process(new Timers()), "out")));
        all.add(Scenario.ofOne("timers-no-delay", 0, Inputs.timers, (stream, output) ->
                output.collect(stream.keyBy(new Pace.ByKey()).process(new Timers()), "out")));
        all.add(Scenario.ofOne("states", 20, Inputs.timers, (stream, output) ->
                output.collect(stream.keyBy(new Pace.ByKey()).process(new States()), "out")));
        all.add(Scenario.ofOne("rolling-reduce", 0, Inputs.timers, (stream, output) ->
                output.collect(stream.keyBy(new Pace.ByKey()).reduce(WindowScenarios::add)
                        .map(one -> Result.of(one.key, one.value)).returns(Result.class), "out")));
        all.add(Scenario.ofOne("side-outputs", 0, Inputs.timers, (stream, output) -> {
            SingleOutputStreamOperator<Result> even = stream.keyBy(new Pace.ByKey()).process(new Split());
            output.collect(even, "out");
            output.collect(even.getSideOutput(odd), "odd");
            output.collect(even.getSideOutput(large), "large");
        }));
        return all;
    }

    /** Sets timers and takes them back, as the value says; a timer sets others, above and below. */
    static final class Timers extends KeyedProcessFunction<String, Element, Result> {
        private ValueState<Integer> fired;

        @Override
        public void open(OpenContext context) {
            fired = getRuntimeContext().getState(new ValueStateDescriptor<>("fired", Integer.class));
        }

        @Override
        public void processElement(Element one, Context context, Collector<Result> out) {
            TimerService timers = context.timerService();
            long hundred = Math.floorDiv(one.ts, 100) * 100 + 100;
            switch ((int) (one.value % 7)) {
                case 0 -> timers.registerEventTimeTimer(one.ts + 50);
                case 1 -> timers.registerEventTimeTimer(one.ts);
                case 2 -> timers.registerEventTimeTimer(one.ts - 100);
                case 3 -> timers.deleteEventTimeTimer(hundred);
                case 4 -> timers.registerEventTimeTimer(hundred);
                case 5 -> {
                    timers.registerEventTimeTimer(hundred);
                    timers.registerEventTimeTimer(one.ts + 50);
                }
                default -> { }
            }
            String at = WindowScenarios.watermark(timers.currentWatermark());
            out.collect(Result.of(one.key, "element " + one.value + " at " + at));
        }

        @Override
        public void onTimer(long time, OnTimerContext context, Collector<Result> out) throws Exception {
            int count = fired.value() == null ? 1 : fired.value() + 1;
            fired.update(count);
            String at = WindowScenarios.watermark(context.timerService().currentWatermark());
            out.collect(Result.of(context.getCurrentKey(), "timer " + count + " at " + at));
            if (count % 3 == 1) context.timerService().registerEventTimeTimer(time + 70);
            if (count % 3 == 2) context.timerService().registerEventTimeTimer(time - 1);
        }
    }

    /** Changes state of each kind, as the value says, and tells all of it. */
    static final class States extends KeyedProcessFunction<String, Element, Result> {
        private ValueState<Long> sum;
        private ListState<Long> list;
        private MapState<String, Long> map;
        private ReducingState<Long> max;
        private AggregatingState<Element, String> mean;

        @Override
        public void open(OpenContext context) {
            sum = getRuntimeContext().getState(new ValueStateDescriptor<>("sum", Long.class));
            list = getRuntimeContext().getListState(new ListStateDescriptor<>("list", Long.class));
            map = getRuntimeContext().getMapState(new MapStateDescriptor<>("map", String.class, Long.class));
            max = getRuntimeContext().getReducingState(
                    new ReducingStateDescriptor<>("max", Math::max, Long.class));
            mean = getRuntimeContext().getAggregatingState(
                    new AggregatingStateDescriptor<>("mean", new WindowScenarios.Mean(), long[].class));
        }

        @Override
        public void processElement(Element one, Context context, Collector<Result> out) throws Exception {
            if (one.isMarker) return;
            if (one.ts % 2 == 0 && one.value < 6) clear(one);
            else add(one);
            out.collect(Result.of(one.key, "sum " + text(sum.value()) + ", list " + list() + ", map " + map()
                    + ", max " + text(max.get()) + ", mean " + text(mean.get())));
        }

        private void clear(Element one) throws Exception {
            switch ((int) one.value) {
                case 0 -> sum.clear();
                case 1 -> list.clear();
                case 2 -> map.remove("k" + Math.floorMod(one.ts, 3));
                case 3 -> {
                    max.clear();
                    mean.clear();
                }
                case 4 -> list.update(List.of(one.value, one.ts));
                default -> map.clear();
            }
        }

        private void add(Element one) throws Exception {
            sum.update((sum.value() == null ? 0 : sum.value()) + one.value);
            list.add(one.value);
            String name = "k" + Math.floorMod(one.ts, 3);
            map.put(name, (map.contains(name) ? map.get(name) : 0) + one.value);
            max.add(one.value);
            mean.add(one);
        }

        private String list() throws Exception {
            List<String> texts = new ArrayList<>();
            for (Long one : list.get()) texts.add(String.valueOf(one));
            return texts.isEmpty() ? "-" : String.join(" ", texts);
        }

        private String map() throws Exception {
            Map<String, Long> sorted = new TreeMap<>();
            for (Map.Entry<String, Long> entry : map.entries()) sorted.put(entry.getKey(), entry.getValue());
            List<String> texts = new ArrayList<>();
            sorted.forEach((name, value) -> texts.add(name + "=" + value));
            return texts.isEmpty() ? "-" : String.join(" ", texts);
        }

        private static String text(Object value) {
            return value == null ? "-" : String.valueOf(value);
        }
    }

    /** Even values go on, odd ones aside, and those above 6 to a third output too. */
    static final class Split extends KeyedProcessFunction<String, Element, Result> {
        @Override
        public void processElement(Element one, Context context, Collector<Result> out) {
            Result result = Result.of(one.key, one.value);
            if (one.value % 2 == 0) out.collect(result);
            else context.output(odd, result);
            if (one.value > 6) context.output(large, result);
        }
    }

    private ProcessScenarios() {}
}
