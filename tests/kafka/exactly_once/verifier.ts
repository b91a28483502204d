/**
 * Judges a run by what is on the topics at its end. What must be there follows from what was booked,
 * by the oracle, which shares no code with the program. Holds for jobs without closing on silence and
 * without a bound on the future: there no clock decides anything.
 */

import { judge } from "../../crash/judge.ts";
import {
  type Envelope,
  expectedFlights,
  expectedStatistics,
  isReadable,
  lateText,
  recordText,
} from "../../crash/oracle.ts";

/** All records of the topics of a run. */
export interface Contents {
  /** Of skyone and sunset. */
  readonly bookings: readonly Envelope[];
  /** Of skyone.dead-letter and sunset.dead-letter. */
  readonly deadLetters: readonly Envelope[];
  readonly flights: readonly Envelope[];
  /** Of flightdata.late. */
  readonly late: readonly Envelope[];
  readonly statistics: readonly Envelope[];
}

/**
 * Finds what was lost, is there twice, or is wrong: a line for each such record.
 *
 * - Each booking that can be read and has not landed is a flight once, each that cannot a dead letter.
 * - Each flight is in the result of its window, or once in the late topic, never in both. Which one it
 *   is depends on how merge's members came along; one that is late says that its window was over.
 * - Each result is there once, byte for byte, with its total and window. Whether time closed it or the
 *   drain depends on the moment.
 * - On their partitions, the results of an email address have ascending windows and totals.
 */
export function verify(contents: Contents): readonly string[] {
  const { bookings, deadLetters, flights, late, statistics } = contents;
  const unreadable = bookings.filter((booking) => !isReadable(booking));
  const readable = bookings.filter(isReadable);
  const latePlaces = new Set(late.map(sourceOf));
  const onTime = flights.filter((flight) => !latePlaces.has(placeOf(flight)));
  return [
    ...compare("dead letters", unreadable.map(deadLetterText), deadLetters.map(deadLetterText)),
    ...compare("flightdata", expectedFlights(readable), flights.map(recordText)),
    ...wrongLate(late, flights),
    ...compare(
      "userstatistics",
      expectedStatistics(onTime).map(withoutCloser),
      statistics.map(recordText).map(withoutCloser),
    ),
    ...misplaced("flightdata", flights),
    ...misplaced("userstatistics", statistics),
    ...disorder(statistics),
  ];
}

/** Late flights that are none, come twice, or were not late. */
function wrongLate(late: readonly Envelope[], flights: readonly Envelope[]): readonly string[] {
  const left = new Map(flights.map((flight) => [placeOf(flight), flight]));
  return late.flatMap((record) => {
    const flight = left.get(sourceOf(record));
    left.delete(sourceOf(record));
    const text = recordText(record);
    if (flight === undefined) return [`flightdata.late has a flight too many: ${text}`];
    const watermark = Number(headerOf(record, "watermark"));
    if (text !== lateText(flight, watermark)) {
      return [`flightdata.late has ${text}, it must have ${lateText(flight, watermark)}`];
    }
    const end = Number(headerOf(record, "window-end"));
    return watermark >= end - 1 ? [] : [`flightdata.late has what was not late: ${text}`];
  });
}

function withoutCloser(text: string): string {
  return text.replace(/"(watermark|drain)"\]\]$/, "");
}

function compare(
  topic: string,
  expected: readonly string[],
  found: readonly string[],
): readonly string[] {
  const { lost, doubled } = judge(expected, found);
  return [
    ...lost.map((record) => `${topic} lacks ${record}`),
    ...doubled.map((record) => `${topic} has one too many of ${record}`),
  ];
}

function placeOf({ topic, partition, offset }: Envelope): string {
  return `${topic}[${partition}]@${offset}`;
}

function headerOf({ headers }: Envelope, name: string): string | undefined {
  return headers[headers.lastIndexOf(name) + 1];
}

/** The place that a late or dead record says it comes from. */
function sourceOf(record: Envelope): string {
  const [topic, partition, offset] = ["topic", "partition", "offset"].map((name) =>
    headerOf(record, `source-${name}`)
  );
  return `${topic}[${partition}]@${offset}`;
}

/** A booking, or its dead letter, which says in its headers where it comes from. */
function deadLetterText(record: Envelope): string {
  const { ts, key, payload = null, payload_base64 = null, headers } = record;
  const place = headers.includes("source-offset") ? sourceOf(record) : placeOf(record);
  return JSON.stringify([place, ts, key, payload, payload_base64]);
}

function emailOf({ payload }: Envelope): string {
  return String(JSON.parse(payload!).email_address);
}

/** An email address has one partition. */
function misplaced(topic: string, records: readonly Envelope[]): readonly string[] {
  const home = new Map<string, number>();
  const findings: string[] = [];
  for (const record of records) {
    const email = emailOf(record);
    const partition = home.get(email) ?? record.partition;
    home.set(email, partition);
    if (partition !== record.partition) {
      findings.push(`${topic} has ${email} on partitions ${partition} and ${record.partition}`);
    }
  }
  return findings;
}

/** The results of an email address come with ascending windows and totals. */
function disorder(statistics: readonly Envelope[]): readonly string[] {
  const last = new Map<string, Envelope>();
  const findings: string[] = [];
  for (const result of [...statistics].sort((a, b) => a.offset - b.offset)) {
    const email = emailOf(result);
    const before = last.get(email);
    last.set(email, result);
    if (before === undefined) continue;
    const [was, is] = [JSON.parse(before.payload!), JSON.parse(result.payload!)];
    const ascends = before.ts < result.ts && was.number_of_flights < is.number_of_flights &&
      was.total_flight_duration <= is.total_flight_duration;
    if (!ascends) {
      findings.push(`userstatistics has ${recordText(result)} behind ${recordText(before)}`);
    }
  }
  return findings;
}
