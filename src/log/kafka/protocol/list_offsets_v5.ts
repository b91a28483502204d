/**
 * ListOffsets v5: the ends of partitions, or where a time begins.
 *
 * ```text
 * Request:  replicaId       int32   -1: a client
 *           isolationLevel  int8    0 read_uncommitted, 1 read_committed
 *           topics          [name string, partitions]
 *           partitions      [partition int32, currentLeaderEpoch int32, timestamp int64]
 * Response: throttleTimeMs  int32
 *           topics          [name string, partitions]
 *           partitions      [partition int32, errorCode int16, timestamp int64, offset int64,
 *                            leaderEpoch int32]
 * ```
 */

import { Api, type Response } from "./api.ts";

/** How much of unfinished transactions is seen. */
export type Isolation = "read_uncommitted" | "read_committed";

/** Stands for the end of a partition in place of a time: the high watermark, or under
 * read_committed the last stable offset. */
export const latest = -1;
/** Stands for the start of a partition in place of a time. */
export const earliest = -2;

/** The offsets asked for. */
export interface ListOffsetsRequest {
  readonly isolation: Isolation;
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly {
      readonly partition: number;
      /** In milliseconds since the Unix epoch; {@linkcode latest} or {@linkcode earliest}. */
      readonly timestamp: number;
    }[];
  }[];
}

/** The offsets found. */
export interface ListOffsetsResponse extends Response {
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly errorCode: number;
      /** The record's, where a time was asked for; else -1. */
      readonly timestamp: number;
      /** -1 when no record is of that time or later. */
      readonly offset: number;
      readonly leaderEpoch: number;
    }[];
  }[];
}

/** ListOffsets v5. */
export const listOffsets = new Api<ListOffsetsRequest, ListOffsetsResponse>({
  name: "ListOffsets",
  key: 2,
  version: 5,
  flexible: false,
  encode: (writer, { isolation, topics }) => {
    writer.int32(-1);
    writer.int8(isolation === "read_committed" ? 1 : 0);
    writer.structs(topics, ({ name, partitions }) => {
      writer.string(name);
      writer.structs(partitions, ({ partition, timestamp }) => {
        writer.int32(partition);
        writer.int32(-1);
        writer.int64(timestamp);
      });
    });
  },
  decode: (reader) => ({
    throttleTimeMs: reader.int32(),
    topics: reader.structs(() => ({
      name: reader.string(),
      partitions: reader.structs(() => ({
        partition: reader.int32(),
        errorCode: reader.int16(),
        timestamp: reader.int64(),
        offset: reader.int64(),
        leaderEpoch: reader.int32(),
      })),
    })),
  }),
});
