/**
 * EndTxn v3: commits or aborts. It answers before readers can see the outcome.
 *
 * ```text
 * Request:  transactionalId  string
 *           producerId       int64
 *           producerEpoch    int16
 *           committed        bool
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

/** How to end. */
export interface EndTxnRequest extends TransactionalProducer {
  /** False aborts. */
  readonly committed: boolean;
}

/** EndTxn v3. */
export const endTxn = new Api<EndTxnRequest, OutcomeResponse>({
  name: "EndTxn",
  key: 26,
  version: 3,
  flexible: true,
  encode: (writer, request) => {
    writeProducer(writer, request);
    writer.bool(request.committed);
  },
  decode: readOutcome,
});
