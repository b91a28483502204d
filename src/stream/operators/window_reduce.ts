/** Windows that keep one reduced value a key (semantics 1, 4, 5, 6). */

import { formatDuration } from "../../base/duration.ts";
import { WindowTable } from "../state/window_table.ts";
import type { OperatorContext } from "../task_context.ts";
import type { Downstream, Operator } from "../topology.ts";
import type { ClosedBy, Window, WindowAssigner } from "../window.ts";

/** The settings of a window operator. */
export interface WindowReduceConfig<T> {
  readonly id: string;
  readonly assigner: WindowAssigner;
  /** Milliseconds that a fired window still takes records. */
  readonly allowedLateness: number;
  /** The tag that takes late elements; null: the late topic takes their records. */
  readonly lateTag: string | null;
  readonly reduce: (a: T, b: T) => T;
}

/** Builds the operator of a {@linkcode WindowReduceConfig}. */
export function windowReduce<T>(config: WindowReduceConfig<T>) {
  return (context: OperatorContext, downstream: Downstream): Operator =>
    new WindowReduce(config, context, downstream);
}

class WindowReduce<T> implements Operator {
  readonly #table: WindowTable<T>;
  /** The tag that takes late elements; one that nobody takes is none, for nothing may get lost. */
  readonly #lateTag: string | null;
  /** The end of the next window to fire, or to let go; a look at the table is needed from there on. */
  #nextEnd = Number.NEGATIVE_INFINITY;

  constructor(
    readonly config: WindowReduceConfig<T>,
    readonly context: OperatorContext,
    readonly downstream: Downstream,
  ) {
    // A window let go under a smaller lateness would fire anew with its late records alone.
    const lateness = formatDuration(config.allowedLateness);
    const shape = `${config.assigner.description}, allowed lateness ${lateness}`;
    this.#table = context.state.add(new WindowTable<T>(), { name: config.id, shape });
    const { lateTag } = config;
    this.#lateTag = lateTag !== null && downstream.takes(lateTag) ? lateTag : null;
  }

  readonly process = (value: unknown, timestamp: number, key: string): void => {
    const { assigner, allowedLateness } = this.config;
    const { watermark } = this.context;
    let taken = false;
    let latest: Window | null = null;
    for (const window of assigner.assign(timestamp)) {
      latest = window;
      if (window.end - 1 + allowedLateness <= watermark) continue;
      taken = true;
      this.#take(window, key, value as T);
    }
    if (!taken && latest !== null) this.#late(latest, value, timestamp, key);
  };

  #take(window: Window, key: string, value: T): void {
    const { context } = this;
    let slot = this.#table.get(window, key);
    if (slot === undefined) {
      slot = this.#table.insert(window, key, value);
      if (window.end < this.#nextEnd) this.#nextEnd = window.end;
    } else {
      slot.accumulator = this.config.reduce(slot.accumulator, value);
      this.#table.touch(slot);
    }
    if (window.end - 1 <= context.watermark) {
      if (context.held()) context.released(1);
      this.#give(window, slot.accumulator, { key, closedBy: "correction" });
    } else if (context.held()) {
      slot.held++;
    }
  }

  #late(window: Window, value: unknown, timestamp: number, key: string): void {
    const { context } = this;
    context.late(window, { forward: this.#lateTag === null });
    if (this.#lateTag === null) return;
    const { window: outerWindow, closedBy: outerClosedBy } = context;
    context.window = window;
    context.closedBy = null;
    this.downstream.emitTo(this.#lateTag, value, timestamp, key);
    context.window = outerWindow;
    context.closedBy = outerClosedBy;
  }

  /** Fires what is due, by (end, key bytes), and lets go what takes no more records. */
  advance(watermark: number, closedBy: ClosedBy): void {
    if (watermark < this.#nextEnd - 1) return;
    const { allowedLateness } = this.config;
    const { context } = this;
    const before = context.watermark;
    this.#nextEnd = Number.POSITIVE_INFINITY;
    for (const window of this.#table.windows()) {
      const fires = window.end - 1 <= watermark;
      if (fires && window.end - 1 > before) this.#fire(window, closedBy);
      const ends = window.end + allowedLateness;
      if (ends - 1 <= watermark) this.#table.remove(window);
      else this.#nextEnd = Math.min(this.#nextEnd, fires ? ends : window.end);
    }
  }

  #fire(window: Window, closedBy: ClosedBy): void {
    for (const slot of this.#table.slots(window)) {
      if (slot.held > 0) {
        this.context.released(slot.held);
        slot.held = 0;
        this.#table.touch(slot);
      }
      this.#give(window, slot.accumulator, { key: slot.key, closedBy });
    }
  }

  #give(window: Window, result: T, { key, closedBy }: { key: string; closedBy: ClosedBy }): void {
    const { context } = this;
    // What comes in may itself be the result of a window, and others take it after this operator.
    const { window: outerWindow, closedBy: outerClosedBy } = context;
    context.window = window;
    context.closedBy = closedBy;
    this.downstream.emit(result, window.end - 1, key);
    context.window = outerWindow;
    context.closedBy = outerClosedBy;
  }

  lastOpenEnd(): number | null {
    const last = this.#table.windows().at(-1);
    return last === undefined || last.end - 1 <= this.context.watermark ? null : last.end;
  }

  waits(): boolean {
    return this.lastOpenEnd() !== null;
  }
}
