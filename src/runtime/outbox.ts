/** The outputs of the commit under way, already encoded. */

import { partitionForText } from "../base/murmur2.ts";
import { assert } from "../base/errors.ts";
import type { Header, RawRecord } from "../base/record.ts";
import type { OutputBatch, TopicPartition, Transaction } from "../log/log.ts";
import { RecordBatchBuilder } from "../log/records/builder.ts";
import type { ChangelogEntry } from "../stream/state/tables.ts";
import type { OutputRecord, Outputs } from "../stream/task/task_context.ts";

/** A batch is closed when it holds this many bytes; a reader takes whole batches. */
const batchBytes = 256 * 1024;

/** What a task writes through. */
export interface OutboxPort extends Outputs {
  /** The places it has written to since this was asked last; what was forwarded does not count. */
  takeWritten(): readonly TopicPartition[];
}

/** Collects the outputs of all tasks of a member until they are committed. */
export class Outbox {
  readonly #partitionsOf: ReadonlyMap<string, number>;
  readonly #builders = new Map<string, RecordBatchBuilder[]>();
  readonly #records = new Map<string, number>();
  #finished: OutputBatch[] = [];
  #finishedBytes = 0;
  #count = 0;

  /** @param partitionsOf how many partitions each topic has that may be written. */
  constructor(partitionsOf: ReadonlyMap<string, number>) {
    this.#partitionsOf = partitionsOf;
    for (const [topic, partitions] of partitionsOf) {
      this.#builders.set(topic, Array.from({ length: partitions }, () => new RecordBatchBuilder()));
    }
  }

  /** How many records wait for the commit. */
  get count(): number {
    return this.#count;
  }

  /** About how many bytes wait for the commit. */
  get bytes(): number {
    let bytes = this.#finishedBytes;
    for (const builders of this.#builders.values()) {
      for (const builder of builders) if (builder.count > 0) bytes += builder.size;
    }
    return bytes;
  }

  /** How many records have been written to each topic, waiting or committed. */
  get recordsByTopic(): ReadonlyMap<string, number> {
    return this.#records;
  }

  /** The port through which a task writes. */
  portOf(taskPartition: number): OutboxPort {
    let turn = taskPartition;
    const written = new Map<string, Set<number>>();
    return {
      write: (topic, record) => {
        const partitions = this.#partitions(topic);
        const partition = record.placement === null
          ? turn++ % partitions
          : partitionForText(record.placement, partitions);
        this.#write(topic, partition, record);
        const places = written.get(topic);
        if (places === undefined) written.set(topic, new Set([partition]));
        else places.add(partition);
      },
      forward: (topic, record, headers) =>
        this.#forward(
          { topic, partition: taskPartition % this.#partitions(topic) },
          record,
          headers,
        ),
      takeWritten: () => {
        const places = [...written].flatMap(([topic, partitions]) =>
          [...partitions].map((partition) => ({ topic, partition }))
        );
        written.clear();
        return places;
      },
    };
  }

  /** Adds the state changes of a task to its changelog. */
  addChanges(topic: string, partition: number, changes: readonly ChangelogEntry[], now: number) {
    for (const { key, value } of changes) {
      this.#write(topic, partition, { timestamp: now, key, value, placement: null, headers: [] });
    }
  }

  /** Moves all that waits into a transaction. */
  async moveTo(transaction: Transaction): Promise<void> {
    for (const [topic, builders] of this.#builders) {
      builders.forEach((builder, partition) => {
        if (builder.count > 0) this.#close(topic, partition, builder);
      });
    }
    const finished = this.#finished;
    this.#finished = [];
    this.#finishedBytes = 0;
    this.#count = 0;
    await transaction.append(finished);
  }

  #write(topic: string, partition: number, record: OutputRecord): void {
    const builder = this.#builder(topic, partition);
    builder.appendText(record.timestamp, record.key, record.value, record.headers);
    this.#counted(topic, partition, builder);
  }

  #forward(
    { topic, partition }: { topic: string; partition: number },
    record: RawRecord,
    headers: readonly Header[],
  ): void {
    const builder = this.#builder(topic, partition);
    const all = [...record.headers(), ...headers];
    builder.append(record.timestamp, record.key(), record.value(), all);
    this.#counted(topic, partition, builder);
  }

  #counted(topic: string, partition: number, builder: RecordBatchBuilder): void {
    this.#count++;
    this.#records.set(topic, (this.#records.get(topic) ?? 0) + 1);
    if (builder.size >= batchBytes) this.#close(topic, partition, builder);
  }

  #close(topic: string, partition: number, builder: RecordBatchBuilder): void {
    const batch = builder.finish();
    this.#finished.push({ topic, partition, batch });
    this.#finishedBytes += batch.bytes.length;
  }

  #builder(topic: string, partition: number): RecordBatchBuilder {
    return this.#builders.get(topic)![partition]!;
  }

  #partitions(topic: string): number {
    const partitions = this.#partitionsOf.get(topic);
    assert(partitions !== undefined, `${topic} is not among the topics the job writes`);
    return partitions;
  }
}
