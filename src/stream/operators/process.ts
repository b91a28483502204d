/** Runs process functions. */

import type { OperatorContext } from "../task_context.ts";
import type { Downstream, Operator } from "../topology.ts";
import type { KeyedProcessFunction, ProcessFunction } from "./functions.ts";
import { KeyedWork, Work } from "./work.ts";

/** Runs a {@linkcode ProcessFunction}. */
export function process<T, O>(open: ProcessFunction<T, O>) {
  return (_: OperatorContext, downstream: Downstream): Operator => {
    const logic = open();
    const work = new Work(downstream);
    return {
      process: (value, timestamp, key) => {
        work.begin(timestamp, key);
        logic.processElement(value as T, work, work);
      },
    };
  };
}

/** Runs a {@linkcode KeyedProcessFunction} under the given id. */
export function keyedProcess<T, K, O>(open: KeyedProcessFunction<T, K, O>, id: string) {
  return (context: OperatorContext, downstream: Downstream): Operator => {
    const work = new KeyedWork<K>(context, downstream, id);
    const logic = open(work);
    return {
      process: (value, timestamp, key) => {
        context.used();
        work.begin(timestamp, key);
        logic.processElement(value as T, work, work);
      },
      advance: (watermark) => {
        work.watermark = watermark;
        for (;;) {
          const timer = work.timers.takeDue(watermark);
          if (timer === null) return;
          work.begin(timer.timestamp, timer.key);
          logic.onTimer?.(timer.timestamp, work, work);
        }
      },
      lastTimer: () => work.timers.last,
      waits: () => work.timers.size > 0,
    };
  };
}
