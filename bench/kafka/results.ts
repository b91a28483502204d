/**
 * What the jobs have written, read as any other program would and compared with the oracle of the
 * crash tests, which shares no code with the jobs.
 */

import { createHash } from "node:crypto";
import { textOf } from "../../src/base/bytes.ts";
import { topics } from "../../src/flights/topics.ts";
import type { Log, Position } from "../../src/log/log.ts";
import { judge } from "../../tests/crash/judge.ts";
import {
  type Envelope,
  expectedFlights,
  expectedStatistics,
  type RecordText,
  recordText,
} from "../../tests/crash/oracle.ts";

/** A hash over many records that does not depend on their order, since partitions have none. */
export class UnorderedHash {
  #sum = 0n;
  #count = 0;

  /** Adds a record; the same one twice counts twice. */
  add(record: RecordText): void {
    const digest = createHash("sha256").update(record).digest();
    this.#sum = BigInt.asUintN(64, this.#sum + digest.readBigUInt64LE());
    this.#count++;
  }

  get count(): number {
    return this.#count;
  }

  /** The hash so far, with the number of records in it. */
  toString(): string {
    return `${this.#sum.toString(16).padStart(16, "0")}/${this.#count}`;
  }
}

/** Whether the results are the oracle's, and what to say of them. */
export interface Judgement {
  readonly isRight: boolean;
  readonly text: string;
}

/** The hash that flightdata must have for the bookings that are on the topics. */
export async function expectedFlightsHash(log: Log): Promise<string> {
  const expected = new UnorderedHash();
  for (const topic of [topics.skyone, topics.sunset]) {
    for await (const chunk of envelopes(log, topic)) {
      for (const record of expectedFlights(chunk)) expected.add(record);
    }
  }
  return String(expected);
}

/** Compares flightdata with the hash that it must have. */
export async function judgeFlights(log: Log, expected: string): Promise<Judgement> {
  const found = new UnorderedHash();
  for await (const chunk of envelopes(log, topics.flightData)) {
    for (const record of chunk) found.add(recordText(record));
  }
  const isRight = expected === String(found);
  return {
    isRight,
    text: `flights right: ${isRight ? "all" : "NO"}, result ${found}, the oracle's ${expected}`,
  };
}

/**
 * Compares userstatistics with what the flights on flightdata ask for, all windows being closed.
 *
 * @param late how many records came too late.
 */
export async function judgeStatistics(log: Log, late: number): Promise<Judgement> {
  const expected: RecordText[] = [];
  const [described] = await log.describeTopics([topics.flightData]);
  for (const partition of described!.partitions.keys()) {
    // A traveller's flights are in one partition, so they can be judged apart.
    const flights: Envelope[] = [];
    for await (const chunk of envelopes(log, topics.flightData, partition)) flights.push(...chunk);
    expected.push(...expectedStatistics(flights));
  }
  const found: RecordText[] = [];
  for await (const chunk of envelopes(log, topics.userStatistics)) {
    found.push(...chunk.map(recordText));
  }
  const { lost, doubled } = judge(expected, found);
  const [ours, theirs] = [found, expected].map((records) => {
    const hash = new UnorderedHash();
    for (const record of records) hash.add(record);
    return String(hash);
  });
  const right = expected.length - lost.length;
  return {
    isRight: lost.length === 0 && doubled.length === 0 && late === 0 && expected.length > 0,
    text: `windows right: ${right} of ${expected.length}, wrong or too many: ${doubled.length}, ` +
      `late: ${late}, result ${ours}, the oracle's ${theirs}`,
  };
}

/** How many records of a topic were too late for the jobs so far. */
export async function lateOf(log: Log, topic: string): Promise<number> {
  let count = 0;
  for await (const chunk of envelopes(log, `${topic}.late`)) count += chunk.length;
  return count;
}

/** Reads a topic, or one partition of it, to its end. */
async function* envelopes(
  log: Log,
  topic: string,
  only?: number,
): AsyncGenerator<readonly Envelope[]> {
  const [described] = await log.describeTopics([topic]);
  for (const [partition, { startOffset, endOffset }] of described?.partitions.entries() ?? []) {
    if (only !== undefined && only !== partition) continue;
    for (let offset = startOffset; offset < endOffset;) {
      const position: Position = { topic, partition, offset };
      const [fetched] = await log.fetch([position], { maxWaitMs: 10_000 });
      const chunk: Envelope[] = [];
      for (const batch of fetched!.batches) {
        for (let i = batch.firstAt(offset); i < batch.count; i++) {
          const headers = batch.headers(i).flatMap(({ name, value }) => [name, textOf(value!)]);
          const [key, payload] = [batch.keyText(i), batch.valueText(i)];
          const ts = batch.timestamp(i);
          chunk.push({ topic, partition, offset: batch.offset(i), ts, headers, key, payload });
        }
      }
      if (fetched!.nextOffset === offset) {
        throw new Error(`Cannot read ${topic}[${partition}]: an end must come, none has in 10 s`);
      }
      yield chunk;
      offset = fetched!.nextOffset;
    }
  }
}
