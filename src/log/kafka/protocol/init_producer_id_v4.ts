/**
 * InitProducerId v4: a producer id and epoch. For a transactional id it also ends what the last
 * holder of that id left open, and fences that holder.
 *
 * ```text
 * Request:  transactionalId       nullable string   null: idempotent only
 *           transactionTimeoutMs  int32
 *           producerId            int64   -1
 *           producerEpoch         int16   -1
 * Response: throttleTimeMs  int32
 *           errorCode       int16
 *           producerId      int64
 *           producerEpoch   int16
 * ```
 */

import { Api } from "./api.ts";
import type { OutcomeResponse } from "./outcomes.ts";

/** For whom. */
export interface InitProducerIdRequest {
  readonly transactionalId: string | null;
  /** A transaction that is open for longer is aborted by the broker. */
  readonly transactionTimeoutMs: number;
  /** The producer whose epoch is to be raised; -1 for a new start. */
  readonly producerId: number;
  /** Its epoch, which the broker checks; -1 for a new start. */
  readonly producerEpoch: number;
}

/** The producer. */
export interface InitProducerIdResponse extends OutcomeResponse {
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** InitProducerId v4. */
export const initProducerId = new Api<InitProducerIdRequest, InitProducerIdResponse>({
  name: "InitProducerId",
  key: 22,
  version: 4,
  flexible: true,
  encode: (writer, { transactionalId, transactionTimeoutMs, producerId, producerEpoch }) => {
    writer.nullableString(transactionalId);
    writer.int32(transactionTimeoutMs);
    writer.int64(producerId);
    writer.int16(producerEpoch);
  },
  decode: (reader) => ({
    throttleTimeMs: reader.int32(),
    errorCode: reader.int16(),
    producerId: reader.int64(),
    producerEpoch: reader.int16(),
  }),
});
