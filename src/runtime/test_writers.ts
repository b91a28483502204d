/** Writers whose every commit and report a test decides, for what rule 24 says of their readers. */

import type { Log, Member, OutputBatch, TopicDescription } from "../log/log.ts";
import { RecordBatchBuilder } from "../log/records/builder.ts";
import { overlay } from "./test_sales.ts";

/** A sale that a writer writes to `sales`: its second, its sum, and where. */
export interface Written {
  readonly second: number;
  readonly sum: number;
  readonly shop?: string;
  readonly partition?: number;
}

/** A report of a writer about a partition of `sales`. */
export interface Told {
  readonly task?: number;
  /** In seconds; the watermark is a millisecond before it. Null for none yet. */
  readonly upTo: number | "idle" | null;
  /** Default: the end of the partition with this commit. */
  readonly next?: number;
  readonly partition?: number;
}

/** What is on a topic of reports, in the words of the topic. */
export interface Report {
  readonly timestamp: number;
  readonly task: number;
  readonly tasks: number;
  readonly topic: string;
  readonly producer: number;
  readonly watermark: number | "idle" | null;
  readonly next: number;
}

/** A job that writes `sales` by hand. */
export class Writer {
  readonly #log: Log;
  readonly #job: string;
  readonly #tasks: number;
  readonly #member: Member;

  private constructor(log: Log, member: Member, { job, tasks }: { job: string; tasks: number }) {
    this.#log = log;
    this.#member = member;
    this.#job = job;
    this.#tasks = tasks;
  }

  /** A member of its own of `job`; the topic of reports is made with the first of them. */
  static async join(log: Log, { job = "writer", tasks = 1 } = {}): Promise<Writer> {
    const topic = `input-of-${job}`;
    const [sales] = await log.describeTopics(["sales"]);
    const wanted = [
      { name: topic, partitions: 1 },
      { name: "sales.watermarks", partitions: sales!.partitions.length },
    ];
    const known = (await log.describeTopics()).map(({ name }) => name);
    await log.createTopics(wanted.filter(({ name }) => !known.includes(name)));
    return await Writer.#joinGroup(log, { job, tasks, topic });
  }

  /** The same, but without a topic of reports: somebody who knows nothing of rule 24. */
  static async stranger(log: Log): Promise<Writer> {
    await log.createTopics([{ name: "input-of-stranger", partitions: 1 }]);
    return await Writer.#joinGroup(log, { job: "stranger", tasks: 1, topic: "input-of-stranger" });
  }

  static async #joinGroup(
    log: Log,
    { topic, ...own }: { readonly job: string; readonly tasks: number; readonly topic: string },
  ): Promise<Writer> {
    const member = await log.join(own.job, { description: own.job, topics: [topic], version: "1" });
    while (member.assignment.partitions.length === 0) await member.poll([], { maxWaitMs: 10 });
    return new Writer(log, member, own);
  }

  /** One transaction: records, and reports that know where these are. */
  async commit(records: readonly Written[], ...told: readonly Told[]): Promise<void> {
    const [sales] = await this.#log.describeTopics(["sales"]);
    const outputs = records.map(({ second, sum, shop = "a", partition = 0 }): OutputBatch => {
      const builder = new RecordBatchBuilder();
      builder.appendText(second * 1_000, null, JSON.stringify({ shop, sum }));
      return { topic: "sales", partition, batch: builder.finish() };
    });
    const reports = told.map((one) => {
      const partition = one.partition ?? 0;
      const added = outputs.filter((output) => output.partition === partition).length;
      return this.#report(one, sales!, sales!.partitions[partition]!.endOffset + added);
    });
    const transaction = this.#member.begin();
    await transaction.append(outputs);
    await transaction.commit(() => [], () => reports);
  }

  #report({ task = 0, upTo, next, partition = 0 }: Told, sales: TopicDescription, end: number) {
    const builder = new RecordBatchBuilder();
    const watermark = typeof upTo === "number" ? upTo * 1_000 - 1 : upTo;
    const value = {
      tasks: this.#tasks,
      topic: sales.id,
      producer: this.#member.producerId,
      watermark,
      next: next ?? end,
    };
    builder.appendText(0, JSON.stringify({ job: this.#job, task }), JSON.stringify(value));
    return { topic: "sales.watermarks", partition, batch: builder.finish() };
  }

  close(): Promise<void> {
    return this.#member.close();
  }
}

/** Takes a job out by hand. */
export async function forget(log: Log, job: string, partition = 0): Promise<void> {
  const builder = new RecordBatchBuilder();
  builder.appendText(0, JSON.stringify({ job }), null);
  await log.append([{ topic: "sales.watermarks", partition, batch: builder.finish() }]);
}

/** What is reported about a partition of `topic`. */
export async function reportsOn(log: Log, topic: string, partition = 0): Promise<Report[]> {
  const found: Report[] = [];
  for (let offset = 0;;) {
    const [fetched] = await log.fetch([{ topic: `${topic}.watermarks`, partition, offset }]);
    if (fetched!.nextOffset === offset) return found;
    for (const batch of fetched!.batches) {
      for (let i = batch.firstAt(offset); i < batch.count; i++) {
        const { task } = JSON.parse(batch.keyText(i)!);
        const timestamp = batch.timestamp(i);
        found.push({ timestamp, task, ...JSON.parse(batch.valueText(i)!) });
      }
    }
    offset = fetched!.nextOffset;
  }
}

/**
 * The same log, but on topics that `isHeld` names nothing behind an offset can be read, as if a
 * transaction that is not over stood there.
 */
export function heldBack(log: Log, isHeld: (topic: string) => number | null): Log {
  const cut: Log["fetch"] = async (positions, options) => {
    const fetched = await log.fetch(positions, options);
    return fetched.map((one, i) => {
      const stable = isHeld(one.topic);
      if (stable === null || one.nextOffset <= stable) return one;
      const batches = one.batches.filter(({ nextOffset }) => nextOffset <= stable);
      return { ...one, batches, nextOffset: Math.max(stable, positions[i]!.offset) };
    });
  };
  return overlay(log, {
    fetch: cut,
    join: async (...args) => {
      const member = await log.join(...args);
      const poll: Member["poll"] = async (positions, options) => {
        const maxWaitMs = Math.min(options?.maxWaitMs ?? 0, 5);
        await member.poll(positions, { ...options, maxWaitMs });
        // An assignment ends a wait without records.
        return member.isRebalancing || member.assignment.partitions.length === 0
          ? []
          : await cut(positions);
      };
      return overlay(member, { poll });
    },
  });
}
