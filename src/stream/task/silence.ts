/** What a silence of all inputs does to a task's event time, and when (semantics 9). */

import type { InputProgress } from "./input_progress.ts";
import { type NewestRecord, noWatermark } from "./progress.ts";

type Input = Pick<InputProgress, "source" | "idleAt" | "idleFrom">;

/** How far behind the clock silence leaves the watermark, in milliseconds; null where it moves nothing. */
export function silenceMargin(streams: readonly Input[]): number | null {
  const strategies = streams.map(({ source }) => source.watermarks);
  const closes = strategies.every((strategy) => strategy.closesOnSilence);
  if (strategies.length === 0 || !closes) return null;
  return Math.max(
    ...strategies.map((strategy) => Math.max(strategy.idleTimeout, strategy.outOfOrderness)),
  );
}

/**
 * When silence brings the watermark to `end - 1` if nothing comes any more, on the job's clock; null
 * where it does not, or nobody can tell yet. The inverse of `silenceWatermark`.
 *
 * @param options `end`: the first time behind a window.
 */
export function silenceAt(
  streams: readonly Input[],
  { end, newest: { timestamp, arrivedAt }, now }: {
    readonly end: number;
    readonly newest: NewestRecord;
    readonly now: number;
  },
): number | null {
  const margin = silenceMargin(streams);
  if (margin === null || timestamp === noWatermark) return null;
  const due = end - 1 + margin;
  let at = Math.max(due, due - timestamp + arrivedAt);
  for (const input of streams) {
    const idleAt = input.idleFrom(now) ?? input.idleAt;
    if (idleAt === null) return null;
    at = Math.max(at, idleAt);
  }
  return at;
}
