/**
 * Produce v8, acknowledged by all in-sync replicas.
 *
 * ```text
 * Request:  transactionalId  nullable string
 *           acks             int16   -1: all in-sync replicas
 *           timeoutMs        int32
 *           topics           [name string, partitions [partition int32, records nullable bytes]]
 * Response: topics           [name string, partitions]
 *           partitions       [partition int32, errorCode int16, baseOffset int64,
 *                             logAppendTime int64, logStartOffset int64, recordErrors [index int32,
 *                             message nullable string], errorMessage nullable string]
 *           throttleTimeMs   int32
 * ```
 */

import { Api, type Response } from "./api.ts";
import type { Reader } from "./wire.ts";

/** The batches to be appended. */
export interface ProduceRequest {
  readonly transactionalId: string | null;
  /** How long the broker waits for its replicas. */
  readonly timeoutMs: number;
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly {
      readonly partition: number;
      /** One batch. */
      readonly records: Uint8Array;
    }[];
  }[];
}

/** What became of a partition's batch. */
export interface ProducedPartition {
  readonly partition: number;
  readonly errorCode: number;
  readonly errorMessage: string | null;
  /** The offset of its first record; -1 when it was refused. */
  readonly baseOffset: number;
  /** Records that were refused, and their whole batch with them. */
  readonly recordErrors: readonly { readonly index: number; readonly message: string | null }[];
}

/** What became of the batches. */
export interface ProduceResponse extends Response {
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly ProducedPartition[];
  }[];
}

/** Produce v8. */
export const produce = new Api<ProduceRequest, ProduceResponse>({
  name: "Produce",
  key: 0,
  version: 8,
  flexible: false,
  encode: (writer, { transactionalId, timeoutMs, topics }) => {
    writer.nullableString(transactionalId);
    writer.int16(-1);
    writer.int32(timeoutMs);
    writer.structs(topics, ({ name, partitions }) => {
      writer.string(name);
      writer.structs(partitions, ({ partition, records }) => {
        writer.int32(partition);
        writer.bytes(records);
      });
    });
  },
  decode: (reader) => ({
    topics: reader.structs(() => ({
      name: reader.string(),
      partitions: reader.structs(() => readPartition(reader)),
    })),
    throttleTimeMs: reader.int32(),
  }),
});

function readPartition(reader: Reader): ProducedPartition {
  const partition = reader.int32();
  const errorCode = reader.int16();
  const baseOffset = reader.int64();
  reader.int64(); // The time of the append.
  reader.int64(); // The partition's start.
  const recordErrors = reader.structs(() => ({
    index: reader.int32(),
    message: reader.nullableString(),
  }));
  return { partition, errorCode, errorMessage: reader.nullableString(), baseOffset, recordErrors };
}
