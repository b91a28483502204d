/**
 * A case for each operator, for what all of them promise: whatever is stopped, killed or handed on to
 * other members, the same comes out (`runtime/operator_recovery_test.ts`). A new operator is one more
 * case. Only tests use it.
 */

import { type KeyedProcessFunction, ValueStateDescriptor } from "./operators/functions.ts";
import { OutputTag } from "./output_tag.ts";
import { type Reading, readings, readingsSink, sum } from "./test_jobs.ts";
import {
  caseOf,
  caseStream,
  caseStreams,
  type OperatorCase,
  twoTopics,
} from "./test_operator_case.ts";
import { joinCases } from "./test_operators_joins.ts";
import { stateCases } from "./test_operators_state.ts";
import { windowCases } from "./test_operators_windows.ts";
import { WatermarkStrategy } from "./watermark_strategy.ts";
import { TumblingEventTimeWindows } from "./window.ts";

/**
 * Counts the readings of each key; a timer tells the count a minute after the first, and forgets it. An
 * even value puts the timer off.
 */
const countAMinute: KeyedProcessFunction<Reading, string, Reading> = (runtime) => {
  const count = runtime.getState(new ValueStateDescriptor<number>("count"));
  const due = runtime.getState(new ValueStateDescriptor<number>("due"));
  return {
    processElement: ({ key, value }, context, out) => {
      const timers = context.timerService();
      const before = due.value();
      if (before === undefined || value % 2 === 0) {
        if (before !== undefined) timers.deleteEventTimeTimer(before);
        due.update((before ?? context.timestamp() + 40_000) + 20_000);
        timers.registerEventTimeTimer(due.value()!);
      }
      count.update((count.value() ?? 0) + 1);
      out.collect({ key, value: count.value()! });
    },
    onTimer: (_, context, out) => {
      out.collect({ key: context.getCurrentKey(), value: -(count.value() ?? 0) });
      count.clear();
      due.clear();
    },
  };
};

const stateless: readonly OperatorCase[] = [
  caseOf("map, flatMap, filter", (env) => {
    caseStream(env)
      .map(({ key, value }) => ({ key, value: value * 2 }))
      .flatMap((reading) => [reading, { ...reading, value: -reading.value }])
      .filter(({ value }) => value % 3 !== 0)
      .sinkTo(readingsSink("out"));
  }),
  caseOf("union", (env) => {
    const [first, second] = caseStreams(env);
    first.union(second).sinkTo(readingsSink("out"));
  }, twoTopics),
  caseOf("side outputs", (env) => {
    const odd = new OutputTag<Reading>("odd");
    const even = caseStream(env).process<Reading>(() => ({
      processElement: (reading, context, out) => {
        if (reading.value % 2 === 0) out.collect(reading);
        else context.output(odd, reading);
      },
    }));
    even.sinkTo(readingsSink("out"));
    even.getSideOutput(odd).sinkTo(readingsSink("odd"));
  }),
];

const keyed: readonly OperatorCase[] = [
  caseOf("process: value state and timers", (env) => {
    caseStream(env).keyBy("key").process(countAMinute).sinkTo(readingsSink("out"));
  }),
  caseOf("process behind process", (env) => {
    caseStream(env).keyBy("key").process(countAMinute).keyBy("key").process(countAMinute)
      .sinkTo(readingsSink("out"));
  }),
  caseOf("windows behind a repartition", (env) => {
    const watermarks = WatermarkStrategy.forBoundedOutOfOrderness<Reading>("90s");
    env.fromSource({ topic: "in", deserializer: readings }, watermarks)
      .map(({ value }) => ({ key: value % 2 === 0 ? "even" : "odd", value }))
      .keyBy("key").window(TumblingEventTimeWindows.of("1m")).reduce(sum)
      .sinkTo(readingsSink("out"));
  }),
];

/** All of them. */
export const operatorCases: readonly OperatorCase[] = [
  ...stateless,
  ...keyed,
  ...stateCases,
  ...windowCases,
  ...joinCases,
];
