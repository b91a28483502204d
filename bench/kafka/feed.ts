/**
 * Live input: records appended at a steady rate, and a reader of what becomes of them. A record's
 * timestamp is its number, so it is known when each was appended.
 */

import { systemClock } from "../../src/base/clock.ts";
import type { Log, OutputBatch, Position } from "../../src/log/log.ts";
import type { RecordBatch } from "../../src/log/records/batch.ts";
import { RecordBatchBuilder } from "../../src/log/records/builder.ts";
import type { InputRecord } from "./input.ts";

/** How a feed is to be. */
export interface FeedOptions {
  /** Written over and over, each time with a later timestamp. */
  readonly records: readonly InputRecord[];
  /** Records a second. */
  readonly rate: number;
  /** The timestamp of the first record; one feed after another goes on where the last one ended. */
  readonly from: number;
  /** Milliseconds of event time from one record to the next. */
  readonly step: number;
}

/** Records are appended this often. */
const tickMs = 5;

/** Appends records until it is stopped. */
export class Feed {
  readonly #log: Log;
  readonly #options: FeedOptions;
  readonly #startedAt = performance.now();
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  /** Ascending: when the records below a number were handed to the log, unless they were before. */
  readonly #ticks: { readonly end: number; readonly at: number }[] = [];
  #sent = 0;

  constructor(log: Log, options: FeedOptions) {
    this.#log = log;
    this.#options = options;
    this.#done = this.#run();
    // Whoever stops it is told.
    this.#done.catch(() => {});
  }

  /** The timestamp of the first record that is not on its way yet. */
  get nextTimestamp(): number {
    return this.#options.from + this.#sent * this.#options.step;
  }

  /** How many records were handed to the log: the number of the next one. */
  get sent(): number {
    return this.#sent;
  }

  /** The number, from 0 on, of the record with a timestamp. */
  numberOf(timestamp: number): number {
    return (timestamp - this.#options.from) / this.#options.step;
  }

  /** When a record was handed to the log, by its number; as `performance.now()`. */
  appendedAt(number: number): number {
    let [low, high] = [0, this.#ticks.length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ticks[middle]!.end <= number) low = middle + 1;
      else high = middle;
    }
    return this.#ticks[low]!.at;
  }

  /** Stops it; resolves when all has been appended. @throws what stopped it before. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const at = performance.now();
      const due = Math.floor((at - this.#startedAt) * this.#options.rate / 1e3);
      if (due > this.#sent) {
        const outputs = this.#encode(due);
        this.#ticks.push({ end: due, at });
        await this.#log.append(outputs);
      }
      const rest = tickMs - (performance.now() - at);
      if (rest > 0) await systemClock.sleep(rest, signal);
    }
  }

  /** The records up to number `end`, as one batch a partition. */
  #encode(end: number): readonly OutputBatch[] {
    const { records, from, step } = this.#options;
    const batches = new Map<string, { topic: string; partition: number; of: RecordBatchBuilder }>();
    for (; this.#sent < end; this.#sent++) {
      const { topic, partition, key, value } = records[this.#sent % records.length]!;
      const name = `${topic} ${partition}`;
      let batch = batches.get(name);
      if (batch === undefined) {
        batches.set(name, batch = { topic, partition, of: new RecordBatchBuilder() });
      }
      batch.of.appendText(from + this.#sent * step, key, value);
    }
    return [...batches.values()].map(({ topic, partition, of }) => ({
      topic,
      partition,
      batch: of.finish(),
    }));
  }
}

/** Called for each record that has become readable. */
export type Visit = (batch: RecordBatch, record: number) => void;

/** Reads a topic from its present end on, read_committed, until it is stopped. */
export class Follower implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #waiting: (() => void)[] = [];

  private constructor(log: Log, positions: readonly Position[], visit: Visit) {
    this.#done = this.#run(log, positions, visit);
    this.#done.catch(() => {});
  }

  /** Begins to read. */
  static async start(log: Log, topic: string, visit: Visit): Promise<Follower> {
    const [described] = await log.describeTopics([topic]);
    return new Follower(
      log,
      described!.partitions.map(({ endOffset }, partition) => ({
        topic,
        partition,
        offset: endOffset,
      })),
      visit,
    );
  }

  /**
   * Resolves when what was read makes `isSo` true.
   *
   * @throws when it takes longer than `withinMs`.
   */
  async until(isSo: () => boolean, { withinMs, what }: {
    readonly withinMs: number;
    readonly what: string;
  }): Promise<void> {
    const giveUp = performance.now() + withinMs;
    while (!isSo()) {
      const left = giveUp - performance.now();
      if (left <= 0) {
        throw new Error(`Cannot wait for ${what}: it must come in ${withinMs / 1e3} s, it did not`);
      }
      const wake = new AbortController();
      this.#waiting.push(() => wake.abort());
      await Promise.race([this.#done, systemClock.sleep(left, wake.signal)]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #run(log: Log, positions: readonly Position[], visit: Visit): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const fetched = await log.fetch(positions, { maxWaitMs: 1_000, signal });
      for (const [i, { batches }] of fetched.entries()) {
        for (const batch of batches) {
          const first = batch.firstAt(positions[i]!.offset);
          for (let record = first; record < batch.count; record++) visit(batch, record);
        }
      }
      positions = fetched.map(({ topic, partition, nextOffset: offset }) => ({
        topic,
        partition,
        offset,
      }));
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const wake of waiting) wake();
    }
  }
}
