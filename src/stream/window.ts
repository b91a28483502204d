/** Windows of event time (semantics 1). */

import { type Duration, formatDuration, parseDuration } from "../base/duration.ts";
import { FlightsError } from "../base/errors.ts";

/** A span of event time: `start` is in it, `end` is not. Both in milliseconds since the Unix epoch. */
export interface Window {
  readonly start: number;
  readonly end: number;
}

/** Why a result was given out (semantics 6, 9, 11). */
export type ClosedBy = "watermark" | "silence" | "drain" | "correction";

/** Says to which windows a time belongs. */
export interface WindowAssigner {
  /** For people, and the mark by which saved windows of another kind are recognised. */
  readonly description: string;
  /** The length of a window, in milliseconds; of the longest where they differ. */
  readonly size: number;
  /** The windows that `timestamp` belongs to, earliest first. */
  assign(timestamp: number): readonly Window[];
}

/** Windows of one size that follow each other without gap or overlap. */
export class TumblingEventTimeWindows implements WindowAssigner {
  readonly description: string;
  #last: readonly [Window] = [{ start: Number.NaN, end: Number.NaN }];

  private constructor(readonly size: number, readonly offset: number) {
    this.description = `tumbling ${formatDuration(size)}` +
      (offset === 0 ? "" : ` offset ${formatDuration(offset)}`);
  }

  /**
   * Windows of `size`, aligned to the Unix epoch plus `offset`.
   *
   * @throws {FlightsError} `invalid-argument` for a size of zero or an offset not below the size.
   */
  static of(size: Duration, offset: Duration = 0): TumblingEventTimeWindows {
    const sizeMs = parseDuration(size);
    const offsetMs = parseDuration(offset);
    if (sizeMs === 0) {
      throw new FlightsError(
        "invalid-argument",
        "Cannot make windows: the size must be above zero, it is 0ms",
      );
    }
    if (offsetMs >= sizeMs) {
      throw new FlightsError(
        "invalid-argument",
        `Cannot make windows of ${formatDuration(sizeMs)}: the offset must be below that, it is ${
          formatDuration(offsetMs)
        }`,
      );
    }
    return new TumblingEventTimeWindows(sizeMs, offsetMs);
  }

  assign(timestamp: number): readonly Window[] {
    const start = Math.floor((timestamp - this.offset) / this.size) * this.size + this.offset;
    if (this.#last[0].start !== start) this.#last = [{ start, end: start + this.size }];
    return this.#last;
  }
}
