/** What a silence of all inputs does to a task's event time, and when (semantics 9). */

import type { InputProgress } from "./input_progress.ts";
import { type NewestRecord, noWatermark } from "./progress.ts";

type Input = Pick<InputProgress, "source" | "watermark" | "idleAt" | "idleFrom">;

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
 * where it does not, or nobody can tell yet. As long as an input that is further is not idle, it is
 * enough that those behind it are (semantics 8); once all are, `silenceWatermark` decides, and this is
 * its inverse.
 *
 * @param options `end`: the first time behind a window that is open.
 */
export function silenceAt(
  streams: readonly Input[],
  { end, newest: { timestamp, arrivedAt }, now }: {
    readonly end: number;
    readonly newest: NewestRecord;
    readonly now: number;
  },
): number | null {
  let [behindUntil, aheadUntil] = [noWatermark, noWatermark];
  for (const input of streams) {
    const idleAt = input.idleFrom(now) ?? input.idleAt ?? Number.POSITIVE_INFINITY;
    if (input.watermark < end - 1) behindUntil = Math.max(behindUntil, idleAt);
    else aheadUntil = Math.max(aheadUntil, idleAt);
  }
  if (behindUntil < aheadUntil) return behindUntil;
  const margin = silenceMargin(streams);
  if (behindUntil === Number.POSITIVE_INFINITY || margin === null || timestamp === noWatermark) {
    return null;
  }
  const due = end - 1 + margin;
  return Math.max(behindUntil, due, due - timestamp + arrivedAt);
}
