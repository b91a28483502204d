/**
 * OffsetFetch v7: a group's committed offsets. With `requireStable` a partition whose offset an open
 * transaction is about to change has UNSTABLE_OFFSET_COMMIT (KIP-447).
 *
 * ```text
 * Request:  groupId        string
 *           topics         nullable [name string, partitions [int32]]   null: all
 *           requireStable  bool
 * Response: throttleTimeMs  int32
 *           topics          [name string, partitions]
 *           partitions      [partition int32, offset int64, leaderEpoch int32,
 *                            metadata nullable string, errorCode int16]
 *           errorCode       int16
 * ```
 */

import { Api } from "./api.ts";
import type { OutcomeResponse } from "./outcomes.ts";

/** Which offsets. */
export interface OffsetFetchRequest {
  readonly groupId: string;
  /** Null for all that the group has committed. */
  readonly topics:
    | readonly { readonly name: string; readonly partitions: readonly number[] }[]
    | null;
  readonly requireStable: boolean;
}

/** The offsets. */
export interface OffsetFetchResponse extends OutcomeResponse {
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly {
      readonly partition: number;
      /** -1 when none was committed. */
      readonly offset: number;
      readonly metadata: string;
      readonly errorCode: number;
    }[];
  }[];
}

/** OffsetFetch v7. */
export const offsetFetch = new Api<OffsetFetchRequest, OffsetFetchResponse>({
  name: "OffsetFetch",
  key: 9,
  version: 7,
  flexible: true,
  encode: (writer, { groupId, topics, requireStable }) => {
    writer.string(groupId);
    writer.nullableStructs(topics, ({ name, partitions }) => {
      writer.string(name);
      writer.int32s(partitions);
    });
    writer.bool(requireStable);
  },
  decode: (reader) => ({
    throttleTimeMs: reader.int32(),
    topics: reader.structs(() => ({
      name: reader.string(),
      partitions: reader.structs(() => {
        const partition = reader.int32();
        const offset = reader.int64();
        reader.int32(); // The leader's epoch: not told at the commit.
        const metadata = reader.nullableString() ?? "";
        return { partition, offset, metadata, errorCode: reader.int16() };
      }),
    })),
    errorCode: reader.int16(),
  }),
});
