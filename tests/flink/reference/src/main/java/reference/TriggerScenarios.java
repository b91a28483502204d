package reference;

import static java.time.Duration.ofMillis;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.KeyedStream;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.assigners.EventTimeSessionWindows;
import org.apache.flink.streaming.api.windowing.assigners.GlobalWindows;
import org.apache.flink.streaming.api.windowing.assigners.WindowAssigner;
import org.apache.flink.streaming.api.windowing.triggers.ContinuousEventTimeTrigger;
import org.apache.flink.streaming.api.windowing.triggers.CountTrigger;
import org.apache.flink.streaming.api.windowing.triggers.EventTimeTrigger;
import org.apache.flink.streaming.api.windowing.triggers.PurgingTrigger;
import org.apache.flink.streaming.api.windowing.triggers.Trigger;
import org.apache.flink.streaming.api.windowing.windows.GlobalWindow;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;

/** Windows with other triggers, and those that have no end. */
final class TriggerScenarios {
    static List<Scenario> all() {
        List<Scenario> all = new ArrayList<>();
        all.add(global("global-count", CountTrigger.of(3)));
        all.add(global("global-purging-count", PurgingTrigger.of(CountTrigger.of(3))));
        all.add(Scenario.ofOne("count-window", 0, Inputs.windows, (stream, output) ->
                output.collect(keyed(stream).countWindow(2).process(new GlobalValues()), "out")));
        all.add(triggered("event-time-trigger", Inputs.windows, WindowScenarios.tumbling(100, 0), 50,
                EventTimeTrigger.create()));
        all.add(triggered("tumbling-purging", Inputs.windows, WindowScenarios.tumbling(100, 0), 50,
                PurgingTrigger.of(EventTimeTrigger.create())));
        all.add(triggered("tumbling-count", Inputs.windows, WindowScenarios.tumbling(100, 0), 50,
                CountTrigger.of(2)));
        all.add(triggered("tumbling-purging-count", Inputs.windows, WindowScenarios.tumbling(100, 0), 0,
                PurgingTrigger.of(CountTrigger.of(2))));
        all.add(triggered("tumbling-continuous", Inputs.windows, WindowScenarios.tumbling(100, 0), 40,
                ContinuousEventTimeTrigger.of(ofMillis(30))).shifted(Inputs.windows));
        all.add(triggered("sliding-count", Inputs.windows, WindowScenarios.sliding(100, 50), 0,
                CountTrigger.of(2)));
        all.add(triggered("session-count", Inputs.sessions,
                EventTimeSessionWindows.withGap(ofMillis(40)), 30, CountTrigger.of(3)));
        all.add(triggered("session-continuous", Inputs.sessions,
                EventTimeSessionWindows.withGap(ofMillis(40)), 30, ContinuousEventTimeTrigger.of(ofMillis(30)))
                        .shifted(Inputs.sessions));
        all.add(triggered("session-purging", Inputs.sessions,
                EventTimeSessionWindows.withGap(ofMillis(40)), 60, PurgingTrigger.of(EventTimeTrigger.create())));
        return all;
    }

    private static KeyedStream<Element, String> keyed(DataStream<Element> stream) {
        return stream.keyBy(new Pace.ByKey());
    }

    /** The values of each window, in the order in which they came. */
    private static Scenario triggered(String name, Map<String, String> inputs,
            WindowAssigner<? super Element, TimeWindow> assigner, long lateness,
            Trigger<? super Element, ? super TimeWindow> trigger) {
        return Scenario.ofOne(name, 10, inputs, (stream, output) -> WindowScenarios.collect(
                WindowScenarios.windowed(stream, assigner, lateness).trigger(trigger)
                        .process(new WindowScenarios.Values()), output));
    }

    private static Scenario global(String name, Trigger<? super Element, ? super GlobalWindow> trigger) {
        return Scenario.ofOne(name, 10, Inputs.windows, (stream, output) -> output.collect(
                keyed(stream).window(GlobalWindows.create()).trigger(trigger).process(new GlobalValues()), "out"));
    }

    static final class GlobalValues extends ProcessWindowFunction<Element, Result, String, GlobalWindow> {
        @Override
        public void process(String key, Context context, Iterable<Element> elements, Collector<Result> out) {
            out.collect(Result.of(key, WindowScenarios.values(elements)));
        }
    }

    private TriggerScenarios() {}
}
