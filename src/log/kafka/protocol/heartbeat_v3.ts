/**
 * Heartbeat v3: keeps a membership alive, and tells of a rebalance.
 *
 * ```text
 * Request:  groupId     string
 *           generation  int32
 *           memberId    string
 *           instanceId  nullable string
 * Response: throttleTimeMs  int32
 *           errorCode       int16
 * ```
 */

import { Api } from "./api.ts";
import {
  type GroupMembership,
  type OutcomeResponse,
  readOutcome,
  writeMembership,
} from "./outcomes.ts";

/** Heartbeat v3. */
export const heartbeat = new Api<GroupMembership, OutcomeResponse>({
  name: "Heartbeat",
  key: 12,
  version: 3,
  flexible: false,
  encode: (writer, request) => {
    writer.string(request.groupId);
    writeMembership(writer, request);
  },
  decode: readOutcome,
});
