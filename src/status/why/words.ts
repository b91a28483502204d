/** How findings write times and lists. */

import { formatTime } from "../../base/time.ts";

/** A time of day, to the second where it is a whole one, of a time in milliseconds since the epoch. */
export function clockTime(time: number): string {
  const text = formatTime(time).slice(11);
  return text.endsWith(".000") ? text.slice(0, -4) : text;
}

/** A window's first time: to the minute where it is a whole one. */
export function windowName(start: number): string {
  const text = clockTime(start);
  return text.length === 8 && text.endsWith(":00") ? text.slice(0, 5) : text;
}

/** Partitions of a topic: `flightdata[3]`, `flightdata[0,2,3]`. */
export function places(topic: string, partitions: readonly number[]): string {
  const listed = [...new Set(partitions)].sort((a, b) => a - b);
  return listed.length > 8
    ? `${topic}[${listed.slice(0, 8).join(",")} and ${listed.length - 8} more]`
    : `${topic}[${listed.join(",")}]`;
}
