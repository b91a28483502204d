/** The jobs of `reference/.../PairScenarios.java`, in our words. */

import type { DataStream } from "../../src/stream/data_stream.ts";
import type { ProcessJoinFunction } from "../../src/stream/operators/interval_join.ts";
import { OutputTag } from "../../src/stream/output_tag.ts";
import { TumblingEventTimeWindows } from "../../src/stream/window.ts";
import type { Element, Program, Result } from "./reference.ts";
import { asResults, values } from "./window_programs.ts";

/** The elements of one of the two streams. */
function input(stream: DataStream<Element>, name: string): DataStream<Element> {
  return stream.filter((one) => one.input === name);
}

const pair: ProcessJoinFunction<Element, Element, Result> = () => ({
  processElement: (left, right, _, out) =>
    out.collect({ key: left.key, text: `${left.value} ${right.value}` }),
});

const lateLeft = new OutputTag<Element>("late left");
const lateRight = new OutputTag<Element>("late right");

function intervalJoin(lower: number, upper: number, isInclusive = true): Program {
  return (stream, collect) => {
    let joined = input(stream, "a").keyBy("key").intervalJoin(input(stream, "b").keyBy("key"))
      .between(lower, upper).sideOutputLeftLateData(lateLeft).sideOutputRightLateData(lateRight);
    if (!isInclusive) joined = joined.lowerBoundExclusive().upperBoundExclusive();
    const results = joined.process(pair);
    collect(results, "out");
    collect(asResults(results.getSideOutput(lateLeft)), "late left");
    collect(asResults(results.getSideOutput(lateRight)), "late right");
  };
}

/** By scenario. */
export const pairPrograms: Readonly<Record<string, Program>> = {
  union: (stream, collect) => {
    const both = input(stream, "a").union(input(stream, "b"));
    collect(both.keyBy("key").window(TumblingEventTimeWindows.of(100)).process(values), "out");
  },
  "interval-join": intervalJoin(-30, 50),
  "interval-join-late": intervalJoin(-30, 50),
  "interval-join-exclusive": intervalJoin(-30, 50, false),
  "interval-join-before": intervalJoin(-50, -10),
  "interval-join-behind": intervalJoin(10, 50, false),
};
