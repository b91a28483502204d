/**
 * DescribeTransactions v0 (KIP-664): transactions with what they write to, from their coordinators.
 *
 * ```text
 * Request:  transactionalIds  [string]
 * Response: throttleTimeMs    int32
 *           transactions      [errorCode int16, transactionalId string, state string,
 *                              timeoutMs int32, startedAt int64, producerId int64,
 *                              producerEpoch int16, topics]
 *           topics            [name string, partitions [int32]]
 * ```
 */

import { Api, type Response } from "./api.ts";

/** Which transactions. */
export interface DescribeTransactionsRequest {
  readonly transactionalIds: readonly string[];
}

/** A transaction, as its coordinator knows it. */
export interface DescribedTransaction {
  readonly errorCode: number;
  readonly transactionalId: string;
  /** Such as "Ongoing", "PrepareCommit", "CompleteAbort", "Empty". */
  readonly state: string;
  readonly timeoutMs: number;
  /** In milliseconds since the Unix epoch, by the coordinator's clock; -1 when none is open. */
  readonly startedAt: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  /** What it has still to be ended in. */
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly number[];
  }[];
}

/** The transactions. */
export interface DescribeTransactionsResponse extends Response {
  readonly transactions: readonly DescribedTransaction[];
}

/** DescribeTransactions v0. */
export const describeTransactions = new Api<
  DescribeTransactionsRequest,
  DescribeTransactionsResponse
>({
  name: "DescribeTransactions",
  key: 65,
  version: 0,
  flexible: true,
  encode: (writer, { transactionalIds }) => writer.strings(transactionalIds),
  decode: (reader) => ({
    throttleTimeMs: reader.int32(),
    transactions: reader.structs(() => ({
      errorCode: reader.int16(),
      transactionalId: reader.string(),
      state: reader.string(),
      timeoutMs: reader.int32(),
      startedAt: reader.int64(),
      producerId: reader.int64(),
      producerEpoch: reader.int16(),
      topics: reader.structs(() => ({ name: reader.string(), partitions: reader.int32s() })),
    })),
  }),
});
