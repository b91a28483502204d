/**
 * SyncGroup v3: the leader tells the assignment, everyone gets its own.
 *
 * ```text
 * Request:  groupId      string
 *           generation   int32
 *           memberId     string
 *           instanceId   nullable string
 *           assignments  [memberId string, assignment bytes]
 * Response: throttleTimeMs  int32
 *           errorCode       int16
 *           assignment      bytes
 * ```
 */

import { Api } from "./api.ts";
import { type GroupMembership, type OutcomeResponse, writeMembership } from "./outcomes.ts";

/** What the leader has assigned; empty from all others. */
export interface SyncGroupRequest extends GroupMembership {
  readonly assignments: readonly { readonly memberId: string; readonly assignment: Uint8Array }[];
}

/** A member's own assignment. */
export interface SyncGroupResponse extends OutcomeResponse {
  readonly assignment: Uint8Array;
}

/** SyncGroup v3. */
export const syncGroup = new Api<SyncGroupRequest, SyncGroupResponse>({
  name: "SyncGroup",
  key: 14,
  version: 3,
  flexible: false,
  encode: (writer, request) => {
    writer.string(request.groupId);
    writeMembership(writer, request);
    writer.structs(request.assignments, ({ memberId, assignment }) => {
      writer.string(memberId);
      writer.bytes(assignment);
    });
  },
  decode: (reader) => ({
    throttleTimeMs: reader.int32(),
    errorCode: reader.int16(),
    assignment: reader.bytes(),
  }),
});
