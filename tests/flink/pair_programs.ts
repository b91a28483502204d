/** The jobs of `reference/.../PairScenarios.java`, in our words. */

import type { DataStream } from "../../src/stream/data_stream.ts";
import type { KeyedCoProcessFunction } from "../../src/stream/operators/co_process.ts";
import { ValueStateDescriptor } from "../../src/stream/operators/functions.ts";
import type { ProcessJoinFunction } from "../../src/stream/operators/interval_join.ts";
import { OutputTag } from "../../src/stream/output_tag.ts";
import { EventTimeSessionWindows } from "../../src/stream/session_windows.ts";
import {
  SlidingEventTimeWindows,
  TumblingEventTimeWindows,
  type WindowAssigner,
} from "../../src/stream/window.ts";
import type { Element, Program, Result } from "./reference.ts";
import { asResults, values, valuesText } from "./window_programs.ts";

/** The elements of one of the two streams. */
function input(stream: DataStream<Element>, name: string): DataStream<Element> {
  return stream.filter((one) => one.input === name);
}

const pair: ProcessJoinFunction<Element, Element, Result> = () => ({
  processElement: (left, right, _, out) =>
    out.collect({ key: left.key, text: `${left.value} ${right.value}` }),
});

/** The first stream adds to a sum and sets timers, the second multiplies and clears. */
const shared: KeyedCoProcessFunction<Element, Element, string, Result> = (runtime) => {
  const sum = runtime.getState(new ValueStateDescriptor<number>("sum"));
  return {
    processElement1: ({ key, value }, context, out) => {
      sum.update((sum.value() ?? 0) + value);
      const time = context.timestamp() + 60;
      if (value % 2 === 0) context.timerService().registerEventTimeTimer(time);
      out.collect({ key, text: `first ${sum.value()}` });
    },
    processElement2: ({ key, value }, _, out) => {
      const before = sum.value();
      out.collect({ key, text: `second ${before === undefined ? "-" : before * value}` });
      if (value === 0) sum.clear();
    },
    onTimer: (_, context, out) => {
      out.collect({ key: context.getCurrentKey(), text: `timer ${sum.value() ?? "-"}` });
      sum.clear();
    },
  };
};

/** As many results as said. */
const repeat = (count: number, result: Result) => Array.from({ length: count }, () => result);

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

function connected(stream: DataStream<Element>) {
  return input(stream, "a").connect(input(stream, "b"));
}

interface WindowSettings {
  readonly assigner: WindowAssigner<unknown>;
  readonly lateness?: number;
}

function windowJoin({ assigner, lateness = 0 }: WindowSettings): Program {
  return (stream, collect) => {
    const joined = input(stream, "a").join(input(stream, "b")).where("key").equalTo("key")
      .window(assigner).allowedLateness(lateness)
      .apply(({ key, value }, right): Result => ({ key, text: `${value} ${right.value}` }));
    collect(joined, "out");
  };
}

function coGroup({ assigner, lateness = 0 }: WindowSettings): Program {
  return (stream, collect) => {
    const grouped = input(stream, "a").coGroup(input(stream, "b")).where("key").equalTo("key")
      .window(assigner).allowedLateness(lateness)
      .apply((lefts, rights): readonly Result[] => {
        const [{ key }] = [...lefts, ...rights] as [Element];
        return [{ key, text: `${valuesText(lefts)} | ${valuesText(rights)}` }];
      });
    collect(grouped, "out");
  };
}

const tumbling = TumblingEventTimeWindows.of(100);

/** By scenario. */
export const pairPrograms: Readonly<Record<string, Program>> = {
  union: (stream, collect) => {
    const both = input(stream, "a").union(input(stream, "b"));
    collect(both.keyBy("key").window(tumbling).process(values), "out");
  },
  "co-process": (stream, collect) =>
    collect(connected(stream).keyBy("key", "key").process(shared), "out"),
  "co-map": (stream, collect) => {
    const results = connected(stream).map<Result>({
      map1: ({ key, value }) => ({ key, text: `first ${value}` }),
      map2: ({ key, value }) => ({ key, text: `second ${value * 10}` }),
    });
    collect(results, "out");
  },
  "co-flat-map": (stream, collect) => {
    const results = connected(stream).flatMap<Result>({
      flatMap1: ({ key, value }) => repeat(value % 3, { key, text: `first ${value}` }),
      flatMap2: ({ key, value }) => repeat(value % 2, { key, text: `second ${value}` }),
    });
    collect(results, "out");
  },
  "window-join": windowJoin({ assigner: tumbling }),
  "window-join-lateness": windowJoin({ assigner: tumbling, lateness: 40 }),
  "window-join-session": windowJoin({ assigner: EventTimeSessionWindows.withGap(40) }),
  "co-group": coGroup({ assigner: tumbling }),
  "co-group-sliding": coGroup({ assigner: SlidingEventTimeWindows.of(100, 50), lateness: 30 }),
  "interval-join": intervalJoin(-30, 50),
  "interval-join-late": intervalJoin(-30, 50),
  "interval-join-exclusive": intervalJoin(-30, 50, false),
  "interval-join-before": intervalJoin(-50, -10),
  "interval-join-behind": intervalJoin(10, 50, false),
};
