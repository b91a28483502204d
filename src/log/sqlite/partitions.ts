/** Batches of a partition as rows. All functions are to be called in a transaction. */

import { FlightsError, messageOf } from "../../base/errors.ts";
import type { FetchedPartition, OutputBatch, Position, TopicPartition } from "../log.ts";
import { RecordBatch } from "../records/batch.ts";
import { setBaseOffset } from "../records/builder.ts";
import { field, viewOf } from "../records/header.ts";
import type { Database, Row } from "./database.ts";
import { findPartition, nameOf, partitionMissing } from "./topics.ts";

/** A partition's share of a fetch unless it is asked for otherwise. */
const defaultPartitionBytes = 1024 * 1024;

/** The offsets that a batch was given. */
export interface Placement {
  readonly baseOffset: number;
  /** The offset behind its last one. */
  readonly nextOffset: number;
}

/** Appends a batch. @throws {FlightsError} `topic-missing`. */
export function appendBatch(db: Database, output: OutputBatch): Placement {
  const { bytes, maxTimestamp } = output.batch;
  const found = findPartition(db, output);
  if (found === null) throw partitionMissing(db, output, { doing: "append to" });
  const baseOffset = found.endOffset;
  const lastOffset = baseOffset + viewOf(bytes).getInt32(field.lastOffsetDelta);
  setBaseOffset(bytes, baseOffset);
  insertBatch(db, found.id, { baseOffset, lastOffset, maxTimestamp, bytes });
  db.run(
    "UPDATE partitions SET end_offset = ?, bytes = bytes + ? WHERE id = ?",
    lastOffset + 1,
    bytes.length,
    found.id,
  );
  return { baseOffset, nextOffset: lastOffset + 1 };
}

/** A batch as a row. */
export interface BatchRow {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly maxTimestamp: number;
  readonly bytes: Uint8Array;
}

/** Adds a row; its bytes hold their offsets. */
export function insertBatch(db: Database, partitionId: number, batch: BatchRow): void {
  db.run(
    `INSERT INTO batches (partition, base_offset, last_offset, max_timestamp, size, bytes)
     VALUES (?, ?, ?, ?, ?, ?)`,
    partitionId,
    batch.baseOffset,
    batch.lastOffset,
    batch.maxTimestamp,
    batch.bytes.length,
    batch.bytes,
  );
}

/**
 * Reads at one position. All positions of a fetch are read in one transaction, so that what one
 * commit wrote to several partitions becomes visible at once.
 *
 * @throws {FlightsError} `topic-missing`, `topic-changed`, `offset-out-of-range`, `log-corrupt`.
 */
export function readPartition(
  db: Database,
  position: Position,
  maxBytes = defaultPartitionBytes,
): FetchedPartition {
  const { topic, partition, offset } = position;
  const found = findPartition(db, position);
  if (found === null || (position.topicId ?? found.topicId) !== found.topicId) {
    throw position.topicId === undefined
      ? partitionMissing(db, position, { doing: "read" })
      : topicChanged(position);
  }
  const { id, topicId, startOffset, endOffset } = found;
  if (offset < startOffset || offset > endOffset) {
    throw new FlightsError(
      "offset-out-of-range",
      `Cannot read ${nameOf(position)}: the offset must be from ${startOffset} to ${endOffset}, ` +
        `which is what the log holds, it is ${offset}`,
    );
  }
  const batches: RecordBatch[] = [];
  let nextOffset = offset;
  let budget = maxBytes;
  while (nextOffset < endOffset) {
    const isFirst = batches.length === 0;
    const from = isFirst ? firstBaseOffset(db, id, offset) : nextOffset;
    const row = nextBatch(db, id, { from, maxSize: isFirst ? null : budget });
    if (row === undefined) {
      nextOffset = endOffset;
      break;
    }
    if (row.bytes === null) break;
    const batch = decodeRow(row, position);
    batches.push(batch);
    budget -= batch.size;
    nextOffset = batch.nextOffset;
  }
  return { topic, partition, topicId, batches, nextOffset, endOffset };
}

function topicChanged(position: Position): FlightsError {
  return new FlightsError(
    "topic-changed",
    `Cannot read ${nameOf(position)} at offset ${position.offset}: it must be the topic it was ` +
      `(${position.topicId}), it was deleted or created anew since then`,
  );
}

/** Where the batch begins that holds `offset`, or `offset` itself when none does. */
export function firstBaseOffset(db: Database, partitionId: number, offset: number): number {
  const row = db.get(
    `SELECT base_offset, last_offset FROM batches WHERE partition = ? AND base_offset <= ?
     ORDER BY base_offset DESC LIMIT 1`,
    partitionId,
    offset,
  );
  return row !== undefined && Number(row.last_offset) >= offset ? Number(row.base_offset) : offset;
}

/** The first batch from an offset on; without its bytes where they are more than `maxSize`. */
export function nextBatch(
  db: Database,
  partitionId: number,
  { from, maxSize = null }: { readonly from: number; readonly maxSize?: number | null },
): Row | undefined {
  return db.get(
    `SELECT id, base_offset, last_offset, size,
            CASE WHEN ?3 IS NULL OR size <= ?3 THEN bytes END AS bytes
     FROM batches WHERE partition = ?1 AND base_offset >= ?2 ORDER BY base_offset LIMIT 1`,
    partitionId,
    from,
    maxSize,
  );
}

/** Decodes a row, whose place in the file must be what its bytes say. */
export function decodeRow(row: Row, where: TopicPartition): RecordBatch {
  const { base_offset: base, last_offset: last } = row;
  const what = `Cannot read ${nameOf(where)} at offset ${base}`;
  let batch: RecordBatch;
  try {
    batch = RecordBatch.decode(row.bytes as Uint8Array);
  } catch (error) {
    const found = `${what}: the batch must be as it was written, ${messageOf(error)}`;
    throw new FlightsError("log-corrupt", found, { cause: error });
  }
  if (batch.baseOffset !== base || batch.lastOffset !== last) {
    throw new FlightsError(
      "log-corrupt",
      `${what}: its batch must be that of ${base} to ${last}, ` +
        `it is that of ${batch.baseOffset} to ${batch.lastOffset}`,
    );
  }
  return batch;
}

/** The first offset whose record is of `time` or later, or the end offset. */
export function offsetForTime(db: Database, where: TopicPartition, time: number): number {
  const found = findPartition(db, where);
  if (found === null) throw partitionMissing(db, where, { doing: "look for a time in" });
  const place = db.get(
    `SELECT base_offset FROM batches WHERE partition = ? AND max_timestamp >= ?
     ORDER BY base_offset LIMIT 1`,
    found.id,
    time,
  );
  if (place === undefined) return found.endOffset;
  const batch = decodeRow(nextBatch(db, found.id, { from: Number(place.base_offset) })!, where);
  for (let i = 0; i < batch.count; i++) if (batch.timestamp(i) >= time) return batch.offset(i);
  return found.endOffset;
}
