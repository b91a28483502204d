/** Batches of a partition: appending and reading. */

import { FlightsError, messageOf } from "../../base/errors.ts";
import type { FetchedPartition, OutputBatch, Position, TopicPartition } from "../log.ts";
import { RecordBatch } from "../records/batch.ts";
import { setBaseOffset } from "../records/builder.ts";
import type { Database, Row } from "./database.ts";
import { findPartition, topicMissing } from "./topics.ts";

/** A partition's share of a fetch unless it is asked for otherwise. */
const defaultPartitionBytes = 1024 * 1024;

/** Writes a partition as messages name it. */
export function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}[${partition}]`;
}

/** Appends a batch and returns its first offset; to be called in a write transaction. */
export function appendBatch(db: Database, output: OutputBatch): number {
  const { topic, partition, batch } = output;
  const found = findPartition(db, topic, partition);
  if (found === null) throw topicMissing(`append to partition ${partition} of`, topic);
  const baseOffset = found.endOffset;
  const lastOffset = baseOffset + batch.count - 1;
  setBaseOffset(batch.bytes, baseOffset);
  insertBatch(db, found.id, {
    baseOffset,
    lastOffset,
    maxTimestamp: batch.maxTimestamp,
    bytes: batch.bytes,
  });
  db.run(
    "UPDATE partitions SET end_offset = ?, bytes = bytes + ? WHERE id = ?",
    lastOffset + 1,
    batch.bytes.length,
    found.id,
  );
  return baseOffset;
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
 * Reads at one position; to be called in a read transaction that covers all positions of a fetch,
 * so that what one commit wrote becomes visible at once.
 */
export function readPartition(
  db: Database,
  position: Position,
  maxBytes = defaultPartitionBytes,
): FetchedPartition {
  const { topic, partition, offset } = position;
  const found = findPartition(db, topic, partition);
  if (found === null || (position.topicId ?? found.topicId) !== found.topicId) {
    throw missingOrChanged(position);
  }
  const { topicId, startOffset, endOffset } = found;
  if (offset < startOffset || offset > endOffset) {
    throw new FlightsError(
      "offset-out-of-range",
      `Cannot read ${
        nameOf(position)
      } at offset ${offset}: it must be from ${startOffset} to ${endOffset}, ` +
        "which is what the log holds",
    );
  }
  const batches: RecordBatch[] = [];
  let nextOffset = offset;
  for (let bytes = 0; bytes < maxBytes;) {
    const row = batchAt(db, found.id, nextOffset);
    if (row === undefined) {
      nextOffset = endOffset;
      break;
    }
    const batch = decodeRow(row, position);
    batches.push(batch);
    bytes += batch.size;
    nextOffset = Number(row.last_offset) + 1;
  }
  return { topic, partition, topicId, batches, nextOffset, endOffset };
}

/** The batch that holds `offset`, or the first one behind it. */
function batchAt(db: Database, partitionId: number, offset: number): Row | undefined {
  const columns = "base_offset, last_offset, bytes";
  const from = db.get(
    `SELECT ${columns} FROM batches WHERE partition = ? AND base_offset >= ? ORDER BY base_offset LIMIT 1`,
    partitionId,
    offset,
  );
  if (from !== undefined && from.base_offset === offset) return from;
  const before = db.get(
    `SELECT ${columns} FROM batches WHERE partition = ? AND base_offset < ? ORDER BY base_offset DESC LIMIT 1`,
    partitionId,
    offset,
  );
  return before !== undefined && Number(before.last_offset) >= offset ? before : from;
}

/** Decodes a row, whose place in the file must be what its bytes say. */
export function decodeRow(row: Row, where: TopicPartition): RecordBatch {
  const at = `Cannot read ${nameOf(where)} at offset ${row.base_offset}: `;
  try {
    const batch = RecordBatch.decode(row.bytes as Uint8Array);
    if (batch.baseOffset === row.base_offset) return batch;
    throw new FlightsError(
      "log-corrupt",
      `${at}its batch must begin there, it begins at ${batch.baseOffset}`,
    );
  } catch (error) {
    throw new FlightsError(
      "log-corrupt",
      `${at}the batch must be as it was written: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
}

function missingOrChanged(position: Position): FlightsError {
  if (position.topicId === undefined) {
    return topicMissing(`read partition ${position.partition} of`, position.topic);
  }
  return new FlightsError(
    "topic-changed",
    `Cannot read ${nameOf(position)} at offset ${position.offset}: it must be the topic it was ` +
      `(${position.topicId}), it was deleted or created anew since then`,
  );
}

/** The first offset whose record is of `time` or later, or the end offset. */
export function offsetForTime(db: Database, where: TopicPartition, time: number): number {
  const found = findPartition(db, where.topic, where.partition);
  if (found === null) throw topicMissing("look for a time in", where.topic);
  const row = db.get(
    `SELECT base_offset, last_offset, bytes FROM batches
     WHERE partition = ? AND max_timestamp >= ? ORDER BY base_offset LIMIT 1`,
    found.id,
    time,
  );
  if (row === undefined) return found.endOffset;
  const batch = decodeRow(row, where);
  for (let i = 0; i < batch.count; i++) {
    if (batch.timestamp(i) >= time) return Math.max(batch.offset(i), found.startOffset);
  }
  return found.endOffset;
}
