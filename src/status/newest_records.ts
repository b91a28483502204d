/** The newest records of a topic, to be shown. */

import { strictTextOf } from "../base/bytes.ts";
import type { Log } from "../log/log.ts";

/** A record to be shown. Bytes that are not UTF-8 are in base64, behind `base64:`. */
export interface ShownRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since the Unix epoch. */
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly [name: string, value: string | null])[];
}

/**
 * The newest records of a topic, newest timestamp first; none of a topic that is not there.
 *
 * @param limit how many at most.
 */
export async function newestRecords(
  log: Log,
  topic: string,
  { limit }: { readonly limit: number },
): Promise<readonly ShownRecord[]> {
  const [description] = await log.describeTopics([topic]);
  if (description === undefined) return [];
  const records: ShownRecord[] = [];
  for (const [partition, { startOffset, endOffset }] of description.partitions.entries()) {
    let offset = Math.max(startOffset, endOffset - limit);
    while (offset < endOffset) {
      const [fetched] = await log.fetch([{ topic, partition, offset, topicId: description.id }]);
      if (fetched === undefined || fetched.nextOffset === offset) break;
      for (const batch of fetched.batches) {
        for (let i = batch.firstAt(offset); i < batch.count; i++) {
          records.push({
            topic,
            partition,
            offset: batch.offset(i),
            timestamp: batch.timestamp(i),
            key: shown(batch.key(i)),
            value: shown(batch.value(i)),
            headers: batch.headers(i).map(({ name, value }) => [name, shown(value)] as const),
          });
        }
      }
      offset = fetched.nextOffset;
    }
  }
  return records.sort((a, b) =>
    b.timestamp - a.timestamp || a.partition - b.partition || b.offset - a.offset
  ).slice(0, limit);
}

function shown(bytes: Uint8Array | null): string | null {
  if (bytes === null) return null;
  return strictTextOf(bytes) ?? `base64:${bytes.toBase64()}`;
}
