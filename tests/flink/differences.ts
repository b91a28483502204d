/** Where our engine differs from Flink by design: how, why, and what is compared all the same. */

import type { Element, Row } from "./reference.ts";

/** What the rows are of. */
export interface Where {
  /** The step of the end. */
  readonly end: number;
  /** How far our drain came: the largest time of what it gave out. */
  readonly drainedTo: number;
}

/** A difference by design. */
export interface Difference {
  readonly reason: string;
  /** What is left to be compared of the rows of either; default: all. */
  readonly adapt?: (rows: readonly Row[], where: Where) => readonly Row[];
  /** The inputs that are not compared; default: none. */
  readonly leavesOut?: (elements: readonly Element[]) => boolean;
  /** Whether the times of a step are compared in any order. */
  readonly timesInAnyOrder?: boolean;
}

const globalTime: Difference = {
  reason:
    "Flink gives results of global windows the largest time there is; here they have that of the " +
    "element or timer that fired them (semantics 2), so that what follows can use it",
  adapt: (rows) => rows.map((row) => ({ ...row, time: null })),
};

const mergedOrder: Difference = {
  reason:
    "Flink puts the lists of merged sessions one behind the other, in no stated order; here the " +
    "elements are in the order in which they came",
  adapt: (rows) => rows.map((row) => ({ ...row, text: row.text.split(" ").toSorted().join(" ") })),
};

const intervalsBelowZero: Difference = {
  reason:
    "Flink's intervals are cut off towards zero, so that below it they lie elsewhere; here they " +
    "are counted from the epoch below it, too",
  leavesOut: (elements) => elements.some(({ ts }) => ts < 0),
};

const pairOrder: Difference = {
  reason:
    "Flink keeps what waits for a join in a hash map, so that the pairs of an element come in no " +
    "stated order; here by the time of what it meets, then by its arrival",
  adapt: (rows) => rows.toSorted((a, b) => a.step - b.step || a.text.localeCompare(b.text)),
};

const watermarkAtEnd = ({ end }: Where) => (row: Row): Row =>
  row.step < end ? row : { ...row, text: row.text.replace(/ at .*/, "") };

const timers: Difference = {
  reason:
    "Flink ends with a watermark of the largest time there is, and calls what timers set on their " +
    "last call, for ever if they always set one; a drain comes to the last timer that is set at its " +
    "start (semantics 11). Timers of the same time come in no stated order of keys in Flink, here by " +
    "key: what one sets below that time comes in between",
  adapt: (rows, where) =>
    rows.filter(({ step, time }) => step < where.end || time! <= where.drainedTo)
      .map(watermarkAtEnd(where)),
  timesInAnyOrder: true,
};

/** By scenario. */
export const differences: Readonly<Record<string, Difference>> = {
  aggregate: {
    reason:
      "Flink ends with a watermark of the largest time there is; a drain moves it to the highest " +
      "end that fires, less one (semantics 11)",
    adapt: (rows, where) => rows.map(watermarkAtEnd(where)),
  },
  "global-count": globalTime,
  "global-purging-count": globalTime,
  "count-window": globalTime,
  "interval-join": pairOrder,
  "interval-join-late": pairOrder,
  "interval-join-exclusive": pairOrder,
  "interval-join-before": pairOrder,
  "interval-join-behind": pairOrder,
  "session-lateness": mergedOrder,
  "session-dynamic": mergedOrder,
  "session-count": mergedOrder,
  "session-continuous": {
    ...mergedOrder,
    ...intervalsBelowZero,
    reason:
      `${mergedOrder.reason}. ${intervalsBelowZero.reason}. What fires at the same time comes in ` +
      "no stated order of keys in Flink, here by key",
    timesInAnyOrder: true,
  },
  "session-purging": mergedOrder,
  "sliding-count": {
    reason:
      "Flink hands an element to the latest of its windows first, here the earliest comes first: " +
      "what fires together comes out by time",
    adapt: (rows) => rows.toSorted((a, b) => a.step - b.step || a.time! - b.time!),
  },
  "tumbling-continuous": intervalsBelowZero,
  "sliding-gaps": {
    reason:
      "an element between the windows belongs to none, so that none is closed to it: it counts as " +
      "filtered (semantics 21); Flink drops it in time, and calls it late where it is behind",
    adapt: (rows) => rows.filter(({ output, time }) => output !== "late" || !isBetween(time!)),
  },
  timers,
  "timers-no-delay": timers,
};

/** Whether no window of 30 that begins every 50 has this time. */
function isBetween(time: number): boolean {
  return time - Math.floor(time / 50) * 50 >= 30;
}
