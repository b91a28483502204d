/** A small job that numbers the records of each key: any that is lost or counted twice shows. */

import assert from "node:assert/strict";
import { systemClock } from "../../src/base/clock.ts";
import type { Log } from "../../src/log/log.ts";
import { RecordBatchBuilder } from "../../src/log/records/builder.ts";
import {
  type Job,
  json,
  StreamEnvironment,
  ValueStateDescriptor,
  WatermarkStrategy,
} from "../../src/mod.ts";

interface Numbered {
  readonly key: string;
  readonly value: number;
}

const keys = ["a", "b", "c"];

/** The job of that name, from the topic `NAME-in` to `NAME-out`, which have one partition each. */
export function countingJob(name: string): Job {
  const env = new StreamEnvironment();
  const count = new ValueStateDescriptor<number>("count");
  env.fromSource<Numbered>(
    { topic: `${name}-in`, deserializer: json((value) => value as Numbered), partitionedBy: "key" },
    WatermarkStrategy.forMonotonousTimestamps(),
  )
    .keyBy("key")
    .process<string>((runtime) => {
      const state = runtime.getState(count);
      return {
        processElement: ({ key, value }, _, out) => {
          const number = (state.value() ?? 0) + 1;
          state.update(number);
          out.collect(`${value} ${key} ${number}`);
        },
      };
    })
    .sinkTo({ topic: `${name}-out` });
  return { applicationId: name, topology: env.topology };
}

/** Appends the values from `from` (inclusive) to `to` (exclusive). */
export async function feed(log: Log, name: string, [from, to]: readonly [number, number]) {
  const builder = new RecordBatchBuilder();
  for (let value = from; value < to; value++) {
    const key = keys[value % keys.length]!;
    builder.appendText(value, key, JSON.stringify({ key, value }));
  }
  await log.append([{ topic: `${name}-in`, partition: 0, batch: builder.finish() }]);
}

/** What the job must have written when it has counted `count` values. */
export function expectedCounts(count: number): readonly string[] {
  return Array.from({ length: count }, (_, value) => {
    const number = Math.floor(value / keys.length) + 1;
    return JSON.stringify(`${value} ${keys[value % keys.length]} ${number}`);
  });
}

/** Reads what the job has written, as it comes. */
export class Counts {
  readonly #log: Log;
  readonly #topic: string;
  #offset = 0;
  readonly found: string[] = [];

  constructor(log: Log, name: string) {
    this.#log = log;
    this.#topic = `${name}-out`;
  }

  /** Waits until there are `count`; false when they have not come in time or `isOver`. */
  async come(count: number, isOver: () => boolean, withinMs = 40_000): Promise<boolean> {
    const giveUp = systemClock.now() + withinMs;
    while (this.found.length < count && systemClock.now() < giveUp && !isOver()) {
      await this.#read(100);
    }
    return this.found.length >= count;
  }

  /** Reads all there is. */
  async all(): Promise<readonly string[]> {
    while (!(await this.#read(0)));
    return this.found;
  }

  async #read(maxWaitMs: number): Promise<boolean> {
    const position = { topic: this.#topic, partition: 0, offset: this.#offset };
    const [fetched] = await this.#log.fetch([position], { maxWaitMs });
    assert(fetched !== undefined);
    for (const batch of fetched.batches) {
      for (let i = batch.firstAt(this.#offset); i < batch.count; i++) {
        this.found.push(batch.valueText(i)!);
      }
    }
    this.#offset = fetched.nextOffset;
    return this.#offset >= fetched.endOffset;
  }
}
