/** The cases of keyed state, timers and connected streams, for `test_operators.ts`. Only tests use it. */

import type { KeyedCoProcessFunction } from "../operators/co_process.ts";
import {
  AggregatingStateDescriptor,
  type KeyedProcessFunction,
  ListStateDescriptor,
  MapStateDescriptor,
  ReducingStateDescriptor,
  type StateTtl,
  ValueStateDescriptor,
} from "../operators/functions.ts";
import { type Reading, readingsSink, sum } from "./test_jobs.ts";
import {
  caseOf,
  caseStream,
  caseStreams,
  type OperatorCase,
  twoTopics,
} from "./test_operator_case.ts";

/** What a case tells of its state. */
interface Told {
  readonly key: string;
  readonly text: string;
}

const toldSink = { topic: "out", key: ({ key }: Told) => key, value: ({ text }: Told) => text };

/** Changes state of each kind, as the value says, and tells all of it. */
function states(ttl?: StateTtl): KeyedProcessFunction<Reading, string, Told> {
  const options = ttl === undefined ? {} : { ttl };
  return (runtime) => {
    const last = runtime.getState(new ValueStateDescriptor<number>("last", options));
    const list = runtime.getListState(new ListStateDescriptor<number>("list", options));
    const map = runtime.getMapState(new MapStateDescriptor<number, number>("map", options));
    const max = runtime.getReducingState(new ReducingStateDescriptor("max", Math.max, options));
    const texts = runtime.getAggregatingState(
      new AggregatingStateDescriptor<number, string, number>("texts", {
        createAccumulator: () => "",
        add: (value, text) => text + value,
        getResult: (text) => text.length,
        merge: (a, b) => a + b,
      }, options),
    );
    return {
      processElement: ({ key, value }, _, out) => {
        const before = [last.value(), list.get(), map.entries(), max.get(), texts.get()];
        if (value === 0) list.clear();
        else if (value === 1) map.clear();
        else if (value === 2) max.clear();
        else if (value === 3) map.remove(4);
        else if (value === 4) list.update([value, value]);
        else list.addAll([value, -value]);
        last.update(value);
        map.put(value % 5, value);
        max.add(value);
        texts.add(value);
        const after = [last.value(), list.get(), map.entries(), max.get(), texts.get()];
        out.collect({ key, text: JSON.stringify([before, after]) });
      },
    };
  };
}

/** The second stream multiplies what the first one's readings add up to, a timer forgets it. */
const shared: KeyedCoProcessFunction<Reading, Reading, string, Reading> = (runtime) => {
  const total = runtime.getState(new ValueStateDescriptor<number>("total"));
  return {
    processElement1: ({ value }, context) => {
      total.update((total.value() ?? 0) + value);
      context.timerService().registerEventTimeTimer(context.timestamp() + 45_000);
    },
    processElement2: ({ key, value }, _, out) =>
      out.collect({ key, value: (total.value() ?? 1_000) * value }),
    onTimer: (_, context, out) => {
      out.collect({ key: context.getCurrentKey(), value: -(total.value() ?? 0) });
      total.clear();
    },
  };
};

/** A timer by the clock for each reading; the first of a key tells how many there were. */
const countByTheClock: KeyedProcessFunction<Reading, string, Told> = (runtime) => {
  const count = runtime.getState(new ValueStateDescriptor<number>("count"));
  return {
    processElement: ({ value }, context) => {
      count.update((count.value() ?? 0) + 1);
      const timers = context.timerService();
      timers.registerProcessingTimeTimer(timers.currentProcessingTime() + 1_000 * (1 + value));
      timers.deleteProcessingTimeTimer(timers.currentProcessingTime() + 4_000);
    },
    onTimer: (time, context, out) =>
      out.collect({
        key: context.getCurrentKey(),
        text: `${count.value()} ${time} ${context.timeDomain()}`,
      }),
  };
};

/** All of them. */
export const stateCases: readonly OperatorCase[] = [
  caseOf("rolling reduce", (env) => {
    caseStream(env).keyBy("key").reduce(sum).sinkTo(readingsSink("out"));
  }),
  caseOf("state of all kinds", (env) => {
    caseStream(env).keyBy("key").process(states()).sinkTo(toldSink);
  }),
  caseOf("state that lives a minute after it was written", (env) => {
    caseStream(env).keyBy("key").process(states({ duration: "1m" })).sinkTo(toldSink);
  }),
  caseOf("state that lives half a minute after it was read", (env) => {
    const ttl: StateTtl = { duration: "30s", updateOn: "read-and-write" };
    caseStream(env).keyBy("key").process(states(ttl)).sinkTo(toldSink);
  }),
  caseOf("state that lives a minute by the clock", (env) => {
    const ttl: StateTtl = { duration: "1m", time: "processing" };
    caseStream(env).keyBy("key").process(states(ttl)).sinkTo(toldSink);
  }, { clockAtEnd: 60_000 }),
  caseOf("timers by the clock", (env) => {
    caseStream(env).keyBy("key").process(countByTheClock).sinkTo(toldSink);
  }, { clockAtEnd: 60_000 }),
  caseOf("connected streams", (env) => {
    const [first, second] = caseStreams(env);
    first.connect(second).map<Reading>({
      map1: (reading) => reading,
      map2: ({ key, value }) => ({ key, value: -value }),
    }).sinkTo(readingsSink("out"));
  }, twoTopics),
  caseOf("connected streams: flatMap, process", (env) => {
    const [first, second] = caseStreams(env);
    const repeated = first.connect(second).flatMap<Reading>({
      flatMap1: (reading) => [reading, reading],
      flatMap2: ({ value }) => value === 0 ? [] : [{ key: "second", value }],
    });
    repeated.connect(second).process<Reading>(() => ({
      processElement1: (reading, _, out) => out.collect(reading),
      processElement2: ({ key, value }, context, out) =>
        out.collect({ key, value: value + context.timestamp() }),
    })).sinkTo(readingsSink("out"));
  }, twoTopics),
  caseOf("connected keyed streams: shared state and timers", (env) => {
    const [first, second] = caseStreams(env);
    first.connect(second).keyBy("key", "key").process(shared).sinkTo(readingsSink("out"));
  }, twoTopics),
];
