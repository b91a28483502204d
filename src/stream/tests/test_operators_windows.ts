/** The cases of windows, for `test_operators.ts`. Only tests use it. */

import type { DataStream } from "../data_stream.ts";
import type { AggregateFunction } from "../operators/aggregate_function.ts";
import { type ValueState, ValueStateDescriptor } from "../operators/functions.ts";
import type { ProcessWindowFunction } from "../operators/window_function.ts";
import { OutputTag } from "../output_tag.ts";
import {
  EventTimeSessionWindows,
  GlobalWindows,
  ProcessingTimeSessionWindows,
} from "../windows/session_windows.ts";
import { type Reading, readingsSink, sum } from "./test_jobs.ts";
import { caseOf, caseStream, type OperatorCase } from "./test_operator_case.ts";
import type { Trigger } from "../windows/trigger.ts";
import {
  ContinuousEventTimeTrigger,
  ContinuousProcessingTimeTrigger,
  CountTrigger,
  EventTimeTrigger,
  PurgingTrigger,
} from "../windows/triggers.ts";
import {
  SlidingEventTimeWindows,
  SlidingProcessingTimeWindows,
  TumblingEventTimeWindows,
  TumblingProcessingTimeWindows,
  type WindowAssigner,
} from "../windows/window.ts";
import type { WindowedStream } from "../windowed_stream.ts";

type Windows = WindowedStream<Reading, string>;

interface WindowSettings {
  readonly assigner: WindowAssigner<Reading>;
  readonly trigger?: Trigger<Reading>;
  readonly lateness?: string;
  /** For windows that go by the clock. */
  readonly clockAtEnd?: number;
}

/** A case of windows whose late elements go to the late topic. */
function windowCase(
  name: string,
  { assigner, trigger, lateness = "0s", ...settings }: WindowSettings,
  give: (windows: Windows) => DataStream<Reading>,
): OperatorCase {
  return caseOf(name, (env) => {
    let windows = caseStream(env).keyBy("key").window(assigner);
    if (trigger !== undefined) windows = windows.trigger(trigger);
    if (lateness !== "0s") windows = windows.allowedLateness(lateness);
    give(windows).sinkTo(readingsSink("out"));
  }, settings);
}

/** The values of a window in their order, as digits. */
const digits: ProcessWindowFunction<Reading, string, Reading> = () => ({
  process: (key, _, elements, out) =>
    out.collect({ key, value: Number(elements.map(({ value }) => value).join("")) }),
});
const elements = (windows: Windows) => windows.process(digits);
const sums = (windows: Windows) => windows.reduce(sum);

const mean: AggregateFunction<Reading, readonly [sum: number, count: number], number> = {
  createAccumulator: () => [0, 0],
  add: ({ value }, [sum, count]) => [sum + value, count + 1],
  getResult: ([sum, count]) => sum / count,
  merge: (a, b) => [a[0] + b[0], a[1] + b[1]],
};

/** How often each key, and each window of it, has fired. */
const firings: ProcessWindowFunction<number, string, Reading> = (runtime) => {
  const descriptor = new ValueStateDescriptor<number>("firings");
  const ofKey = runtime.getState(descriptor);
  const ofWindow = runtime.windowState.getState(descriptor);
  const next = (state: ValueState<number>) => {
    state.update((state.value() ?? 0) + 1);
    return state.value()!;
  };
  return {
    process: (key, _, [mean], out) =>
      out.collect({ key, value: mean! + 100 * next(ofKey) + 10_000 * next(ofWindow) }),
  };
};

const minutes = TumblingEventTimeWindows.of("1m");
const sliding = SlidingEventTimeWindows.of("1m", "25s");
const sessions = EventTimeSessionWindows.withGap("15s");

const byEventTime: readonly OperatorCase[] = [
  windowCase("tumbling windows: reduce", { assigner: minutes }, sums),
  caseOf("tumbling windows: lateness, late to a side output", (env) => {
    const late = new OutputTag<Reading>("late");
    const results = caseStream(env).keyBy("key").window(TumblingEventTimeWindows.of("1m", "10s"))
      .allowedLateness("30s").sideOutputLateData(late).reduce(sum);
    results.sinkTo(readingsSink("out"));
    results.getSideOutput(late).sinkTo(readingsSink("too-late"));
  }),
  windowCase(
    "tumbling windows: running reduce",
    { assigner: minutes, lateness: "30s" },
    (windows) => windows.runningReduce(sum),
  ),
  windowCase("tumbling windows: elements", { assigner: minutes, lateness: "30s" }, elements),
  windowCase(
    "tumbling windows: aggregate, state by key and by window",
    { assigner: minutes, lateness: "40s" },
    (windows) => windows.aggregate(mean, firings),
  ),
  windowCase("sliding windows: reduce", { assigner: sliding, lateness: "10s" }, sums),
  windowCase("sliding windows: elements", { assigner: sliding }, elements),
  windowCase("session windows: reduce", { assigner: sessions, lateness: "20s" }, sums),
  windowCase("session windows: elements", { assigner: sessions }, elements),
  windowCase("session windows of a gap each", {
    assigner: EventTimeSessionWindows.withDynamicGap(({ value }: Reading) => 1 + value * 3_000),
  }, elements),
];

const triggered: readonly OperatorCase[] = [
  windowCase("early firings by count", {
    assigner: minutes,
    trigger: EventTimeTrigger.create().withEarlyFirings(CountTrigger.of(2)),
    lateness: "20s",
  }, sums),
  windowCase("early firings by event time, of sessions", {
    assigner: sessions,
    trigger: EventTimeTrigger.create().withEarlyFirings(ContinuousEventTimeTrigger.of("5s")),
  }, elements),
  windowCase("count trigger, of sessions", {
    assigner: EventTimeSessionWindows.withGap("40s"),
    trigger: CountTrigger.of(2),
    lateness: "20s",
  }, elements),
  windowCase("purging trigger", {
    assigner: minutes,
    trigger: PurgingTrigger.of(EventTimeTrigger.create()),
    lateness: "40s",
  }, elements),
  windowCase("global windows: count trigger", {
    assigner: GlobalWindows.create(),
    trigger: CountTrigger.of(3),
  }, sums),
  caseOf("count windows", (env) => {
    caseStream(env).keyBy("key").countWindow(2).process(digits).sinkTo(readingsSink("out"));
  }),
];

/** The clock stands at 0 until all has been read. */
const clockAtEnd = 200_000;

const byTheClock: readonly OperatorCase[] = [
  windowCase("tumbling windows by the clock", {
    assigner: TumblingProcessingTimeWindows.of("1m"),
    clockAtEnd,
  }, elements),
  windowCase("sliding windows by the clock", {
    assigner: SlidingProcessingTimeWindows.of("1m", "30s"),
    clockAtEnd,
  }, sums),
  windowCase("session windows by the clock", {
    assigner: ProcessingTimeSessionWindows.withGap("1m"),
    clockAtEnd,
  }, elements),
  windowCase("early firings by the clock", {
    assigner: minutes,
    trigger: EventTimeTrigger.create()
      .withEarlyFirings(ContinuousProcessingTimeTrigger.of("1m")),
    clockAtEnd,
  }, elements),
  windowCase("a trigger by the clock", {
    assigner: GlobalWindows.create(),
    trigger: PurgingTrigger.of(ContinuousProcessingTimeTrigger.of("1m")),
    clockAtEnd,
  }, elements),
];

/** All of them. */
export const windowCases: readonly OperatorCase[] = [...byEventTime, ...triggered, ...byTheClock];
