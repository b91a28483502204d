/** Retention: the oldest whole batches go when they are too old or too many. */

import type { Database, Row } from "./database.ts";

/** The most batches that one step deletes. */
const stepBatches = 64;

/** Whether a partition's row says that its topic holds records for a limited time or size. */
export function hasRetention(row: Row): boolean {
  return row.retention_ms !== null || row.retention_bytes !== null;
}

/**
 * Deletes some of a partition's oldest batches that may go; to be called in a write transaction.
 * Returns whether there may be more.
 */
export function retain(db: Database, row: Row, now: number): boolean {
  const id = Number(row.id);
  const maxBytes = Number(row.retention_bytes ?? Number.POSITIVE_INFINITY);
  const oldest = row.retention_ms === null ? -Infinity : now - Number(row.retention_ms);
  const partition = db.get("SELECT bytes, end_offset FROM partitions WHERE id = ?", id);
  if (partition === undefined) return false;
  const batches = db.all(
    `SELECT id, last_offset, max_timestamp, size FROM batches WHERE partition = ?
     ORDER BY base_offset LIMIT ?`,
    id,
    stepBatches,
  );
  let bytes = Number(partition.bytes);
  let deleted = 0;
  for (const { max_timestamp: time, size, id: batch } of batches) {
    if (bytes <= maxBytes && Number(time) >= oldest) break;
    db.run("DELETE FROM batches WHERE id = ?", batch!);
    bytes -= Number(size);
    deleted++;
  }
  if (deleted === 0) return false;
  const startOffset = Number(batches[deleted - 1]!.last_offset) + 1;
  db.run("UPDATE partitions SET start_offset = ?, bytes = ? WHERE id = ?", startOffset, bytes, id);
  return deleted === stepBatches;
}
