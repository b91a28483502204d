/** Figures as the terminal view writes them. */

import { formatTime } from "../../base/time.ts";

const grouped = new Intl.NumberFormat("en");

/** A whole number with separators. */
export function count(value: number): string {
  return grouped.format(Math.round(value));
}

/** Records a second: a decimal where that says more; nothing while it is not known. */
export function rate(value: number | null): string {
  if (value === null) return "";
  return value > 0 && value < 9.95 ? value.toFixed(1) : count(value);
}

/** The time of day in UTC, to the second, of a time in milliseconds since the epoch. */
export function clock(time: number): string {
  return formatTime(time).slice(11, 19);
}
