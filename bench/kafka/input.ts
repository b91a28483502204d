/**
 * What the jobs read: bookings of both airlines, one millisecond of event time apart in each, and
 * the flights they become. Nothing has landed, so each booking is a flight.
 */

import { murmur2OfText, partitionOf } from "../../src/base/murmur2.ts";
import { type Airline, generateBookings } from "../../src/flights/generator.ts";
import { flightOfSkyOne, flightOfSunset } from "../../src/flights/models.ts";
import { topics } from "../../src/flights/topics.ts";
import type { Log, OutputBatch } from "../../src/log/log.ts";
import { RecordBatchBuilder } from "../../src/log/records/builder.ts";

/** How many partitions every topic has. */
export const partitions = 5;
/** The timestamp of the first record: a full minute. */
export const firstTimestamp = Date.UTC(2026, 0, 1);

const travellers = 200;
const recordsABatch = 1_000;
/** A generated flight leaves up to 20 days before it is booked: records are stamped before that. */
const ahead = 30 * 86_400_000;

/** A record that is to be written. */
export interface InputRecord {
  readonly topic: string;
  readonly partition: number;
  readonly timestamp: number;
  readonly key: string;
  readonly value: string;
}

/** Half of `count` bookings of each airline, in the order of their timestamps. */
export function* bookings(count: number): Generator<InputRecord & { readonly topic: Airline }> {
  const start = firstTimestamp + ahead;
  const settings = { seed: 1, start, rate: 1_000, count: count / 2, users: travellers };
  const written = { [topics.skyone]: 0, [topics.sunset]: 0 };
  for (const { airline, timestamp, key, value } of generateBookings(settings)) {
    yield {
      topic: airline,
      partition: written[airline]++ % partitions,
      timestamp: timestamp - ahead,
      key,
      value: value as string,
    };
  }
}

/** The flights of `count` bookings, in the same order, placed by email address. */
export function* flights(count: number): Generator<InputRecord & { readonly email: string }> {
  for (const { topic, timestamp, value } of bookings(count)) {
    const booking = JSON.parse(value);
    const flight = topic === topics.skyone ? flightOfSkyOne(booking) : flightOfSunset(booking);
    yield {
      topic: topics.flightData,
      partition: placeOf(flight.email_address),
      timestamp,
      key: JSON.stringify({ confirmation: flight.confirmation }),
      value: JSON.stringify(flight),
      email: flight.email_address,
    };
  }
}

/** The partition of a traveller's flights. */
export function placeOf(email: string): number {
  return partitionOf(murmur2OfText(email), partitions);
}

/** Creates topics anew, empty. */
export async function createAnew(log: Log, names: readonly string[]): Promise<void> {
  const there = (await log.describeTopics(names)).map(({ name }) => name);
  if (there.length > 0) await log.deleteTopics(there);
  await log.createTopics(names.map((name) => ({ name, partitions })));
}

/** How many offsets a topic has given to records; 0 when there is no such topic. */
export async function endOf(log: Log, topic: string): Promise<number> {
  const [described] = await log.describeTopics([topic]);
  return described?.partitions.reduce((sum, { endOffset }) => sum + endOffset, 0) ?? 0;
}

/** Makes sure that both airlines' topics hold `count` bookings together and nothing else. */
export async function prepareBookings(log: Log, count: number): Promise<void> {
  const names = [topics.skyone, topics.sunset];
  const ends = await Promise.all(names.map((name) => endOf(log, name)));
  if (ends.every((end) => end === count / 2)) return;
  await createAnew(log, names);
  await write(log, bookings(count));
}

/** Makes sure that flightdata holds `count` flights in the order of their timestamps. */
export async function prepareFlights(log: Log, count: number): Promise<void> {
  await createAnew(log, [topics.flightData]);
  await write(log, flights(count));
}

async function write(log: Log, records: Iterable<InputRecord>): Promise<void> {
  let sent: Promise<unknown> = Promise.resolve();
  for (const outputs of encode(records)) {
    // The next ones are encoded while these are on their way.
    await sent;
    sent = log.append(outputs);
  }
  await sent;
}

/** Encodes records in batches of a thousand, several at a time. */
export function* encode(records: Iterable<InputRecord>): Generator<readonly OutputBatch[]> {
  const builders = new Map<string, { topic: string; partition: number; of: RecordBatchBuilder }>();
  let full: OutputBatch[] = [];
  for (const { topic, partition, timestamp, key, value } of records) {
    const name = `${topic} ${partition}`;
    let builder = builders.get(name);
    if (builder === undefined) {
      builders.set(name, builder = { topic, partition, of: new RecordBatchBuilder() });
    }
    builder.of.appendText(timestamp, key, value);
    if (builder.of.count < recordsABatch) continue;
    full.push({ topic, partition, batch: builder.of.finish() });
    if (full.length < 2 * partitions) continue;
    yield full;
    full = [];
  }
  for (const { topic, partition, of } of builders.values()) {
    if (of.count > 0) full.push({ topic, partition, batch: of.finish() });
  }
  if (full.length > 0) yield full;
}
