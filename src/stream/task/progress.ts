/** How far event time has come: one value, and one pure function for the minimum (semantics 3, 8, 9). */

/** The watermark before the first record. */
export const noWatermark = Number.NEGATIVE_INFINITY;

/** How far one input partition has come. */
export interface Progress {
  /** The next offset to read. */
  readonly position: number;
  /** No record at or below this event time is expected any more, in milliseconds. */
  readonly watermark: number;
  /** Whether the partition has been silent so long that it holds nothing back (semantics 8). */
  readonly idle: boolean;
}

/**
 * The watermark of a task: the minimum over its partitions that are not idle (semantics 3), or null
 * when all of them are, for then the flow of time decides (semantics 9).
 */
export function minimumWatermark(inputs: readonly Progress[]): number | null {
  let minimum: number | null = null;
  for (const { idle, watermark } of inputs) {
    if (!idle && (minimum === null || watermark < minimum)) minimum = watermark;
  }
  return minimum;
}

/** What semantics 8 looks at to judge one partition. */
export interface Silence {
  /** Whether nothing readable is left in the partition. */
  readonly caughtUp: boolean;
  /** The clock when a record last moved or confirmed the watermark, or when the task started. */
  readonly lastRecordAt: number;
  /** Milliseconds of silence that make a partition idle. */
  readonly idleTimeout: number;
}

/** Whether a partition is idle at the clock's time `now` (semantics 8). */
export function isIdle(silence: Silence, now: number): boolean {
  return silence.caughtUp && now - silence.lastRecordAt >= silence.idleTimeout;
}

/** The newest record over all partitions of a task, and when it arrived. */
export interface NewestRecord {
  readonly timestamp: number;
  /** The clock at its arrival; counted anew after a restart. */
  readonly arrivedAt: number;
}

/**
 * The watermark of a task whose partitions are all idle (semantics 9): time is taken to flow on at
 * its real rate from the newest record.
 *
 * @param margin the larger of idle time-out and out-of-orderness, in milliseconds.
 */
export function silenceWatermark(newest: NewestRecord, now: number, margin: number): number {
  return Math.min(now, newest.timestamp + (now - newest.arrivedAt)) - margin;
}
