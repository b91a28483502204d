/** The jobs of `reference/.../WindowScenarios.java`, in our words. */

import type { DataStream } from "../../src/stream/data_stream.ts";
import type { AggregateFunction } from "../../src/stream/operators/aggregate_function.ts";
import { type ValueState, ValueStateDescriptor } from "../../src/stream/operators/functions.ts";
import type { ProcessWindowFunction } from "../../src/stream/operators/window_function.ts";
import { OutputTag } from "../../src/stream/output_tag.ts";
import { EventTimeSessionWindows } from "../../src/stream/session_windows.ts";
import {
  SlidingEventTimeWindows,
  TumblingEventTimeWindows,
  type WindowAssigner,
} from "../../src/stream/window.ts";
import type { WindowedStream } from "../../src/stream/windowed_stream.ts";
import { type Element, type Program, type Result, watermarkText } from "./reference.ts";

const late = new OutputTag<Element>("late");

/** Elements as results. */
export function asResults(elements: DataStream<Element>): DataStream<Result> {
  return elements.map(({ key, value }) => ({ key, text: String(value) }));
}

/** Adds the values up. */
export function add(a: Element, b: Element): Element {
  return { ...a, value: a.value + b.value };
}

/** Collects what windows give out, and what is late for them. */
export function windowProgram(
  { assigner, lateness = 0 }: {
    readonly assigner: WindowAssigner<Element>;
    readonly lateness?: number;
  },
  give: (windows: WindowedStream<Element, string>) => DataStream<Result>,
): Program {
  return (stream, collect) => {
    const windows = stream.keyBy("key").window(assigner).allowedLateness(lateness);
    const results = give(windows.sideOutputLateData(late));
    collect(results, "out");
    collect(asResults(results.getSideOutput(late)), "late");
  };
}

const sum: ProcessWindowFunction<Element, string, Result> = () => ({
  process: (key, _, [sum], out) => out.collect({ key, text: String(sum!.value) }),
});

/** The values of a window's elements, in the order in which they came. */
export const values: ProcessWindowFunction<Element, string, Result> = () => ({
  process: (key, _, elements, out) => out.collect({ key, text: valuesText(elements) }),
});

/** Values, as the reference writes them. */
export function valuesText(elements: Iterable<Element>): string {
  return Array.from(elements, ({ value }) => value).join(" ");
}

/** Sum and count. */
export const mean: AggregateFunction<Element, readonly [number, number], string> = {
  createAccumulator: () => [0, 0],
  add: ({ value }, [sum, count]) => [sum + value, count + 1],
  getResult: ([sum, count]) => `${sum}/${count}`,
  merge: (a, b) => [a[0] + b[0], a[1] + b[1]],
};

const withWatermark: ProcessWindowFunction<string, string, Result> = () => ({
  process: (key, context, [mean], out) =>
    out.collect({ key, text: `${mean} at ${watermarkText(context.currentWatermark())}` }),
});

const firings: ProcessWindowFunction<Element, string, Result> = (runtime) => {
  const descriptor = new ValueStateDescriptor<number>("firings");
  const ofKey = runtime.getState(descriptor);
  const ofWindow = runtime.windowState.getState(descriptor);
  const next = (state: ValueState<number>) => {
    state.update((state.value() ?? 0) + 1);
    return state.value()!;
  };
  return {
    process: (key, _, [sum], out) =>
      out.collect({ key, text: `${sum!.value} ${next(ofKey)} ${next(ofWindow)}` }),
  };
};

type Windows = Parameters<typeof windowProgram>[0];

const sums = (windows: Windows) => windowProgram(windows, (stream) => stream.reduce(add, sum));
const lists = (windows: Windows) => windowProgram(windows, (stream) => stream.process(values));

const tumbling = TumblingEventTimeWindows.of(100);
const session = EventTimeSessionWindows.withGap(40);
const dynamic = EventTimeSessionWindows.withDynamicGap(({ value }: Element) => 1 + value * 10);

/** By scenario. */
export const windowPrograms: Readonly<Record<string, Program>> = {
  tumbling: sums({ assigner: tumbling }),
  "tumbling-offset-lateness": sums({
    assigner: TumblingEventTimeWindows.of(100, 30),
    lateness: 50,
  }),
  "tumbling-elements": lists({ assigner: tumbling, lateness: 50 }),
  sliding: sums({ assigner: SlidingEventTimeWindows.of(100, 30) }),
  "sliding-lateness": sums({ assigner: SlidingEventTimeWindows.of(100, 40), lateness: 35 }),
  "sliding-gaps": sums({ assigner: SlidingEventTimeWindows.of(30, 50), lateness: 15 }),
  session: sums({ assigner: session }),
  "session-lateness": lists({ assigner: session, lateness: 60 }),
  "session-dynamic": lists({ assigner: dynamic }),
  aggregate: windowProgram(
    { assigner: tumbling, lateness: 40 },
    (windows) => windows.aggregate(mean, withWatermark),
  ),
  "window-state": windowProgram(
    { assigner: tumbling, lateness: 80 },
    (windows) => windows.reduce(add, firings),
  ),
};
