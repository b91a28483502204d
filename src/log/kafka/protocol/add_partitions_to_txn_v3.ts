/**
 * AddPartitionsToTxn v3: which partitions a transaction is about to write to. Refused as a whole:
 * where one partition has an error of its own, the others have OPERATION_NOT_ATTEMPTED.
 *
 * ```text
 * Request:  transactionalId  string
 *           producerId       int64
 *           producerEpoch    int16
 *           topics           [name string, partitions [int32]]
 * Response: throttleTimeMs   int32
 *           topics           [name string, partitions [partition int32, errorCode int16]]
 * ```
 */

import { Api } from "./api.ts";
import {
  type PartitionOutcomes,
  readPartitionOutcomes,
  type TransactionalProducer,
  writeProducer,
} from "./outcomes.ts";

/** The partitions to be added. */
export interface AddPartitionsToTxnRequest extends TransactionalProducer {
  readonly topics: readonly { readonly name: string; readonly partitions: readonly number[] }[];
}

/** AddPartitionsToTxn v3. */
export const addPartitionsToTxn = new Api<AddPartitionsToTxnRequest, PartitionOutcomes>({
  name: "AddPartitionsToTxn",
  key: 24,
  version: 3,
  flexible: true,
  encode: (writer, request) => {
    writeProducer(writer, request);
    writer.structs(request.topics, ({ name, partitions }) => {
      writer.string(name);
      writer.int32s(partitions);
    });
  },
  decode: readPartitionOutcomes,
});
