/**
 * ListGroups v4: the groups that one broker coordinates; all brokers must be asked.
 *
 * ```text
 * Request:  statesFilter    [string]  none: in any state
 * Response: throttleTimeMs  int32
 *           errorCode       int16
 *           groups          [groupId string, protocolType string, state string]
 * ```
 */

import { Api } from "./api.ts";
import type { OutcomeResponse } from "./outcomes.ts";

/** The groups. */
export interface ListGroupsResponse extends OutcomeResponse {
  readonly groups: readonly {
    readonly groupId: string;
    /** "consumer"; empty for a group that only has offsets. */
    readonly protocolType: string;
    /** Such as "Stable" or "PreparingRebalance"; "Empty" or "Dead" for a group without members. */
    readonly state: string;
  }[];
}

/** ListGroups v4. */
export const listGroups = new Api<Record<never, never>, ListGroupsResponse>({
  name: "ListGroups",
  key: 16,
  version: 4,
  flexible: true,
  encode: (writer) => writer.strings([]),
  decode: (reader) => ({
    throttleTimeMs: reader.int32(),
    errorCode: reader.int16(),
    groups: reader.structs(() => ({
      groupId: reader.string(),
      protocolType: reader.string(),
      state: reader.string(),
    })),
  }),
});
