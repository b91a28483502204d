/**
 * Fetch v13, without a fetch session. From this version on topics go by id, so a topic that was
 * deleted and created anew is never read for the old one (semantics 17).
 *
 * ```text
 * Request:  replicaId        int32   -1: a client
 *           maxWaitMs        int32
 *           minBytes         int32
 *           maxBytes         int32
 *           isolationLevel   int8    0 read_uncommitted, 1 read_committed
 *           sessionId        int32   0
 *           sessionEpoch     int32   -1: none
 *           topics           [topicId uuid, partitions]
 *           partitions       [partition int32, currentLeaderEpoch int32, fetchOffset int64,
 *                             lastFetchedEpoch int32, logStartOffset int64, maxBytes int32]
 *           forgottenTopics  [topicId uuid, partitions [int32]]
 *           rackId           string
 * Response: throttleTimeMs  int32
 *           errorCode       int16
 *           sessionId       int32
 *           topics          [topicId uuid, partitions]
 *           partitions      [partition int32, errorCode int16, highWatermark int64,
 *                            lastStableOffset int64, logStartOffset int64, abortedTransactions
 *                            nullable [producerId int64, firstOffset int64],
 *                            preferredReadReplica int32, records nullable bytes]
 * ```
 */

import { Api, type Response } from "./api.ts";
import type { Isolation } from "./list_offsets_v5.ts";
import type { Reader, Writer } from "./wire.ts";

/** Where to read in one partition. */
export interface FetchPosition {
  readonly partition: number;
  /** As metadata told it; the broker refuses a client that knows an older one. -1: not known. */
  readonly leaderEpoch: number;
  readonly offset: number;
  /** The first batch comes whole all the same. */
  readonly maxBytes: number;
}

/** Where to read, how much, and how long to wait. */
export interface FetchRequest {
  /** How long the broker waits for `minBytes`. */
  readonly maxWaitMs: number;
  readonly minBytes: number;
  /** For all partitions together; the first batch comes whole all the same. */
  readonly maxBytes: number;
  readonly isolation: Isolation;
  readonly topics: readonly {
    readonly topicId: string;
    readonly partitions: readonly FetchPosition[];
  }[];
}

/** A transaction that was aborted. */
export interface AbortedTransaction {
  readonly producerId: number;
  /** The offset of its first record in the partition. */
  readonly firstOffset: number;
}

/** What was found in one partition. */
export interface FetchedPartition {
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: number;
  /** Before it no transaction is open. */
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  /** Of the records that were fetched, in the order they were aborted; empty if not asked for. */
  readonly abortedTransactions: readonly AbortedTransaction[];
  /** Batches; the last may be cut off. A view of the response. */
  readonly records: Uint8Array;
}

/** What was found. */
export interface FetchResponse extends Response {
  readonly errorCode: number;
  readonly topics: readonly {
    readonly topicId: string;
    readonly partitions: readonly FetchedPartition[];
  }[];
}

/** Fetch v13. */
export const fetch = new Api<FetchRequest, FetchResponse>({
  name: "Fetch",
  key: 1,
  version: 13,
  flexible: true,
  encode: (writer, { maxWaitMs, minBytes, maxBytes, isolation, topics }) => {
    writer.int32(-1);
    writer.int32(maxWaitMs);
    writer.int32(minBytes);
    writer.int32(maxBytes);
    writer.int8(isolation === "read_committed" ? 1 : 0);
    writer.int32(0);
    writer.int32(-1);
    writer.structs(topics, ({ topicId, partitions }) => {
      writer.uuid(topicId);
      writer.structs(partitions, (position) => writePosition(writer, position));
    });
    writer.structs([], () => {}); // Without a session nothing is to be forgotten.
    writer.string("");
  },
  decode: (reader) => {
    const throttleTimeMs = reader.int32();
    const errorCode = reader.int16();
    reader.int32(); // The session: none.
    const topics = reader.structs(() => ({
      topicId: reader.uuid(),
      partitions: reader.structs(() => readPartition(reader)),
    }));
    return { throttleTimeMs, errorCode, topics };
  },
});

function writePosition(writer: Writer, position: FetchPosition): void {
  writer.int32(position.partition);
  writer.int32(position.leaderEpoch);
  writer.int64(position.offset);
  writer.int32(-1); // For replicas that look for where their log parts from the leader's.
  writer.int64(-1); // A replica's own start.
  writer.int32(position.maxBytes);
}

function readPartition(reader: Reader): FetchedPartition {
  const partition = {
    partition: reader.int32(),
    errorCode: reader.int16(),
    highWatermark: reader.int64(),
    lastStableOffset: reader.int64(),
    logStartOffset: reader.int64(),
    abortedTransactions: reader.nullableStructs(() => ({
      producerId: reader.int64(),
      firstOffset: reader.int64(),
    })) ?? [],
  };
  reader.int32(); // The preferred replica: none, since no rack was named.
  return { ...partition, records: reader.nullableBytes() ?? new Uint8Array(0) };
}
