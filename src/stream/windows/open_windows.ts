/** What a look at a task shows of its open windows. */

import type { Window, WindowAssigner } from "./window.ts";

/** A window that is open. */
export interface OpenWindow {
  /** Its first time, in milliseconds since the Unix epoch; null for a window without an end. */
  readonly start: number | null;
  /** The first time behind it; null for a window without an end. */
  readonly end: number | null;
  /** How many keys it holds. */
  readonly keys: number;
  /** What comes to its end: the watermark, the clock, or nothing. */
  readonly endsBy: WindowAssigner["endsBy"];
}

/** The open windows of an operator. */
export interface OpenWindows {
  /** How many there are, those that are not listed among them. */
  readonly count: number;
  /** The first to end, earliest first; windows without an end last. */
  readonly earliest: readonly OpenWindow[];
}

/** The same of an operator that is named. */
export interface OperatorWindows extends OpenWindows {
  /** The id of its node. */
  readonly operator: string;
}

/** Lists the first `limit` of the windows that some keys have open. */
export function listOpenWindows(
  all: Iterable<{ readonly window: Window; readonly keys: number }>,
  { limit, endsBy }: { readonly limit: number; readonly endsBy: WindowAssigner["endsBy"] },
): OpenWindows {
  const windows = [...all].sort((a, b) =>
    a.window.end - b.window.end || a.window.start - b.window.start
  );
  const time = (value: number) => endsBy === "never" ? null : value;
  const earliest = windows.slice(0, limit).map(({ window: { start, end }, keys }): OpenWindow => ({
    start: time(start),
    end: time(end),
    keys,
    endsBy,
  }));
  return { count: windows.length, earliest };
}
