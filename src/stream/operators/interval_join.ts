/** Joins two keyed streams whose elements lie near each other in event time, as Flink does. */

import { formatDuration } from "../../base/duration.ts";
import { BufferTable } from "../state/buffer_table.ts";
import type { OperatorContext } from "../task_context.ts";
import type { Downstream, Operator } from "../topology.ts";
import type { Collector, ProcessContext } from "./functions.ts";
import { Work } from "./work.ts";
import { LateElements } from "./late_elements.ts";

/** Where a join function is in the stream. */
export interface ProcessJoinContext extends ProcessContext {
  /** The larger of both event times: that of what is given out. */
  timestamp(): number;
  /** The event time of the left element, in milliseconds. */
  leftTimestamp(): number;
  /** The event time of the right element, in milliseconds. */
  rightTimestamp(): number;
}

/** The logic of a join function in one task. */
export interface ProcessJoinLogic<L, R, O> {
  /** Called for each pair, as soon as the second of the two has come. */
  processElement(left: L, right: R, context: ProcessJoinContext, out: Collector<O>): void;
}

/** Called when a task starts; returns the logic that the task calls. */
export type ProcessJoinFunction<L, R, O> = () => ProcessJoinLogic<L, R, O>;

/** The settings of an interval join, both bounds in it. */
export interface IntervalJoinConfig<L, R, O> {
  readonly id: string;
  /** How far behind the left element's time the right one's may be at least; in milliseconds. */
  readonly lower: number;
  /** How far behind the left element's time the right one's may be at most; in milliseconds. */
  readonly upper: number;
  /** The tags that take late elements; null: the late topic takes their records. */
  readonly leftLateTag: string | null;
  readonly rightLateTag: string | null;
  readonly open: ProcessJoinFunction<L, R, O>;
}

/** Builds the operator of an {@linkcode IntervalJoinConfig}. */
export function intervalJoin<L, R, O>(config: IntervalJoinConfig<L, R, O>) {
  return (context: OperatorContext, downstream: Downstream): Operator =>
    new IntervalJoin(config, context, downstream);
}

/** One of the two inputs: what waits there, and which of the others its elements meet. */
interface Side {
  readonly buffer: BufferTable<unknown>;
  readonly late: LateElements;
  /** An element at t meets those of the other side in [t + from, t + to]. */
  readonly from: number;
  readonly to: number;
  /** An element at t is kept until the watermark has come to t + keep. */
  readonly keep: number;
}

class IntervalJoin<L, R, O> implements Operator {
  readonly #left: Side;
  readonly #right: Side;
  readonly #logic: ProcessJoinLogic<L, R, O>;
  readonly #work: JoinWork;

  constructor(
    config: IntervalJoinConfig<L, R, O>,
    readonly context: OperatorContext,
    downstream: Downstream,
  ) {
    const { id, lower, upper } = config;
    // Under narrower bounds elements were let go that wider ones need.
    const shape = `interval [${formatDuration(lower)}, ${formatDuration(upper)}]`;
    const side = (
      name: string,
      { from, to, tag }: Pick<Side, "from" | "to"> & { readonly tag: string | null },
    ): Side => {
      const buffer = context.state.add(new BufferTable(), { name: `${id}/${name}`, shape });
      const late = new LateElements(context, downstream, { tag });
      return { from, to, buffer, late, keep: Math.max(0, to) };
    };
    this.#left = side("left", { tag: config.leftLateTag, from: lower, to: upper });
    this.#right = side("right", { tag: config.rightLateTag, from: -upper, to: -lower });
    this.#logic = config.open();
    this.#work = new JoinWork(context, downstream);
  }

  readonly process = (value: unknown, timestamp: number, key: string): void => {
    const { from, to } = this.#left;
    if (!this.#take(this.#left, value, timestamp, key)) return;
    for (const other of this.#right.buffer.between(key, timestamp + from, timestamp + to)) {
      this.#work.beginPair(key, timestamp, other.timestamp);
      this.#logic.processElement(value as L, other.value as R, this.#work, this.#work);
    }
  };

  readonly processSecond = (value: unknown, timestamp: number, key: string): void => {
    const { from, to } = this.#right;
    if (!this.#take(this.#right, value, timestamp, key)) return;
    for (const other of this.#left.buffer.between(key, timestamp + from, timestamp + to)) {
      this.#work.beginPair(key, other.timestamp, timestamp);
      this.#logic.processElement(other.value as L, value as R, this.#work, this.#work);
    }
  };

  /** Keeps an element for those that it may meet; false if it is late. */
  #take(side: Side, value: unknown, timestamp: number, key: string): boolean {
    const { context } = this;
    if (timestamp < context.watermark) {
      // The times at which it could have met others.
      const span = { start: timestamp + side.from, end: timestamp + side.to + 1 };
      side.late.take(span, { value, timestamp, key });
      return false;
    }
    context.used();
    side.buffer.add(key, { timestamp, value });
    return true;
  }

  /** Lets go what nobody can meet any more. */
  advance(watermark: number): void {
    for (const { buffer, keep } of [this.#left, this.#right]) buffer.removeUpTo(watermark - keep);
  }
}

/** What a join function sees while it works on a pair. */
class JoinWork extends Work implements ProcessJoinContext {
  #left = 0;
  #right = 0;

  beginPair(key: string, left: number, right: number): void {
    this.begin(Math.max(left, right), key);
    this.#left = left;
    this.#right = right;
  }

  leftTimestamp(): number {
    return this.#left;
  }

  rightTimestamp(): number {
    return this.#right;
  }
}
