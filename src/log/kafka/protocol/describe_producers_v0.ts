/**
 * DescribeProducers v0 (KIP-664): who writes to partitions, from their leaders.
 *
 * ```text
 * Request:  topics           [name string, partitions [int32]]
 * Response: throttleTimeMs   int32
 *           topics           [name string, partitions]
 *           partitions       [partition int32, errorCode int16, errorMessage nullable string,
 *                             activeProducers]
 *           activeProducers  [producerId int64, producerEpoch int32, lastSequence int32,
 *                             lastTimestamp int64, coordinatorEpoch int32,
 *                             currentTxnStartOffset int64]
 * ```
 */

import { Api, type Response } from "./api.ts";
import type { Reader } from "./wire.ts";

/** Of which partitions. */
export interface DescribeProducersRequest {
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly number[];
  }[];
}

/** A producer that has written to a partition not long ago. */
export interface ActiveProducer {
  readonly producerId: number;
  readonly producerEpoch: number;
  /** The largest time of its last batch's records, which is event time where they carry that. */
  readonly lastTimestamp: number;
  /** Where its open transaction begins in the partition; -1 when it has none there. */
  readonly transactionStartOffset: number;
}

/** The producers. */
export interface DescribeProducersResponse extends Response {
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly errorCode: number;
      readonly errorMessage: string | null;
      readonly activeProducers: readonly ActiveProducer[];
    }[];
  }[];
}

/** DescribeProducers v0. */
export const describeProducers = new Api<DescribeProducersRequest, DescribeProducersResponse>({
  name: "DescribeProducers",
  key: 61,
  version: 0,
  flexible: true,
  encode: (writer, { topics }) =>
    writer.structs(topics, ({ name, partitions }) => {
      writer.string(name);
      writer.int32s(partitions);
    }),
  decode: (reader) => ({
    throttleTimeMs: reader.int32(),
    topics: reader.structs(() => ({
      name: reader.string(),
      partitions: reader.structs(() => ({
        partition: reader.int32(),
        errorCode: reader.int16(),
        errorMessage: reader.nullableString(),
        activeProducers: reader.structs(() => readProducer(reader)),
      })),
    })),
  }),
});

function readProducer(reader: Reader): ActiveProducer {
  const producerId = reader.int64();
  const producerEpoch = reader.int32();
  reader.int32(); // The last sequence number.
  const lastTimestamp = reader.int64();
  reader.int32(); // The coordinator's epoch.
  return { producerId, producerEpoch, lastTimestamp, transactionStartOffset: reader.int64() };
}
