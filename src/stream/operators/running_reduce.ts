/** Running totals over a key's windows, put right when a window is corrected (semantics 6). */

import { assert } from "../../base/errors.ts";
import { ValueTable } from "../state/value_table.ts";
import type { OperatorContext } from "../task/task_context.ts";
import type { Downstream, Operator } from "../topology.ts";
import type { ClosedBy, Window } from "../windows/window.ts";

/** The settings of a running reduce. */
export interface RunningReduceConfig<T> {
  readonly id: string;
  /** That of the windows it follows, in milliseconds. */
  readonly allowedLateness: number;
  readonly reduce: (a: T, b: T) => T;
}

/** What is kept of a key: the total of all settled windows, and the parts that may yet change. */
interface Totals<T> {
  readonly settled: T | null;
  /** Start, end and part of each window that may yet be corrected, earliest first. */
  readonly parts: readonly (readonly [start: number, end: number, part: T])[];
}

/** Builds the operator of a {@linkcode RunningReduceConfig}; it follows a window operator. */
export function runningReduce<T>(config: RunningReduceConfig<T>) {
  return (context: OperatorContext, downstream: Downstream): Operator =>
    new RunningReduce(config, context, downstream);
}

class RunningReduce<T> implements Operator {
  readonly #table: ValueTable<Totals<T>>;
  /** The earliest end of a part that is not settled. */
  #nextEnd = Number.NEGATIVE_INFINITY;

  constructor(
    readonly config: RunningReduceConfig<T>,
    readonly context: OperatorContext,
    readonly downstream: Downstream,
  ) {
    this.#table = context.state.add(new ValueTable<Totals<T>>(), {
      name: config.id,
      shape: "running totals",
    });
  }

  readonly process = (value: unknown, _: number, key: string): void => {
    const { window, closedBy } = this.context;
    assert(window !== null && closedBy !== null, "running totals are of windows");
    const part = value as T;
    const totals = this.#table.get(key) ?? { settled: null, parts: [] };
    if (this.config.allowedLateness === 0) {
      const total = this.#add(totals.settled, part);
      this.#table.set(key, { settled: total, parts: [] });
      this.downstream.emit(total, window.end - 1, key);
      return;
    }
    const parts = totals.parts.filter(([start]) => start !== window.start);
    parts.push([window.start, window.end, part]);
    parts.sort((a, b) => a[1] - b[1]);
    this.#table.set(key, { settled: totals.settled, parts });
    this.#nextEnd = Math.min(this.#nextEnd, window.end);
    this.#give({ settled: totals.settled, parts }, window, { key, closedBy });
  };

  /** Gives out the total at `window` and, for a correction, at every later window of the key. */
  #give(totals: Totals<T>, window: Window, { key, closedBy }: { key: string; closedBy: ClosedBy }) {
    let total = totals.settled;
    for (const [start, end, part] of totals.parts) {
      total = this.#add(total, part);
      if (end < window.end) continue;
      this.context.window = { start, end };
      this.context.closedBy = closedBy;
      this.downstream.emit(total, end - 1, key);
    }
  }

  #settle(settled: T | null, parts: Totals<T>["parts"]): T | null {
    return parts.reduce<T | null>((total, [, , part]) => this.#add(total, part), settled);
  }

  #add(total: T | null, part: T): T {
    return total === null ? part : this.config.reduce(total, part);
  }

  /** Settles the parts of windows that take no more records. */
  advance(watermark: number): void {
    const { allowedLateness } = this.config;
    if (allowedLateness === 0 || watermark < this.#nextEnd - 1 + allowedLateness) return;
    this.#nextEnd = Number.POSITIVE_INFINITY;
    for (const [key, { settled, parts }] of this.#table.entries()) {
      const open = parts.filter(([, end]) => end - 1 + allowedLateness > watermark);
      if (open.length > 0) this.#nextEnd = Math.min(this.#nextEnd, open[0]![1]);
      if (open.length === parts.length) continue;
      const total = this.#settle(settled, parts.slice(0, parts.length - open.length));
      this.#table.set(key, { settled: total, parts: open });
    }
  }
}
