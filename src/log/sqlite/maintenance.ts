/** What becomes of old records: retention and compaction, in transactions of their own. */

import type { OutputBatch, TopicPartition } from "../log.ts";
import type { RecordBatch } from "../records/batch.ts";
import { RecordBatchBuilder, setBaseOffset } from "../records/builder.ts";
import type { Database, Row } from "./database.ts";
import { decodeRow, insertBatch } from "./partitions.ts";

/** A partition is not compacted before it has grown by this many bytes. */
const minDirtyBytes = 1024 * 1024;
/** Compaction writes batches of about this size. */
const compactedBatchBytes = 256 * 1024;
/** Retention is looked after at most this often a partition, in milliseconds. */
const retentionInterval = 1_000;

/** Looks after partitions that have been written to. */
export class Maintenance {
  readonly #db: Database;
  readonly #lookedAt = new Map<string, number>();

  constructor(db: Database) {
    this.#db = db;
  }

  /** Does what is worth doing for the partitions of `outputs`. */
  async after(outputs: readonly OutputBatch[], now: number): Promise<void> {
    const partitions = new Map(
      outputs.map((output) => [`${output.topic} ${output.partition}`, output]),
    );
    for (const [name, { topic, partition }] of partitions) {
      const row = partitionRow(this.#db, { topic, partition });
      if (row === undefined) continue;
      if (row.cleanup === "compact") {
        if (isWorthCompacting(row)) {
          await this.#db.write("compact", () => compact(this.#db, { topic, partition }));
        }
      } else if (now - (this.#lookedAt.get(name) ?? 0) >= retentionInterval && hasRetention(row)) {
        this.#lookedAt.set(name, now);
        await this.#db.write("clean up", () => retain(this.#db, { topic, partition }, now));
      }
    }
  }
}

function partitionRow(db: Database, { topic, partition }: TopicPartition): Row | undefined {
  return db.get(
    `SELECT p.*, t.cleanup, t.retention_ms, t.retention_bytes FROM partitions p
     JOIN topics t ON t.id = p.topic WHERE t.name = ? AND p.number = ?`,
    topic,
    partition,
  );
}

/** Whether more has come since the last time than was left then. */
function isWorthCompacting(row: Row): boolean {
  const clean = Number(row.clean_bytes);
  return Number(row.bytes) - clean >= Math.max(minDirtyBytes, clean);
}

function hasRetention(row: Row): boolean {
  return row.retention_ms !== null || row.retention_bytes !== null;
}

/** Deletes the oldest whole batches that are too old or too many. */
export function retain(db: Database, where: TopicPartition, now: number): void {
  const row = partitionRow(db, where);
  if (row === undefined) return;
  const id = Number(row.id);
  const maxBytes = row.retention_bytes === null
    ? Number.POSITIVE_INFINITY
    : Number(row.retention_bytes);
  const oldest = row.retention_ms === null
    ? Number.NEGATIVE_INFINITY
    : now - Number(row.retention_ms);
  let bytes = Number(row.bytes);
  let start = Number(row.start_offset);
  for (;;) {
    const batch = db.get(
      "SELECT id, last_offset, max_timestamp, size FROM batches WHERE partition = ? ORDER BY base_offset LIMIT 1",
      id,
    );
    if (batch === undefined) break;
    if (bytes <= maxBytes && Number(batch.max_timestamp) >= oldest) break;
    db.run("DELETE FROM batches WHERE id = ?", batch.id!);
    bytes -= Number(batch.size);
    start = Number(batch.last_offset) + 1;
  }
  db.run("UPDATE partitions SET start_offset = ?, bytes = ? WHERE id = ?", start, bytes, id);
}

/**
 * Keeps the newest record of each key, at its offset. A record that deletes a key is kept once, so
 * that a reader under way learns of it, and goes with the next compaction.
 */
export function compact(db: Database, where: TopicPartition): void {
  const row = partitionRow(db, where);
  if (row === undefined) return;
  const id = Number(row.id);
  const cleanOffset = Number(row.clean_offset);
  const batches = db.all(
    "SELECT base_offset, last_offset, bytes FROM batches WHERE partition = ? ORDER BY base_offset",
    id,
  ).map((batch) => decodeRow(batch, where));
  const newest = newestOffsets(batches);
  const writer = new CompactedBatches(db, id);
  db.run("DELETE FROM batches WHERE partition = ?", id);
  for (const batch of batches) {
    for (let i = 0; i < batch.count; i++) {
      const offset = batch.offset(i);
      const key = batch.keyText(i);
      if (key !== null && newest.get(key) !== offset) continue;
      if (batch.value(i) === null && offset < cleanOffset) continue;
      writer.add(batch, i);
    }
  }
  const bytes = writer.finish();
  db.run(
    "UPDATE partitions SET bytes = ?, clean_bytes = ?, clean_offset = end_offset WHERE id = ?",
    bytes,
    bytes,
    id,
  );
}

function newestOffsets(batches: readonly RecordBatch[]): ReadonlyMap<string, number> {
  const newest = new Map<string, number>();
  for (const batch of batches) {
    for (let i = 0; i < batch.count; i++) {
      const key = batch.keyText(i);
      if (key !== null) newest.set(key, batch.offset(i));
    }
  }
  return newest;
}

/** Writes records that have gaps between their offsets. */
class CompactedBatches {
  readonly #db: Database;
  readonly #partitionId: number;
  readonly #builder = new RecordBatchBuilder();
  #baseOffset = 0;
  #lastOffset = 0;
  #bytes = 0;

  constructor(db: Database, partitionId: number) {
    this.#db = db;
    this.#partitionId = partitionId;
  }

  add(batch: RecordBatch, i: number): void {
    const offset = batch.offset(i);
    if (this.#builder.size >= compactedBatchBytes) this.finish();
    if (this.#builder.count === 0) this.#baseOffset = offset;
    else this.#builder.skip(offset - this.#lastOffset - 1);
    this.#builder.append(batch.timestamp(i), batch.key(i), batch.value(i), batch.headers(i));
    this.#lastOffset = offset;
  }

  /** Writes what waits and returns how many bytes were written in all. */
  finish(): number {
    if (this.#builder.count > 0) {
      const { bytes, maxTimestamp } = this.#builder.finish();
      setBaseOffset(bytes, this.#baseOffset);
      const row = {
        baseOffset: this.#baseOffset,
        lastOffset: this.#lastOffset,
        maxTimestamp,
        bytes,
      };
      insertBatch(this.#db, this.#partitionId, row);
      this.#bytes += bytes.length;
    }
    return this.#bytes;
  }
}
