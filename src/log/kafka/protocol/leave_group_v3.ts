/**
 * LeaveGroup v3: gives up memberships for good.
 *
 * ```text
 * Request:  groupId  string
 *           members  [memberId string, instanceId nullable string]
 * Response: throttleTimeMs  int32
 *           errorCode       int16
 *           members         [memberId string, instanceId nullable string, errorCode int16]
 * ```
 */

import { Api } from "./api.ts";
import type { OutcomeResponse } from "./outcomes.ts";

/** Who leaves. */
export interface LeaveGroupRequest {
  readonly groupId: string;
  readonly members: readonly { readonly memberId: string; readonly instanceId: string | null }[];
}

/** Who has left. */
export interface LeaveGroupResponse extends OutcomeResponse {
  readonly members: readonly {
    readonly memberId: string;
    readonly instanceId: string | null;
    readonly errorCode: number;
  }[];
}

/** LeaveGroup v3. */
export const leaveGroup = new Api<LeaveGroupRequest, LeaveGroupResponse>({
  name: "LeaveGroup",
  key: 13,
  version: 3,
  flexible: false,
  encode: (writer, { groupId, members }) => {
    writer.string(groupId);
    writer.structs(members, ({ memberId, instanceId }) => {
      writer.string(memberId);
      writer.nullableString(instanceId);
    });
  },
  decode: (reader) => ({
    throttleTimeMs: reader.int32(),
    errorCode: reader.int16(),
    members: reader.structs(() => ({
      memberId: reader.string(),
      instanceId: reader.nullableString(),
      errorCode: reader.int16(),
    })),
  }),
});
