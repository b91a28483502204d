/**
 * DescribeGroups v5: groups with their members, from their coordinator. A group that is not there
 * is "Dead" and no error.
 *
 * ```text
 * Request:  groups                       [string]
 *           includeAuthorizedOperations  bool
 * Response: throttleTimeMs  int32
 *           groups          [errorCode int16, groupId string, state string, protocolType string,
 *                            protocol string, members, authorizedOperations int32]
 *           members         [memberId string, instanceId nullable string, clientId string,
 *                            clientHost string, metadata bytes, assignment bytes]
 * ```
 */

import { Api, type Response } from "./api.ts";
import type { Reader } from "./wire.ts";

/** Which groups. */
export interface DescribeGroupsRequest {
  readonly groups: readonly string[];
}

/** A live member, as its coordinator knows it. */
export interface DescribedMember {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  /** What it told when it joined; empty while the group is not stable. */
  readonly metadata: Uint8Array;
  /** Empty while the group is not stable. */
  readonly assignment: Uint8Array;
}

/** The groups. */
export interface DescribeGroupsResponse extends Response {
  readonly groups: readonly {
    readonly errorCode: number;
    readonly groupId: string;
    /** Such as "Stable", "PreparingRebalance", "CompletingRebalance", "Empty", "Dead". */
    readonly state: string;
    readonly protocol: string;
    readonly members: readonly DescribedMember[];
  }[];
}

/** DescribeGroups v5. */
export const describeGroups = new Api<DescribeGroupsRequest, DescribeGroupsResponse>({
  name: "DescribeGroups",
  key: 15,
  version: 5,
  flexible: true,
  encode: (writer, { groups }) => {
    writer.strings(groups);
    writer.bool(false);
  },
  decode: (reader) => ({
    throttleTimeMs: reader.int32(),
    groups: reader.structs(() => {
      const errorCode = reader.int16();
      const groupId = reader.string();
      const state = reader.string();
      reader.string(); // The protocol's type.
      const protocol = reader.string();
      const members = reader.structs(() => readMember(reader));
      reader.int32(); // Authorized operations: not asked for.
      return { errorCode, groupId, state, protocol, members };
    }),
  }),
});

function readMember(reader: Reader): DescribedMember {
  return {
    memberId: reader.string(),
    instanceId: reader.nullableString(),
    clientId: reader.string(),
    clientHost: reader.string(),
    metadata: reader.bytes(),
    assignment: reader.bytes(),
  };
}
