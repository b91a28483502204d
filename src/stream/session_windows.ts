/** Windows that elements make themselves: sessions, and the one window of all (semantics 1). */

import { type Duration, formatDuration, parseDuration } from "../base/duration.ts";
import { FlightsError } from "../base/errors.ts";
import type { Window, WindowAssigner } from "./window.ts";

/** Milliseconds of silence that end the session of an element. */
type GapOf<T> = (element: T) => number;

/** The settings that sessions of either time share. */
interface SessionInit<T> {
  readonly description: string;
  readonly size: number;
  readonly gapOf: GapOf<T>;
}

/** @throws {FlightsError} `invalid-argument` for a gap of zero. */
function fixedGap(gap: Duration): Pick<SessionInit<unknown>, "size" | "gapOf"> {
  const size = checked(parseDuration(gap));
  return { size, gapOf: () => size };
}

function checked(gap: number): number {
  if (Number.isSafeInteger(gap) && gap > 0) return gap;
  throw new FlightsError(
    "invalid-argument",
    `Cannot make sessions: the gap must be whole milliseconds above zero, it is ${gap}`,
  );
}

/**
 * Each element opens a window as long as its gap; those of a key that overlap or touch become one.
 *
 * @internal
 */
abstract class SessionWindows<T> implements WindowAssigner<T> {
  abstract readonly endsBy: "event-time" | "processing-time";
  readonly isMerging = true;
  readonly description: string;
  readonly size: number;
  readonly #gapOf: GapOf<T>;

  constructor({ description, size, gapOf }: SessionInit<T>) {
    this.description = description;
    this.size = size;
    this.#gapOf = gapOf;
  }

  assign(timestamp: number, element: T): readonly Window[] {
    return [{ start: timestamp, end: timestamp + checked(this.#gapOf(element)) }];
  }
}

/** Sessions in event time: a window ends when its key was silent for the gap. */
export class EventTimeSessionWindows<T = unknown> extends SessionWindows<T> {
  /** The watermark ends them. */
  readonly endsBy = "event-time";

  /**
   * Sessions that end after `gap`. Elements just as far apart are still of one session, as in Flink.
   *
   * @throws {FlightsError} `invalid-argument` for a gap of zero.
   */
  static withGap(gap: Duration): EventTimeSessionWindows {
    const fixed = fixedGap(gap);
    return new EventTimeSessionWindows({
      description: `session ${formatDuration(fixed.size)}`,
      ...fixed,
    });
  }

  /** Sessions whose gap each element names: whole milliseconds above zero. */
  static withDynamicGap<T>(gapOf: (element: T) => number): EventTimeSessionWindows<T> {
    return new EventTimeSessionWindows({ description: "session dynamic", size: 0, gapOf });
  }
}

/**
 * Sessions in the clock's time. No element is late for them. In a bounded run no clock decides: they
 * stay open (semantics 11).
 */
export class ProcessingTimeSessionWindows<T = unknown> extends SessionWindows<T> {
  /** The clock ends them. */
  readonly endsBy = "processing-time";

  /**
   * Sessions that end after `gap`.
   *
   * @throws {FlightsError} `invalid-argument` for a gap of zero.
   */
  static withGap(gap: Duration): ProcessingTimeSessionWindows {
    const fixed = fixedGap(gap);
    return new ProcessingTimeSessionWindows({
      description: `processing-time session ${formatDuration(fixed.size)}`,
      ...fixed,
    });
  }

  /** Sessions whose gap each element names: whole milliseconds above zero. */
  static withDynamicGap<T>(gapOf: (element: T) => number): ProcessingTimeSessionWindows<T> {
    const description = "processing-time session dynamic";
    return new ProcessingTimeSessionWindows({ description, size: 0, gapOf });
  }
}

/** The window that all elements are in: no time is before or behind it. Its bounds fit into JSON. */
const everything: readonly Window[] = [{
  start: Number.MIN_SAFE_INTEGER,
  end: Number.MAX_SAFE_INTEGER,
}];

/**
 * One window a key that holds all its elements and never ends. It gives something out only where a
 * trigger is named; its results carry the time of the element or timer that fired it (semantics 2).
 */
export class GlobalWindows implements WindowAssigner {
  readonly description = "global";
  readonly size = 0;
  readonly endsBy = "never";
  readonly isMerging = false;

  private constructor() {}

  /** The one window of all elements of a key. */
  static create(): GlobalWindows {
    return new GlobalWindows();
  }

  assign(): readonly Window[] {
    return everything;
  }
}
