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
import { type Collect, type Element, type Program, type Result, watermarkText } from "./reference.ts";

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
export function windowProgram<O>(
  { assigner, lateness = 0 }: {
    readonly assigner: WindowAssigner<Element>;
    readonly lateness?: number;
  },
  give: (windows: WindowedStream<Element, string>) => {
    readonly results: DataStream<O>;
    readonly asResults: (results: DataStream<O>) => DataStream<Result>;
  },
): Program {
  return (stream, collect) => {
    const windows = stream.keyBy("key").window(assigner).allowedLateness(lateness)
      .sideOutputLateData(late);
    const { results, asResults: turned } = give(windows);
    collect(turned(results), "out");
    collect(asResults(results.getSideOutput(late)), "late");
  };
}
