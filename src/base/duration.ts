/** Durations as people write them: `250ms`, `10s`, `5m`, `1h`, `2d`. */

import { FlightsError } from "./errors.ts";

const unitMilliseconds = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A duration: whole milliseconds, or text such as `250ms`, `10s`, `5m`, `1h`, `2d`. */
export type Duration = number | string;

/**
 * Milliseconds of a {@linkcode Duration}.
 *
 * @throws {FlightsError} `invalid-argument` when it is negative, not whole, or not understood.
 */
export function parseDuration(duration: Duration): number {
  if (typeof duration === "number") {
    if (Number.isSafeInteger(duration) && duration >= 0) return duration;
    throw invalid(duration, `it must be a whole number of milliseconds, zero or more`);
  }
  const match = /^(\d+)(?:\.(\d+))?(ms|s|m|h|d)$/.exec(duration);
  if (match === null) {
    throw invalid(duration, "it must be a number and a unit, one of ms, s, m, h, d (as in 10s)");
  }
  const [, whole, fraction = "", unit] = match;
  const size = unitMilliseconds[unit as keyof typeof unitMilliseconds];
  // In whole numbers, since 1.001 * 1000 is not 1001.
  const milliseconds = Number(whole) * size + Number(fraction) * size / 10 ** fraction.length;
  if (!Number.isSafeInteger(milliseconds)) {
    throw invalid(duration, "it must come to a whole number of milliseconds");
  }
  return milliseconds;
}

/**
 * Milliseconds of a {@linkcode Duration} that may lie in the past: below zero, or text that begins with
 * a minus (`-10s`).
 *
 * @throws {FlightsError} `invalid-argument` when it is not whole, or not understood.
 */
export function parseSignedDuration(duration: Duration): number {
  if (typeof duration === "number") {
    return duration < 0 ? -parseDuration(-duration) : parseDuration(duration);
  }
  // A zero has no sign.
  return duration.startsWith("-") ? 0 - parseDuration(duration.slice(1)) : parseDuration(duration);
}

function invalid(duration: Duration, need: string): FlightsError {
  return new FlightsError("invalid-argument", `Cannot parse duration "${duration}": ${need}`);
}

/** The shortest exact text of a number of milliseconds: 90000 is `90s`, 60000 is `1m`, -1000 is `-1s`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 0) return `-${formatDuration(-milliseconds)}`;
  for (const unit of ["d", "h", "m", "s"] as const) {
    const size = unitMilliseconds[unit];
    if (milliseconds >= size && milliseconds % size === 0) return `${milliseconds / size}${unit}`;
  }
  return `${milliseconds}ms`;
}

/** A length of time for people, to two places: `1h 5m`, `41s`, `350ms`. */
export function describeDuration(milliseconds: number): string {
  if (milliseconds < 0) return `-${describeDuration(-milliseconds)}`;
  if (Math.round(milliseconds) < 1_000) return `${Math.round(milliseconds)}ms`;
  let rest = Math.round(milliseconds / 1_000) * 1_000;
  const parts: string[] = [];
  for (const unit of ["d", "h", "m", "s"] as const) {
    const size = unitMilliseconds[unit];
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(" ");
}
