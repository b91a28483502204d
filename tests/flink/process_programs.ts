/** The jobs of `reference/.../ProcessScenarios.java`, in our words. */

import { OutputTag } from "../../src/stream/output_tag.ts";
import {
  type KeyedProcessFunction,
  ValueStateDescriptor,
} from "../../src/stream/operators/functions.ts";
import { type Element, type Program, type Result, watermarkText } from "./reference.ts";

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
  "side-outputs": (stream, collect) => {
    const even = stream.keyBy("key").process(split);
    collect(even, "out");
    collect(even.getSideOutput(odd), "odd");
    collect(even.getSideOutput(large), "large");
  },
};
