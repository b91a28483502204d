/**
 * OffsetDelete v0: some of a group's offsets, in topics that no member reads (KIP-496).
 *
 * ```text
 * Request:  groupId  string
 *           topics   [name string, partitions [partition int32]]
 * Response: errorCode       int16
 *           throttleTimeMs  int32
 *           topics          [name string, partitions [partition int32, errorCode int16]]
 * ```
 */

import { Api } from "./api.ts";
import { type OutcomeResponse, type PartitionOutcomes, readPartitionOutcomes } from "./outcomes.ts";

/** Which offsets. */
export interface OffsetDeleteRequest {
  readonly groupId: string;
  readonly topics: readonly { readonly name: string; readonly partitions: readonly number[] }[];
}

/** OffsetDelete v0. */
export const offsetDelete = new Api<OffsetDeleteRequest, OutcomeResponse & PartitionOutcomes>({
  name: "OffsetDelete",
  key: 47,
  version: 0,
  flexible: false,
  encode: (writer, { groupId, topics }) => {
    writer.string(groupId);
    writer.structs(topics, ({ name, partitions }) => {
      writer.string(name);
      writer.int32s(partitions);
    });
  },
  decode: (reader) => ({ errorCode: reader.int16(), ...readPartitionOutcomes(reader) }),
});
