/**
 * AddOffsetsToTxn v3: that a transaction is about to commit offsets of a group.
 *
 * ```text
 * Request:  transactionalId  string
 *           producerId       int64
 *           producerEpoch    int16
 *           groupId          string
 * Response: throttleTimeMs   int32
 *           errorCode        int16
 * ```
 */

import { Api } from "./api.ts";
import {
  type OutcomeResponse,
  readOutcome,
  type TransactionalProducer,
  writeProducer,
} from "./outcomes.ts";

/** The group whose offsets are to be committed. */
export interface AddOffsetsToTxnRequest extends TransactionalProducer {
  readonly groupId: string;
}

/** AddOffsetsToTxn v3. */
export const addOffsetsToTxn = new Api<AddOffsetsToTxnRequest, OutcomeResponse>({
  name: "AddOffsetsToTxn",
  key: 25,
  version: 3,
  flexible: true,
  encode: (writer, request) => {
    writeProducer(writer, request);
    writer.string(request.groupId);
  },
  decode: readOutcome,
});
