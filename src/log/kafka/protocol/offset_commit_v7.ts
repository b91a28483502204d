/**
 * OffsetCommit v7: offsets outside of a transaction.
 *
 * ```text
 * Request:  groupId     string
 *           generation  int32   -1: not a member
 *           memberId    string
 *           instanceId  nullable string
 *           topics      [name string, partitions]
 *           partitions  [partition int32, offset int64, leaderEpoch int32, metadata nullable string]
 * Response: throttleTimeMs  int32
 *           topics          [name string, partitions [partition int32, errorCode int16]]
 * ```
 */

import { Api } from "./api.ts";
import {
  type GroupMembership,
  type OffsetsOfTopic,
  type PartitionOutcomes,
  readPartitionOutcomes,
  writeMembership,
  writeOffsets,
} from "./outcomes.ts";

/** The offsets, and who commits them. */
export interface OffsetCommitRequest extends GroupMembership {
  readonly topics: readonly OffsetsOfTopic[];
}

/** OffsetCommit v7. */
export const offsetCommit = new Api<OffsetCommitRequest, PartitionOutcomes>({
  name: "OffsetCommit",
  key: 8,
  version: 7,
  flexible: false,
  encode: (writer, request) => {
    writer.string(request.groupId);
    writeMembership(writer, request);
    writeOffsets(writer, request.topics);
  },
  decode: readPartitionOutcomes,
});
