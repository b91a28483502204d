/** What the elements of a key have come to, told with each of them. */

import { ValueTable } from "../state/value_table.ts";
import type { OperatorContext } from "../task_context.ts";
import type { Downstream, Operator } from "../topology.ts";

/** The settings of a rolling reduce. */
export interface RollingReduceConfig<T> {
  readonly id: string;
  readonly reduce: (a: T, b: T) => T;
}

/** Builds the operator of a {@linkcode RollingReduceConfig}. */
export function rollingReduce<T>({ id, reduce }: RollingReduceConfig<T>) {
  return (context: OperatorContext, { emit }: Downstream): Operator => {
    const table = context.state.add(new ValueTable<T>(), { name: id, shape: "rolling reduce" });
    return {
      process: (value, timestamp, key) => {
        context.used();
        const before = table.get(key);
        const total = before === undefined ? value as T : reduce(before, value as T);
        table.set(key, total);
        emit(total, timestamp, key);
      },
    };
  };
}
