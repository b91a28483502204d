/** Windows of time, and those of one size (semantics 1). */

import { type Duration, formatDuration, parseDuration } from "../base/duration.ts";
import { FlightsError } from "../base/errors.ts";

/** A span of time: `start` is in it, `end` is not. Both in milliseconds since the Unix epoch. */
export interface Window {
  /** The first time that is in it. */
  readonly start: number;
  /** The first time behind it. */
  readonly end: number;
}

/**
 * Why a result was given out (semantics 6, 9, 11): the watermark came to the window's end, all inputs
 * were silent, a drain closed it, a record within the allowed lateness put it right, a trigger fired
 * before the end (`early`), one fired a window that has no end (`trigger`), or the clock came to the
 * end of a window of processing time (`clock`).
 */
export type ClosedBy =
  | "watermark"
  | "silence"
  | "drain"
  | "correction"
  | "early"
  | "trigger"
  | "clock";

/** Says to which windows an element belongs. */
export interface WindowAssigner<in T = unknown> {
  /** For people, and the mark by which saved windows of another kind are recognised. */
  readonly description: string;
  /**
   * The length of a window, in milliseconds; of the longest where they differ, of a session its gap, 0
   * where that is not known or there is none.
   */
  readonly size: number;
  /**
   * What comes to the end of a window: the watermark, the clock (then `assign` is given the clock's
   * time), or nothing.
   */
  readonly endsBy: "event-time" | "processing-time" | "never";
  /** Whether windows of a key that overlap or touch become one. */
  readonly isMerging: boolean;
  /** The windows that an element at `timestamp` belongs to, earliest end first. */
  readonly assign: (timestamp: number, element: T) => readonly Window[];
}

/** How windows of one size lie. */
interface Raster {
  readonly size: number;
  /** From the start of one to that of the next. */
  readonly slide: number;
  /** How far behind the Unix epoch one of them starts. */
  readonly offset: number;
}

/** @throws {FlightsError} `invalid-argument` for a size or slide of zero or an offset not below it. */
function rasterOf(size: Duration, slide: Duration, offset: Duration): Raster {
  const raster = {
    size: parseDuration(size),
    slide: parseDuration(slide),
    offset: parseDuration(offset),
  };
  if (raster.size === 0 || raster.slide === 0) {
    throw new FlightsError(
      "invalid-argument",
      `Cannot make windows: the ${
        raster.size === 0 ? "size" : "slide"
      } must be above zero, it is 0ms`,
    );
  }
  if (raster.offset >= raster.slide) {
    const of = formatDuration(raster.slide);
    throw new FlightsError(
      "invalid-argument",
      `Cannot make windows ${raster.slide === raster.size ? "of" : "that begin every"} ${of}: ` +
        `the offset must be below that, it is ${formatDuration(raster.offset)}`,
    );
  }
  return raster;
}

/**
 * Windows of one size, a new one at every step of a raster.
 *
 * @internal
 */
abstract class RasterWindows implements WindowAssigner {
  abstract readonly endsBy: "event-time" | "processing-time";
  readonly isMerging = false;
  readonly size: number;
  readonly slide: number;
  readonly offset: number;
  #first = Number.NaN;
  #last = Number.NaN;
  #windows: readonly Window[] = [];

  constructor(readonly description: string, { size, slide, offset }: Raster) {
    this.size = size;
    this.slide = slide;
    this.offset = offset;
  }

  assign(timestamp: number): readonly Window[] {
    const { size, slide, offset } = this;
    const last = Math.floor((timestamp - offset) / slide) * slide + offset;
    const first = size === slide
      ? last
      : Math.floor((timestamp - size - offset) / slide) * slide + slide + offset;
    // Most elements belong where the one before did.
    if (last === this.#last && first === this.#first) return this.#windows;
    const windows: Window[] = [];
    for (let start = first; start <= last; start += slide) {
      windows.push({ start, end: start + size });
    }
    this.#first = first;
    this.#last = last;
    this.#windows = windows;
    return windows;
  }
}

function describe(word: string, { size, slide, offset }: Raster): string {
  return `${word} ${formatDuration(size)}` +
    (slide === size ? "" : ` every ${formatDuration(slide)}`) +
    (offset === 0 ? "" : ` offset ${formatDuration(offset)}`);
}

/** Windows of event time of one size that follow each other without gap or overlap. */
export class TumblingEventTimeWindows extends RasterWindows {
  /** The watermark ends them. */
  readonly endsBy = "event-time";

  /**
   * Windows of `size`, aligned to the Unix epoch plus `offset` (default 0).
   *
   * @throws {FlightsError} `invalid-argument` for a size of zero or an offset not below the size.
   */
  static of(size: Duration, offset: Duration = 0): TumblingEventTimeWindows {
    const raster = rasterOf(size, size, offset);
    return new TumblingEventTimeWindows(describe("tumbling", raster), raster);
  }
}

/** Windows of event time of one size that begin at equal distances: they overlap. */
export class SlidingEventTimeWindows extends RasterWindows {
  /** The watermark ends them. */
  readonly endsBy = "event-time";

  /**
   * Windows of `size`, one every `slide`, aligned to the Unix epoch plus `offset` (default 0). An
   * element between two windows, where `slide` is the longer, belongs to none and is filtered.
   *
   * @throws {FlightsError} `invalid-argument` for a size or slide of zero or an offset not below the
   * slide.
   */
  static of(size: Duration, slide: Duration, offset: Duration = 0): SlidingEventTimeWindows {
    const raster = rasterOf(size, slide, offset);
    return new SlidingEventTimeWindows(describe("sliding", raster), raster);
  }
}

/**
 * Windows of the clock's time that follow each other without gap or overlap. No element is late for
 * them. In a bounded run no clock decides: they stay open (semantics 11).
 */
export class TumblingProcessingTimeWindows extends RasterWindows {
  /** The clock ends them. */
  readonly endsBy = "processing-time";

  /**
   * Windows of `size`, aligned to the Unix epoch plus `offset` (default 0).
   *
   * @throws {FlightsError} `invalid-argument` for a size of zero or an offset not below the size.
   */
  static of(size: Duration, offset: Duration = 0): TumblingProcessingTimeWindows {
    const raster = rasterOf(size, size, offset);
    const description = describe("processing-time tumbling", raster);
    return new TumblingProcessingTimeWindows(description, raster);
  }
}

/** Windows of the clock's time that begin at equal distances; else as the tumbling ones. */
export class SlidingProcessingTimeWindows extends RasterWindows {
  /** The clock ends them. */
  readonly endsBy = "processing-time";

  /**
   * Windows of `size`, one every `slide`, aligned to the Unix epoch plus `offset` (default 0).
   *
   * @throws {FlightsError} `invalid-argument` for a size or slide of zero or an offset not below the
   * slide.
   */
  static of(size: Duration, slide: Duration, offset: Duration = 0): SlidingProcessingTimeWindows {
    const raster = rasterOf(size, slide, offset);
    return new SlidingProcessingTimeWindows(describe("processing-time sliding", raster), raster);
  }
}
