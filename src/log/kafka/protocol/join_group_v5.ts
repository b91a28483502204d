/**
 * JoinGroup v5: asks to be part of the group's next generation. The answer comes when all members
 * have joined, or at once for a static member that comes back (KIP-345).
 *
 * ```text
 * Request:  groupId             string
 *           sessionTimeoutMs    int32
 *           rebalanceTimeoutMs  int32
 *           memberId            string
 *           instanceId          nullable string
 *           protocolType        string   "consumer"
 *           protocols           [name string, metadata bytes]
 * Response: throttleTimeMs  int32
 *           errorCode       int16
 *           generation      int32
 *           protocolName    string
 *           leader          string
 *           memberId        string
 *           members         [memberId string, instanceId nullable string, metadata bytes]
 * ```
 */

import { Api } from "./api.ts";
import type { OutcomeResponse } from "./outcomes.ts";

/** Who joins. */
export interface JoinGroupRequest {
  readonly groupId: string;
  /** A member that is not heard of for this long is out. */
  readonly sessionTimeoutMs: number;
  /** How long the others wait for a member to join again. */
  readonly rebalanceTimeoutMs: number;
  /** Empty the first time. MEMBER_ID_REQUIRED gives the one to come back with. */
  readonly memberId: string;
  readonly instanceId: string | null;
  /** The assignors that the member knows, the preferred one first, and what it tells each. */
  readonly protocols: readonly { readonly name: string; readonly metadata: Uint8Array }[];
}

/** The new generation. */
export interface JoinGroupResponse extends OutcomeResponse {
  readonly generation: number;
  /** The assignor that all members know. */
  readonly protocolName: string;
  /** The member that assigns the partitions. */
  readonly leader: string;
  readonly memberId: string;
  /** Told to the leader only; a static leader that came back is told none. */
  readonly members: readonly {
    readonly memberId: string;
    readonly instanceId: string | null;
    readonly metadata: Uint8Array;
  }[];
}

/** JoinGroup v5. */
export const joinGroup = new Api<JoinGroupRequest, JoinGroupResponse>({
  name: "JoinGroup",
  key: 11,
  version: 5,
  flexible: false,
  encode: (writer, request) => {
    writer.string(request.groupId);
    writer.int32(request.sessionTimeoutMs);
    writer.int32(request.rebalanceTimeoutMs);
    writer.string(request.memberId);
    writer.nullableString(request.instanceId);
    writer.string("consumer");
    writer.structs(request.protocols, ({ name, metadata }) => {
      writer.string(name);
      writer.bytes(metadata);
    });
  },
  decode: (reader) => ({
    throttleTimeMs: reader.int32(),
    errorCode: reader.int16(),
    generation: reader.int32(),
    protocolName: reader.nullableString() ?? "",
    leader: reader.string(),
    memberId: reader.string(),
    members: reader.structs(() => ({
      memberId: reader.string(),
      instanceId: reader.nullableString(),
      metadata: reader.bytes(),
    })),
  }),
});
