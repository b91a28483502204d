/** How findings write times and lists. */

import { formatTime } from "../../base/time.ts";

/**
 * A time, to the second where it is a whole one; of the day of `now` without the date, which records of
 * another day are told with.
 *
 * @param time in milliseconds since the epoch, as `now`.
 */
export function clockTime(time: number, now: number): string {
  const text = formatTime(time).replace(/\.000$/, "");
  return text.slice(0, 11) === formatTime(now).slice(0, 11) ? text.slice(11) : text;
}

/** A time of windows: to the minute where it is a whole one. */
export function windowTime(time: number, now: number): string {
  return clockTime(time, now).replace(/(:\d\d):00$/, "$1");
}

/** A window by its times, `12:00 to 12:01`. */
export function windowName(
  { start, end }: { readonly start: number; readonly end: number },
  now: number,
): string {
  return `${windowTime(start, now)} to ${windowTime(end, start)}`;
}

/** Partitions of a topic: `flightdata[3]`, `flightdata[0,2,3]`. */
export function places(topic: string, partitions: readonly number[]): string {
  const listed = [...new Set(partitions)].sort((a, b) => a - b);
  return listed.length > 8
    ? `${topic}[${listed.slice(0, 8).join(",")} and ${listed.length - 8} more]`
    : `${topic}[${listed.join(",")}]`;
}
