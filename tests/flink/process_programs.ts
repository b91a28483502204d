/** The jobs of `reference/.../ProcessScenarios.java`, in our words. */

import { OutputTag } from "../../src/stream/output_tag.ts";
import {
  AggregatingStateDescriptor,
  type KeyedProcessFunction,
  ListStateDescriptor,
  MapStateDescriptor,
  ReducingStateDescriptor,
  ValueStateDescriptor,
} from "../../src/stream/operators/functions.ts";
import { type Element, type Program, type Result, watermarkText } from "./reference.ts";
import { add, asResults, mean } from "./window_programs.ts";

const timers: KeyedProcessFunction<Element, string, Result> = (runtime) => {
  const fired = runtime.getState(new ValueStateDescriptor<number>("fired"));
  return {
    processElement: ({ key, value }, context, out) => {
      const service = context.timerService();
      const ts = context.timestamp();
      const hundred = Math.floor(ts / 100) * 100 + 100;
      const kind = value % 7;
      if (kind === 0 || kind === 5) service.registerEventTimeTimer(ts + 50);
      if (kind === 1) service.registerEventTimeTimer(ts);
      if (kind === 2) service.registerEventTimeTimer(ts - 100);
      if (kind === 3) service.deleteEventTimeTimer(hundred);
      if (kind === 4 || kind === 5) service.registerEventTimeTimer(hundred);
      const at = watermarkText(service.currentWatermark());
      out.collect({ key, text: `element ${value} at ${at}` });
    },
    onTimer: (time, context, out) => {
      const count = (fired.value() ?? 0) + 1;
      fired.update(count);
      const service = context.timerService();
      const at = watermarkText(service.currentWatermark());
      out.collect({ key: context.getCurrentKey(), text: `timer ${count} at ${at}` });
      if (count % 3 === 1) service.registerEventTimeTimer(time + 70);
      if (count % 3 === 2) service.registerEventTimeTimer(time - 1);
    },
  };
};

const states: KeyedProcessFunction<Element, string, Result> = (runtime) => {
  const sum = runtime.getState(new ValueStateDescriptor<number>("sum"));
  const list = runtime.getListState(new ListStateDescriptor<number>("list"));
  const map = runtime.getMapState(new MapStateDescriptor<string, number>("map"));
  const max = runtime.getReducingState(new ReducingStateDescriptor("max", Math.max));
  const average = runtime.getAggregatingState(new AggregatingStateDescriptor("mean", mean));
  const clears: readonly ((element: Element, name: string) => void)[] = [
    () => sum.clear(),
    () => list.clear(),
    (_, name) => map.remove(name),
    () => {
      max.clear();
      average.clear();
    },
    ({ value, ts }) => list.update([value, ts]),
    () => map.clear(),
  ];
  const addAll = (element: Element, name: string) => {
    const { value } = element;
    sum.update((sum.value() ?? 0) + value);
    list.add(value);
    map.put(name, (map.get(name) ?? 0) + value);
    max.add(value);
    average.add(element);
  };
  return {
    processElement: (element, _, out) => {
      const { key, value, ts } = element;
      const change = ts % 2 === 0 ? clears[value] ?? addAll : addAll;
      change(element, `k${ts - Math.floor(ts / 3) * 3}`);
      const entries = map.entries().map(([name, value]) => `${name}=${value}`);
      const text = `sum ${sum.value() ?? "-"}, list ${list.get().join(" ") || "-"}, ` +
        `map ${entries.join(" ") || "-"}, max ${max.get() ?? "-"}, mean ${average.get() ?? "-"}`;
      out.collect({ key, text });
    },
  };
};

const odd = new OutputTag<Result>("odd");
const large = new OutputTag<Result>("large");

const split: KeyedProcessFunction<Element, string, Result> = () => ({
  processElement: ({ key, value }, context, out) => {
    const result = { key, text: String(value) };
    if (value % 2 === 0) out.collect(result);
    else context.output(odd, result);
    if (value > 6) context.output(large, result);
  },
});

const withTimers: Program = (stream, collect) =>
  collect(stream.keyBy("key").process(timers), "out");

/** By scenario. */
export const processPrograms: Readonly<Record<string, Program>> = {
  timers: withTimers,
  "timers-no-delay": withTimers,
  states: (stream, collect) => collect(stream.keyBy("key").process(states), "out"),
  "rolling-reduce": (stream, collect) => collect(asResults(stream.keyBy("key").reduce(add)), "out"),
  "side-outputs": (stream, collect) => {
    const even = stream.keyBy("key").process(split);
    collect(even, "out");
    collect(even.getSideOutput(odd), "odd");
    collect(even.getSideOutput(large), "large");
  },
};
