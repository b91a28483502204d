/** Functions that turn what a window gives out into results. */

import type { OperatorContext } from "../task_context.ts";
import type { Downstream, Operator } from "../topology.ts";
import type { ClosedBy, Window } from "../window.ts";
import type { Collector, RuntimeContext } from "./functions.ts";
import { KeyedWork } from "./work.ts";

/** Where a window function is in the stream. */
export interface ProcessWindowContext {
  readonly window: Window;
  readonly closedBy: ClosedBy;
}

/** The logic of a process window function in one task. */
export interface ProcessWindowLogic<T, K, O> {
  /** Called when a window of a key fires, with the window's result. */
  process(key: K, context: ProcessWindowContext, value: T, out: Collector<O>): void;
}

/**
 * Called when a task starts, to take hold of its state (Flink's globalState: it belongs to the key
 * and outlives the window). A re-fire within the allowed lateness calls it again: use `runningReduce`
 * where totals must be corrected.
 */
export type ProcessWindowFunction<T, K, O> = (
  runtime: RuntimeContext,
) => ProcessWindowLogic<T, K, O>;

/** Runs a {@linkcode ProcessWindowFunction} behind a window operator, under the given id. */
export function processWindow<T, K, O>(open: ProcessWindowFunction<T, K, O>, id: string) {
  return (context: OperatorContext, downstream: Downstream): Operator => {
    const work = new KeyedWork<K>(context, downstream, id);
    const logic = open(work);
    return {
      process: (value, timestamp, key) => {
        const { window, closedBy } = context;
        if (window === null || closedBy === null) return;
        work.begin(timestamp, key);
        logic.process(work.getCurrentKey(), { window, closedBy }, value as T, work);
      },
    };
  };
}
