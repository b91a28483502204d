/**
 * ListTransactions v0 (KIP-664): the transactions that one broker coordinates; all brokers must be
 * asked. Those whose id the user may not look at are left out.
 *
 * ```text
 * Request:  stateFilters         [string]  none: in any state
 *           producerIdFilters    [int64]   none: of anybody
 * Response: throttleTimeMs       int32
 *           errorCode            int16
 *           unknownStateFilters  [string]
 *           transactions         [transactionalId string, producerId int64, state string]
 * ```
 */

import { Api } from "./api.ts";
import type { OutcomeResponse } from "./outcomes.ts";

/** Which transactions. */
export interface ListTransactionsRequest {
  /** Those of these producers; none: of all. */
  readonly producerIds: readonly number[];
}

/** The transactions. */
export interface ListTransactionsResponse extends OutcomeResponse {
  readonly transactions: readonly {
    readonly transactionalId: string;
    readonly producerId: number;
    /** Such as "Ongoing", "PrepareCommit", "CompleteAbort", "Empty". */
    readonly state: string;
  }[];
}

/** ListTransactions v0. */
export const listTransactions = new Api<ListTransactionsRequest, ListTransactionsResponse>({
  name: "ListTransactions",
  key: 66,
  version: 0,
  flexible: true,
  encode: (writer, { producerIds }) => {
    writer.strings([]);
    writer.int64s(producerIds);
  },
  decode: (reader) => {
    const throttleTimeMs = reader.int32();
    const errorCode = reader.int16();
    reader.strings(); // States that the broker does not know: none was named.
    const transactions = reader.structs(() => ({
      transactionalId: reader.string(),
      producerId: reader.int64(),
      state: reader.string(),
    }));
    return { throttleTimeMs, errorCode, transactions };
  },
});
