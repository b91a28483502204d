package reference;

import static java.time.Duration.ofMillis;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.datastream.WindowedStream;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.assigners.EventTimeSessionWindows;
import org.apache.flink.streaming.api.windowing.assigners.SlidingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.assigners.WindowAssigner;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;

/** Windows with the trigger that they bring along. */
final class WindowScenarios {
    private static final OutputTag<Element> late = new OutputTag<>("late") {};

    static List<Scenario> all() {
        List<Scenario> all = new ArrayList<>();
        all.add(sums("tumbling", 0, Inputs.windows, tumbling(100, 0), 0));
        all.add(sums("tumbling-offset-lateness", 20, Inputs.windows, tumbling(100, 30), 50));
        all.add(elements("tumbling-elements", 20, Inputs.windows, tumbling(100, 0), 50));
        all.add(sums("sliding", 10, Inputs.windows, sliding(100, 30), 0));
        all.add(sums("sliding-lateness", 0, Inputs.windows, sliding(100, 40), 35));
        all.add(sums("sliding-gaps", 10, Inputs.windows, sliding(30, 50), 15));
        all.add(sums("session", 20, Inputs.sessions, EventTimeSessionWindows.withGap(ofMillis(40)), 0));
        all.add(elements("session-lateness", 0, Inputs.sessions,
                EventTimeSessionWindows.withGap(ofMillis(40)), 60));
        all.add(elements("session-dynamic", 10, Inputs.sessions, EventTimeSessionWindows.<Element>withDynamicGap(
                one -> 1 + one.value * 10), 0));
        all.add(aggregate());
        all.add(state());
        return all;
    }

    static WindowAssigner<Object, TimeWindow> tumbling(long size, long offset) {
        return TumblingEventTimeWindows.of(ofMillis(size), ofMillis(offset));
    }

    static WindowAssigner<Object, TimeWindow> sliding(long size, long slide) {
        return SlidingEventTimeWindows.of(ofMillis(size), ofMillis(slide));
    }

    static WindowedStream<Element, String, TimeWindow> windowed(DataStream<Element> stream,
            WindowAssigner<? super Element, TimeWindow> assigner, long lateness) {
        return stream.keyBy(new Pace.ByKey()).window(assigner)
                .allowedLateness(ofMillis(lateness)).sideOutputLateData(late);
    }

    static void collect(SingleOutputStreamOperator<Result> results, Scenario.Output output) {
        output.collect(results, "out");
        output.collect(asResults(results), "late");
    }

    private static SingleOutputStreamOperator<Result> asResults(SingleOutputStreamOperator<Result> results) {
        return results.getSideOutput(late).map(one -> Result.of(one.key, one.value)).returns(Result.class);
    }

    /** Adds the values up. */
    static Element add(Element a, Element b) {
        return new Element(a.input, a.key, a.value + b.value, a.ts);
    }

    /** The sum of each window, by reduce. */
    private static Scenario sums(String name, long delay, Map<String, String> inputs,
            WindowAssigner<? super Element, TimeWindow> assigner, long lateness) {
        return Scenario.ofOne(name, delay, inputs, (stream, output) -> collect(
                windowed(stream, assigner, lateness).reduce(WindowScenarios::add, new Sum()), output));
    }

    static final class Sum extends ProcessWindowFunction<Element, Result, String, TimeWindow> {
        @Override
        public void process(String key, Context context, Iterable<Element> sums, Collector<Result> out) {
            out.collect(Result.of(key, sums.iterator().next().value).in(context.window()));
        }
    }

    /** The values of each window, in the order in which they came. */
    private static Scenario elements(String name, long delay, Map<String, String> inputs,
            WindowAssigner<? super Element, TimeWindow> assigner, long lateness) {
        return Scenario.ofOne(name, delay, inputs, (stream, output) -> collect(
                windowed(stream, assigner, lateness).process(new Values()), output));
    }

    static final class Values extends ProcessWindowFunction<Element, Result, String, TimeWindow> {
        @Override
        public void process(String key, Context context, Iterable<Element> elements, Collector<Result> out) {
            out.collect(Result.of(key, values(elements)).in(context.window()));
        }
    }

    static String values(Iterable<Element> elements) {
        List<String> texts = new ArrayList<>();
        for (Element one : elements) texts.add(String.valueOf(one.value));
        return String.join(" ", texts);
    }

    /** Sum and count, with the watermark at which the window fires. */
    private static Scenario aggregate() {
        return Scenario.ofOne("aggregate", 10, Inputs.windows, (stream, output) -> collect(
                windowed(stream, tumbling(100, 0), 40).aggregate(new Mean(), new WithWatermark()), output));
    }

    static final class Mean implements AggregateFunction<Element, long[], String> {
        @Override
        public long[] createAccumulator() {
            return new long[2];
        }

        @Override
        public long[] add(Element element, long[] sum) {
            return new long[] {sum[0] + element.value, sum[1] + 1};
        }

        @Override
        public String getResult(long[] sum) {
            return sum[0] + "/" + sum[1];
        }

        @Override
        public long[] merge(long[] a, long[] b) {
            return new long[] {a[0] + b[0], a[1] + b[1]};
        }
    }

    static final class WithWatermark extends ProcessWindowFunction<String, Result, String, TimeWindow> {
        @Override
        public void process(String key, Context context, Iterable<String> means, Collector<Result> out) {
            String at = watermark(context.currentWatermark());
            out.collect(Result.of(key, means.iterator().next() + " at " + at).in(context.window()));
        }
    }

    static String watermark(long at) {
        return at == Long.MIN_VALUE ? "none" : at == Long.MAX_VALUE ? "end" : String.valueOf(at);
    }

    /** How often each key, and each window of it, has fired. */
    private static Scenario state() {
        return Scenario.ofOne("window-state", 10, Inputs.windows, (stream, output) -> collect(
                windowed(stream, tumbling(100, 0), 80).reduce(WindowScenarios::add, new Firings()), output));
    }

    static final class Firings extends ProcessWindowFunction<Element, Result, String, TimeWindow> {
        private static final ValueStateDescriptor<Integer> firings =
                new ValueStateDescriptor<>("firings", Integer.class);

        @Override
        public void process(String key, Context context, Iterable<Element> sums, Collector<Result> out)
                throws Exception {
            int ofKey = next(context.globalState().getState(firings));
            int ofWindow = next(context.windowState().getState(firings));
            long sum = sums.iterator().next().value;
            out.collect(Result.of(key, sum + " " + ofKey + " " + ofWindow).in(context.window()));
        }

        private static int next(ValueState<Integer> state) throws Exception {
            int next = state.value() == null ? 1 : state.value() + 1;
            state.update(next);
            return next;
        }

        @Override
        public void clear(Context context) throws Exception {
            context.windowState().getState(firings).clear();
        }
    }

    private WindowScenarios() {}
}
