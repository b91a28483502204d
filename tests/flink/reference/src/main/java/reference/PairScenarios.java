package reference;

import static java.time.Duration.ofMillis;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.KeyedStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.functions.co.CoFlatMapFunction;
import org.apache.flink.streaming.api.functions.co.CoMapFunction;
import org.apache.flink.streaming.api.functions.co.KeyedCoProcessFunction;
import org.apache.flink.streaming.api.functions.co.ProcessJoinFunction;
import org.apache.flink.streaming.api.windowing.assigners.EventTimeSessionWindows;
import org.apache.flink.streaming.api.windowing.assigners.WindowAssigner;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;

/** Two streams: connected, united, joined. */
final class PairScenarios {
    private static final OutputTag<Element> lateLeft = new OutputTag<>("late left") {};
    private static final OutputTag<Element> lateRight = new OutputTag<>("late right") {};

    static List<Scenario> all() {
        List<Scenario> all = new ArrayList<>();
        all.add(Scenario.ofTwo("co-process", 20, Inputs.pairs, (stream, output) -> output.collect(
                keyed(stream, "a").connect(keyed(stream, "b")).process(new Shared()), "out")));
        all.add(Scenario.ofTwo("co-map", 0, Inputs.pairs, (stream, output) -> output.collect(
                input(stream, "a").connect(input(stream, "b")).map(new Times()), "out")));
        all.add(Scenario.ofTwo("co-flat-map", 0, Inputs.pairs, (stream, output) -> output.collect(
                input(stream, "a").connect(input(stream, "b")).flatMap(new Repeat()), "out")));
        all.add(Scenario.ofTwo("union", 20, Inputs.pairs, (stream, output) -> output.collect(
                input(stream, "a").union(input(stream, "b")).keyBy(new Pace.ByKey())
                        .window(WindowScenarios.tumbling(100, 0))
                        .process(new WindowScenarios.Values()), "out")));
        all.add(join("window-join", WindowScenarios.tumbling(100, 0), 0));
        all.add(join("window-join-lateness", WindowScenarios.tumbling(100, 0), 40));
        all.add(join("window-join-session", EventTimeSessionWindows.withGap(ofMillis(40)), 0));
        all.add(coGroup("co-group", WindowScenarios.tumbling(100, 0), 0));
        all.add(coGroup("co-group-sliding", WindowScenarios.sliding(100, 50), 30));
        all.add(intervalJoin("interval-join", 100, -30, 50, true));
        all.add(intervalJoin("interval-join-late", 20, -30, 50, true));
        all.add(intervalJoin("interval-join-exclusive", 100, -30, 50, false));
        all.add(intervalJoin("interval-join-before", 60, -50, -10, true));
        all.add(intervalJoin("interval-join-behind", 20, 10, 50, false));
        return all;
    }

    private static DataStream<Element> input(DataStream<Element> stream, String name) {
        return stream.filter(one -> one.input.equals(name));
    }

    private static KeyedStream<Element, String> keyed(DataStream<Element> stream, String name) {
        return input(stream, name).keyBy(new Pace.ByKey());
    }

    /** The first input adds to a sum and sets timers, the second multiplies and clears. */
    static final class Shared extends KeyedCoProcessFunction<String, Element, Element, Result> {
        private ValueState<Long> sum;

        @Override
        public void open(OpenContext context) {
            sum = getRuntimeContext().getState(new ValueStateDescriptor<>("sum", Long.class));
        }

        @Override
        public void processElement1(Element one, Context context, Collector<Result> out) throws Exception {
            if (one.isMarker) return;
            sum.update((sum.value() == null ? 0 : sum.value()) + one.value);
            if (one.value % 2 == 0) context.timerService().registerEventTimeTimer(one.ts + 60);
            out.collect(Result.of(one.key, "first " + sum.value()));
        }

        @Override
        public void processElement2(Element one, Context context, Collector<Result> out) throws Exception {
            if (one.isMarker) return;
            String product = sum.value() == null ? "-" : String.valueOf(sum.value() * one.value);
            out.collect(Result.of(one.key, "second " + product));
            if (one.value == 0) sum.clear();
        }

        @Override
        public void onTimer(long time, OnTimerContext context, Collector<Result> out) throws Exception {
            out.collect(Result.of(context.getCurrentKey(), "timer " + (sum.value() == null ? "-" : sum.value())));
            sum.clear();
        }
    }

    static final class Times implements CoMapFunction<Element, Element, Result> {
        @Override
        public Result map1(Element one) {
            Pace.saw(one);
            return Result.of(one.key, "first " + one.value);
        }

        @Override
        public Result map2(Element one) {
            Pace.saw(one);
            return Result.of(one.key, "second " + one.value * 10);
        }
    }

    static final class Repeat implements CoFlatMapFunction<Element, Element, Result> {
        @Override
        public void flatMap1(Element one, Collector<Result> out) {
            Pace.saw(one);
            for (int i = 0; i < one.value % 3; i++) out.collect(Result.of(one.key, "first " + one.value));
        }

        @Override
        public void flatMap2(Element one, Collector<Result> out) {
            Pace.saw(one);
            for (int i = 0; i < one.value % 2; i++) out.collect(Result.of(one.key, "second " + one.value));
        }
    }

    private static Scenario join(String name, WindowAssigner<Object, TimeWindow> assigner, long lateness) {
        return Scenario.ofTwo(name, 20, Inputs.pairs, (stream, output) -> output.collect(
                input(stream, "a").join(input(stream, "b"))
                        .where(new Pace.ByKey()).equalTo(new Pace.ByKey())
                        .window(assigner).allowedLateness(ofMillis(lateness))
                        .apply((a, b) -> Result.of(a.key, a.value + " " + b.value),
                                TypeInformation.of(Result.class)),
                "out"));
    }

    private static Scenario coGroup(String name, WindowAssigner<Object, TimeWindow> assigner, long lateness) {
        return Scenario.ofTwo(name, 20, Inputs.pairs, (stream, output) -> output.collect(
                input(stream, "a").coGroup(input(stream, "b"))
                        .where(new Pace.ByKey()).equalTo(new Pace.ByKey())
                        .window(assigner).allowedLateness(ofMillis(lateness))
                        .apply((as, bs, out) -> out.collect(grouped(as, bs)),
                                TypeInformation.of(Result.class)),
                "out"));
    }

    private static Result grouped(Iterable<Element> as, Iterable<Element> bs) {
        Element any = as.iterator().hasNext() ? as.iterator().next() : bs.iterator().next();
        return Result.of(any.key, WindowScenarios.values(as) + " | " + WindowScenarios.values(bs));
    }

    private static Scenario intervalJoin(String name, long delay, long lower, long upper, boolean isInclusive) {
        return Scenario.ofTwo(name, delay, Inputs.pairs, (stream, output) -> {
            KeyedStream.IntervalJoined<Element, Element, String> joined = keyed(stream, "a")
                    .intervalJoin(keyed(stream, "b")).between(ofMillis(lower), ofMillis(upper))
                    .sideOutputLeftLateData(lateLeft).sideOutputRightLateData(lateRight);
            if (!isInclusive) joined = joined.lowerBoundExclusive().upperBoundExclusive();
            SingleOutputStreamOperator<Result> results = joined.process(new Pair());
            output.collect(results, "out");
            output.collect(asResults(results, lateLeft), "late left");
            output.collect(asResults(results, lateRight), "late right");
        });
    }

    private static DataStream<Result> asResults(
            SingleOutputStreamOperator<Result> results, OutputTag<Element> tag) {
        return results.getSideOutput(tag).map(one -> Result.of(one.key, one.value)).returns(Result.class);
    }

    static final class Pair extends ProcessJoinFunction<Element, Element, Result> {
        @Override
        public void processElement(Element left, Element right, Context context, Collector<Result> out) {
            out.collect(Result.of(left.key, left.value + " " + right.value));
        }
    }

    private PairScenarios() {}
}
