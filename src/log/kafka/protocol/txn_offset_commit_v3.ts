/**
 * TxnOffsetCommit v3: offsets as part of a transaction, under the fence of the member's generation
 * (KIP-447, semantics 13).
 *
 * ```text
 * Request:  transactionalId  string
 *           groupId          string
 *           producerId       int64
 *           producerEpoch    int16
 *           generation       int32
 *           memberId         string
 *           instanceId       nullable string
 *           topics           [name string, partitions]
 *           partitions       [partition int32, offset int64, leaderEpoch int32,
 *                             metadata nullable string]
 * Response: throttleTimeMs   int32
 *           topics           [name string, partitions [partition int32, errorCode int16]]
 * ```
 */

import { Api } from "./api.ts";
import {
  type GroupMembership,
  type OffsetsOfTopic,
  type PartitionOutcomes,
  readPartitionOutcomes,
  type TransactionalProducer,
  writeMembership,
  writeOffsets,
} from "./outcomes.ts";

/** The offsets, and who commits them. */
export interface TxnOffsetCommitRequest extends TransactionalProducer, GroupMembership {
  readonly topics: readonly OffsetsOfTopic[];
}

/** TxnOffsetCommit v3. */
export const txnOffsetCommit = new Api<TxnOffsetCommitRequest, PartitionOutcomes>({
  name: "TxnOffsetCommit",
  key: 28,
  version: 3,
  flexible: true,
  encode: (writer, request) => {
    writer.string(request.transactionalId);
    writer.string(request.groupId);
    writer.int64(request.producerId);
    writer.int16(request.producerEpoch);
    writeMembership(writer, request);
    writeOffsets(writer, request.topics);
  },
  decode: readPartitionOutcomes,
});
