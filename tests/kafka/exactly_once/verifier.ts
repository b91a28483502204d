/**
 * Judges a run by what is on the topics at its end. What must be there follows from what was booked
 * and from the order in which flights lie on their partitions, by the oracle, which shares no code
 * with the program. Holds for jobs without closing on silence and without a bound on the future: there
 * no clock decides anything.
 */

import { judge } from "../../crash/judge.ts";
import {
  type Envelope,
  expectedFlights,
  expectedLate,
  expectedStatistics,
  isReadable,
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

/** How stats was run. */
export interface VerifierOptions {
  /** Its `--out-of-orderness`, in milliseconds. */
  readonly outOfOrderness: number;
}

/**
 * Finds what was lost, is there twice, or is wrong: a line for each such record.
 *
 * - Each booking that can be read and has not landed is a flight once, each that cannot a dead letter.
 * - Each flight is in the result of its window, or in the late topic, never in both.
 * - Each result is there once, byte for byte, with its total, window, and what closed it.
 * - On their partitions, the results of an email address have ascending windows and totals.
 */
export function verify(contents: Contents, options: VerifierOptions): readonly string[] {
  const { bookings, deadLetters, flights, late, statistics } = contents;
  const unreadable = bookings.filter((booking) => !isReadable(booking));
  const readable = bookings.filter(isReadable);
  const lateOnes = expectedLate(flights, options);
  const places = new Set(lateOnes.map(({ flight }) => placeOf(flight)));
  const onTime = flights.filter((flight) => !places.has(placeOf(flight)));
  return [
    ...compare("dead letters", unreadable.map(deadLetterText), deadLetters.map(deadLetterText)),
    ...compare("flightdata", expectedFlights(readable), flights.map(recordText)),
    ...compare("flightdata.late", lateOnes.map(({ text }) => text), late.map(recordText)),
    ...compare(
      "userstatistics",
      expectedStatistics(onTime, options),
      statistics.map(recordText),
    ),
    ...misplaced("flightdata", flights),
    ...misplaced("userstatistics", statistics),
    ...disorder(statistics),
  ];
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

/** A booking, or its dead letter, which says in its headers where it comes from. */
function deadLetterText(record: Envelope): string {
  const { ts, key, payload = null, payload_base64 = null, headers } = record;
  const header = (name: string) => headers[headers.lastIndexOf(name) + 1];
  const place = headers.includes("source-offset")
    ? `${header("source-topic")}[${header("source-partition")}]@${header("source-offset")}`
    : placeOf(record);
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
