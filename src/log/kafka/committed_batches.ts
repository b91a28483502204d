/**
 * What a reader sees of fetched batches: committed records only (read_committed). The broker names
 * the aborted transactions that reach into a fetch; which batches are theirs is for the client to
 * find out (KIP-98).
 */

import type { RecordBatch } from "../records/batch.ts";
import type { AbortedTransaction } from "./protocol/fetch_v13.ts";

/**
 * The batches whose records are committed, without control batches. An aborted transaction begins at
 * its first offset and ends at its producer's next abort marker; a producer may have several, and
 * those of different producers may overlap in any way.
 *
 * @param batches in offset order, as fetched below the last stable offset.
 * @param aborted in any order.
 */
export function committedBatches(
  batches: readonly RecordBatch[],
  aborted: readonly AbortedTransaction[],
): readonly RecordBatch[] {
  const waiting = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset);
  const abortedProducers = new Set<number>();
  let next = 0;
  return batches.filter((batch) => {
    for (; next < waiting.length && waiting[next]!.firstOffset <= batch.lastOffset; next++) {
      abortedProducers.add(waiting[next]!.producerId);
    }
    if (batch.isControl) {
      if (batch.controlType === "abort") abortedProducers.delete(batch.producerId);
      return false;
    }
    return !(batch.isTransactional && abortedProducers.has(batch.producerId)) && batch.count > 0;
  });
}
