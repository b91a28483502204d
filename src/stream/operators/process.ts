/** Runs process functions. */

import type { OperatorContext } from "../task_context.ts";
import type { Downstream, Operator } from "../topology.ts";
import type { KeyedProcessFunction, ProcessFunction } from "./functions.ts";
import { KeyedWork, Work } from "./work.ts";

/** Runs a {@linkcode ProcessFunction}. */
export function process<T, O>(open: ProcessFunction<T, O>) {
  return (context: OperatorContext, downstream: Downstream): Operator => {
    const logic = open();
    const work = new Work(context, downstream);
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
    const logic = work.open(open);
    return {
      process: (value, timestamp, key) => {
        context.used();
        work.begin(timestamp, key);
        logic.processElement(value as T, work, work);
      },
      ...work.following(logic),
    };
  };
}
