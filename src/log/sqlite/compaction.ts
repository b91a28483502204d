/**
 * Compaction: of each key the newest record stays, at its offset. A pass over a partition goes in
 * small steps, each a transaction of its own, and may be left off after any of them: a step takes
 * away only what a newer record has replaced, so the partition always says the same. For the same
 * reason passes of several processes do not disturb each other.
 */

import type { TopicPartition } from "../log.ts";
import type { RecordBatch } from "../records/batch.ts";
import { RecordBatchBuilder, setBaseOffset } from "../records/builder.ts";
import type { Database, Row } from "./database.ts";
import { decodeRow, firstBaseOffset, insertBatch, nextBatch } from "./partitions.ts";

/** A partition is not compacted before it has grown by this many bytes. */
const minDirtyBytes = 1024 * 1024;
/** About how many bytes one step reads. */
const stepBytes = 1024 * 1024;
/** Batches that are smaller are merged. */
const mergedBatchBytes = 128 * 1024;
/** A pass takes as much of a partition as has this many keys, so that it fits in memory. */
const maxKeys = 300_000;
/**
 * How long a record that deletes a key stays after compaction has come to it, in milliseconds. A
 * reader that saw the key before must see the deletion; it is behind by less than this.
 */
const tombstoneRetention = 60_000;
/** A merged batch covers at most this many offsets. */
const maxCoveredOffsets = 2 ** 30;

/** Whether a partition's row says that more has come since the last pass than was left by it. */
export function isWorthCompacting(row: Row): boolean {
  const clean = Number(row.clean_bytes);
  return Number(row.bytes) - clean >= Math.max(minDirtyBytes, clean);
}

/** One pass over a partition, from its row as it is when the pass begins. */
export class CompactionPass {
  readonly #db: Database;
  readonly #where: TopicPartition;
  readonly #id: number;
  /** The newest offset of each key that is in what has come since the last pass. */
  readonly #newest = new Map<string, number>();
  /** Records below this offset that delete a key may go. */
  readonly #dropTombstonesBelow: number;
  readonly #movesTombstones: boolean;
  readonly #now: number;
  /** What has come since the last pass is known up to here. */
  #knownTo: number;
  #end: number;
  /** All below is compacted; null while the keys are being read. */
  #sweptTo: number | null = null;
  #sweptBytes = 0;

  constructor(db: Database, where: TopicPartition, { row, now }: { row: Row; now: number }) {
    this.#db = db;
    this.#where = where;
    this.#id = Number(row.id);
    this.#now = now;
    this.#movesTombstones = now - Number(row.tombstone_time) >= tombstoneRetention;
    this.#dropTombstonesBelow = this.#movesTombstones ? Number(row.tombstone_offset) : 0;
    this.#knownTo = Number(row.clean_offset);
    this.#end = Number(row.end_offset);
  }

  /** Does one step; returns whether there is another. */
  async step(): Promise<boolean> {
    if (this.#sweptTo === null) {
      await this.#db.read("compact", () => this.#learnKeys());
      return true;
    }
    return await this.#db.write("compact", () => this.#sweep());
  }

  #learnKeys(): void {
    for (let bytes = 0; bytes < stepBytes;) {
      const batch = this.#next(this.#knownTo);
      if (batch === null || this.#newest.size >= maxKeys) {
        // What is not known by now is for the next pass.
        if (batch !== null) this.#end = this.#knownTo;
        this.#sweptTo = 0;
        return;
      }
      for (let i = 0; i < batch.count; i++) {
        const key = keyOf(batch, i);
        if (key !== null) this.#newest.set(key, batch.offset(i));
      }
      bytes += batch.size;
      this.#knownTo = batch.nextOffset;
    }
  }

  /**
   * The first batch that the pass is about and that reaches `offset` or beyond. It may begin before:
   * another pass may have merged batches across the place where this one is.
   */
  #next(offset: number): RecordBatch | null {
    const from = firstBaseOffset(this.#db, this.#id, offset);
    const row = nextBatch(this.#db, this.#id, { from });
    if (row === undefined || Number(row.base_offset) >= this.#end) return null;
    return decodeRow(row, this.#where);
  }

  #sweep(): boolean {
    const writer = new MergedBatches(this.#db, this.#id);
    let at = this.#sweptTo!;
    let taken = 0;
    let read = 0;
    let batch = this.#next(at);
    for (; batch !== null && read < stepBytes; batch = this.#next(at)) {
      const kept = this.#kept(batch);
      if (kept.length === batch.count && batch.size >= mergedBatchBytes) {
        writer.flush();
        this.#sweptBytes += batch.size;
      } else {
        this.#delete(batch);
        taken += batch.size;
        for (const i of kept) writer.add(batch, i);
      }
      read += batch.size;
      at = batch.nextOffset;
    }
    writer.flush();
    this.#sweptTo = at;
    this.#sweptBytes += writer.bytes;
    const change = writer.bytes - taken;
    this.#db.run("UPDATE partitions SET bytes = bytes + ? WHERE id = ?", change, this.#id);
    if (batch === null) this.#finish();
    return batch !== null;
  }

  /** Which records of a batch stay. */
  #kept(batch: RecordBatch): readonly number[] {
    const kept: number[] = [];
    for (let i = 0; i < batch.count; i++) {
      const offset = batch.offset(i);
      const key = keyOf(batch, i);
      if (key !== null && (this.#newest.get(key) ?? offset) > offset) continue;
      if (batch.value(i) === null && offset < this.#dropTombstonesBelow) continue;
      kept.push(i);
    }
    return kept;
  }

  #delete(batch: RecordBatch): void {
    this.#db.run(
      "DELETE FROM batches WHERE partition = ? AND base_offset = ?",
      this.#id,
      batch.baseOffset,
    );
  }

  #finish(): void {
    this.#db.run(
      "UPDATE partitions SET clean_offset = ?, clean_bytes = ? WHERE id = ?",
      this.#end,
      this.#sweptBytes,
      this.#id,
    );
    if (!this.#movesTombstones) return;
    this.#db.run(
      "UPDATE partitions SET tombstone_offset = ?, tombstone_time = ? WHERE id = ?",
      this.#end,
      this.#now,
      this.#id,
    );
  }
}

/** Gives every byte a character of its own, so that no two keys become the same text. */
const byteDecoder = new TextDecoder("windows-1252");

function keyOf(batch: RecordBatch, i: number): string | null {
  const key = batch.key(i);
  return key === null ? null : byteDecoder.decode(key);
}

/** Writes records that may have gaps between their offsets. */
class MergedBatches {
  readonly #db: Database;
  readonly #partitionId: number;
  readonly #builder = new RecordBatchBuilder();
  #baseOffset = 0;
  #nextOffset = 0;
  #bytes = 0;

  constructor(db: Database, partitionId: number) {
    this.#db = db;
    this.#partitionId = partitionId;
  }

  /** How many bytes have been written. */
  get bytes(): number {
    return this.#bytes;
  }

  add(batch: RecordBatch, i: number): void {
    const offset = batch.offset(i);
    const isFull = this.#builder.size >= mergedBatchBytes ||
      offset - this.#baseOffset >= maxCoveredOffsets;
    if (isFull) this.flush();
    if (this.#builder.count === 0) this.#baseOffset = offset;
    else this.#builder.skip(offset - this.#nextOffset);
    this.#builder.append(batch.timestamp(i), batch.key(i), batch.value(i), batch.headers(i));
    this.#nextOffset = offset + 1;
  }

  /** Writes what waits. */
  flush(): void {
    if (this.#builder.count === 0) return;
    const { bytes, maxTimestamp } = this.#builder.finish();
    setBaseOffset(bytes, this.#baseOffset);
    insertBatch(this.#db, this.#partitionId, {
      baseOffset: this.#baseOffset,
      lastOffset: this.#nextOffset - 1,
      maxTimestamp,
      bytes,
    });
    this.#bytes += bytes.length;
  }
}
