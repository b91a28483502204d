/**
 * ISO 8601 times (semantics 1, 2). A time without a zone is UTC: nothing here depends on the
 * machine's time zone. Read by hand, since `Date.parse` takes a zone-less time as local and turns
 * 30 February into 2 March.
 */

import { FlightsError } from "./errors.ts";

const daysBeforeMonth = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365] as const;

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** Days in a month (1 to 12), or 0 for a month that does not exist. */
function daysInMonth(year: number, month: number): number {
  if (month < 1 || month > 12) return 0;
  const days = daysBeforeMonth[month]! - daysBeforeMonth[month - 1]!;
  return month === 2 && isLeapYear(year) ? days + 1 : days;
}

/** Days from 1970-01-01 to the given date of the proleptic Gregorian calendar, for years 0 to 9999. */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const before = year - 1;
  const leapDays = Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400);
  const leapToday = month > 2 && isLeapYear(year) ? 1 : 0;
  return year * 365 + leapDays + daysBeforeMonth[month - 1]! + leapToday + day - 1 - 719_527;
}

/** The digit at `at`, or something below 0 or above 9. */
function digit(text: string, at: number): number {
  return text.charCodeAt(at) - 48;
}

/** The number in the two digits from `at` on, or -1. */
function twoDigits(text: string, at: number): number {
  const tens = digit(text, at);
  const ones = digit(text, at + 1);
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1;
}

const notATime = Number.NaN;

/**
 * Milliseconds since the Unix epoch of an ISO 8601 time, or NaN when the text is none:
 * `YYYY-MM-DDTHH:MM[:SS[.fraction]][Z|±HH[:]MM]`, with a space for T allowed. Digits after the
 * milliseconds are dropped. Without a zone the time is UTC (semantics 2).
 */
export function isoMilliseconds(text: string): number {
  const separator = text.charCodeAt(10);
  if (
    text.length < 16 || text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45 ||
    text.charCodeAt(13) !== 58 || (separator !== 84 && separator !== 32)
  ) return notATime;
  const century = twoDigits(text, 0);
  const yearOfCentury = twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  const hour = twoDigits(text, 11);
  const minute = twoDigits(text, 14);
  const year = century * 100 + yearOfCentury;
  if (
    century < 0 || yearOfCentury < 0 || day < 1 || day > daysInMonth(year, month) ||
    hour < 0 || hour > 23 || minute < 0 || minute > 59
  ) return notATime;
  const minutes = daysSinceEpoch(year, month, day) * 1440 + hour * 60 + minute;
  return text.charCodeAt(16) === 58
    ? minutes * 60_000 + secondsAndZone(text)
    : minutes * 60_000 - zoneMilliseconds(text, 16);
}

/** The milliseconds that the text from its seconds on adds to the minute, or NaN. */
function secondsAndZone(text: string): number {
  const second = twoDigits(text, 17);
  if (second < 0 || second > 59) return notATime;
  if (text.charCodeAt(19) !== 46) return second * 1_000 - zoneMilliseconds(text, 19);
  let at = 20;
  let fraction = 0;
  for (let scale = 100; at < text.length; at++) {
    const value = digit(text, at);
    if (value < 0 || value > 9) break;
    fraction += value * scale;
    // Digits after the milliseconds are dropped.
    scale = scale > 1 ? scale / 10 : 0;
  }
  return at === 20 ? notATime : second * 1_000 + fraction - zoneMilliseconds(text, at);
}

/** The zone offset that starts at `at` and must end the text, in milliseconds, or NaN; none is 0. */
function zoneMilliseconds(text: string, at: number): number {
  if (at === text.length) return 0;
  const sign = text.charCodeAt(at);
  if (sign === 90) return at + 1 === text.length ? 0 : notATime;
  if (sign !== 43 && sign !== 45) return notATime;
  const hours = twoDigits(text, at + 1);
  const colon = text.charCodeAt(at + 3) === 58 ? 1 : 0;
  const hasMinutes = text.length > at + 3;
  const minutes = hasMinutes ? twoDigits(text, at + 3 + colon) : 0;
  const end = hasMinutes ? at + 5 + colon : at + 3;
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || text.length !== end) {
    return notATime;
  }
  return (sign === 45 ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

/** Whether `text` is a time that {@linkcode isoMilliseconds} understands. */
export function isIsoTime(text: string): boolean {
  return !Number.isNaN(isoMilliseconds(text));
}

/**
 * A time as a person may state it: ISO 8601 (without a zone UTC; a date alone is its midnight), or
 * whole milliseconds since the Unix epoch.
 *
 * @throws {FlightsError} `invalid-argument` when it is neither.
 */
export function parseTime(text: string): number {
  if (/^-?\d+$/.test(text)) {
    const milliseconds = Number(text);
    if (Number.isSafeInteger(milliseconds)) return milliseconds;
  }
  const time = isoMilliseconds(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00` : text);
  if (!Number.isNaN(time)) return time;
  throw new FlightsError(
    "invalid-argument",
    `Cannot parse time "${text}": it must be ISO 8601 (as in 2026-01-31T12:00:00) or milliseconds since 1970`,
  );
}

/** The largest distance from the epoch, in milliseconds, at which the calendar still has a date. */
const calendarEnd = 8_640_000_000_000_000;

/**
 * ISO 8601 with milliseconds and no zone, as the topics hold it: `2026-01-31T12:00:00.000`; a time
 * that no calendar holds (nanoseconds taken for milliseconds, say) as its number.
 */
export function formatTime(milliseconds: number): string {
  if (!(Math.abs(milliseconds) <= calendarEnd)) return String(milliseconds);
  return new Date(milliseconds).toISOString().slice(0, -1);
}
