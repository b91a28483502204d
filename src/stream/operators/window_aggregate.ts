/** Windows of event time that keep one accumulator a key (semantics 1, 4, 5, 6). */

import { formatDuration } from "../../base/duration.ts";
import { type WindowSlot, WindowTable } from "../state/window_table.ts";
import type { OperatorContext } from "../task/task_context.ts";
import type { Downstream, Operator } from "../topology.ts";
import type { ClosedBy, Window, WindowAssigner } from "../windows/window.ts";
import type { AggregateFunction } from "./aggregate_function.ts";
import { listOpenWindows, type OpenWindows } from "../windows/open_windows.ts";
import { LateElements } from "./late_elements.ts";
import type { Firing, WindowOutput, WindowOutputBuilder } from "./window_function.ts";

/** How the elements of a window become one value. */
export interface WindowFold<T, A, R> {
  /** The accumulator of a first element. */
  first(value: T): A;
  add(accumulator: A, value: T): A;
  result(accumulator: A): R;
  merge(a: A, b: A): A;
}

/** Elements are combined with each other. */
export function reducing<T>(reduce: (a: T, b: T) => T): WindowFold<T, T, T> {
  const same = (value: T) => value;
  return { first: same, add: reduce, result: same, merge: reduce };
}

/** Elements are added up in an accumulator. */
export function aggregating<T, A, R>(
  aggregate: AggregateFunction<T, A, R>,
): WindowFold<T, A, R> {
  return {
    first: (value) => aggregate.add(value, aggregate.createAccumulator()),
    add: (accumulator, value) => aggregate.add(value, accumulator),
    result: (accumulator) => aggregate.getResult(accumulator),
    merge: (a, b) => aggregate.merge(a, b),
  };
}

/** The settings of a window operator. */
export interface WindowAggregateConfig<T, A, R> {
  readonly id: string;
  /** Windows that do not merge, each known by its start alone. */
  readonly assigner: WindowAssigner<never>;
  /** Milliseconds that a fired window still takes records. */
  readonly allowedLateness: number;
  /** The tag that takes late elements; null: the late topic takes their records. */
  readonly lateTag: string | null;
  readonly fold: WindowFold<T, A, R>;
  readonly output: WindowOutputBuilder<R>;
}

/** Builds the operator of a {@linkcode WindowAggregateConfig}: it fires at the windows' ends. */
export function windowAggregate<T, A, R>(config: WindowAggregateConfig<T, A, R>) {
  return (context: OperatorContext, downstream: Downstream): Operator =>
    new WindowAggregate(config, context, downstream);
}

/** One element on its way into a window. */
interface Arrival<T> {
  readonly value: T;
  readonly key: string;
  /** Whether the window is the one that its record counts to as held (semantics 21). */
  readonly held: boolean;
}

class WindowAggregate<T, A, R> implements Operator {
  readonly #table: WindowTable<A>;
  readonly #late: LateElements;
  readonly #output: WindowOutput<R>;
  /** The end of the next window to fire, or to let go; a look at the table is needed from there on. */
  #nextEnd = Number.NEGATIVE_INFINITY;
  readonly tick?: (now: number) => void;

  constructor(
    readonly config: WindowAggregateConfig<T, A, R>,
    readonly context: OperatorContext,
    downstream: Downstream,
  ) {
    // A window let go under a smaller lateness would fire anew with its late records alone.
    const lateness = formatDuration(config.allowedLateness);
    const shape = `${config.assigner.description}, allowed lateness ${lateness}`;
    this.#table = context.state.add(new WindowTable<A>(), { name: config.id, shape });
    this.#late = new LateElements(context, downstream, { tag: config.lateTag });
    this.#output = config.output(context, downstream);
    if (this.#output.tick !== undefined) this.tick = this.#output.tick;
  }

  readonly process = (value: unknown, timestamp: number, key: string): void => {
    const { assigner, allowedLateness } = this.config;
    const { context } = this;
    const { watermark } = context;
    const windows = assigner.assign(timestamp, value as never);
    const last = windows[windows.length - 1];
    if (last === undefined) return;
    if (last.end - 1 + allowedLateness <= watermark) {
      this.#late.take(last, { value, timestamp, key });
      return;
    }
    // The record waits for the last of its windows that is open.
    const isHeld = context.held();
    if (isHeld && last.end - 1 <= watermark) context.released(1);
    for (const window of windows) {
      const isLast = window === last;
      if (!isLast && window.end - 1 + allowedLateness <= watermark) continue;
      this.#take(window, { value: value as T, key, held: isHeld && isLast });
    }
  };

  #take(window: Window, { value, key, held }: Arrival<T>): void {
    const { fold } = this.config;
    let slot = this.#table.get(window, key);
    if (slot === undefined) {
      slot = this.#table.insert(window, key, fold.first(value));
      if (window.end < this.#nextEnd) this.#nextEnd = window.end;
    } else {
      slot.accumulator = fold.add(slot.accumulator, value);
      this.#table.touch(slot);
    }
    const { watermark } = this.context;
    if (window.end - 1 <= watermark) {
      this.#give(slot, { window, closedBy: "correction", passed: watermark });
    } else if (held) slot.held++;
  }

  advance(watermark: number, closedBy: ClosedBy): void {
    this.#output.approach?.(watermark);
    if (watermark >= this.#nextEnd - 1) this.#fireDue(watermark, closedBy);
    this.#output.advance?.(watermark);
  }

  /** Fires what is due, by (end, key bytes), and lets go what takes no more records. */
  #fireDue(watermark: number, closedBy: ClosedBy): void {
    const { allowedLateness } = this.config;
    const { context } = this;
    const before = context.watermark;
    this.#nextEnd = Number.POSITIVE_INFINITY;
    for (const window of this.#table.windows()) {
      const fires = window.end - 1 <= watermark;
      if (fires && window.end - 1 > before) this.#fire(window, closedBy);
      const ends = window.end + allowedLateness;
      if (ends - 1 <= watermark) this.#letGo(window);
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
      this.#give(slot, { window, closedBy, passed: window.end - 1 });
    }
  }

  #give(
    { key, accumulator }: WindowSlot<A>,
    firing: Pick<Firing, "window" | "closedBy" | "passed">,
  ): void {
    const { window, closedBy, passed } = firing;
    const contents = this.config.fold.result(accumulator);
    this.#output.give(contents, { window, closedBy, passed, key, timestamp: window.end - 1 });
  }

  #letGo(window: Window): void {
    const { letGo } = this.#output;
    if (letGo !== undefined) {
      for (const { key } of this.#table.slots(window)) letGo(window, key);
    }
    this.#table.remove(window);
  }

  lastOpenEnd(): number | null {
    const last = this.#table.windows().at(-1);
    return last === undefined || last.end - 1 <= this.context.watermark ? null : last.end;
  }

  openWindows(limit: number): OpenWindows {
    const { watermark } = this.context;
    const { endsBy } = this.config.assigner;
    const open = this.#table.sizes().filter(({ window }) => window.end - 1 > watermark);
    return listOpenWindows(open, { limit, endsBy });
  }

  waits(): boolean {
    return this.lastOpenEnd() !== null;
  }
}
