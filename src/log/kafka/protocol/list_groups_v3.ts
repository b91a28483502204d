/**
 * ListGroups v3: the groups that one broker coordinates; all brokers must be asked.
 *
 * ```text
 * Request:  nothing
 * Response: throttleTimeMs  int32
 *           errorCode       int16
 *           groups          [groupId string, protocolType string]
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
  }[];
}

/** ListGroups v3. */
export const listGroups = new Api<Record<never, never>, ListGroupsResponse>({
  name: "ListGroups",
  key: 16,
  version: 3,
  flexible: true,
  encode: () => {},
  decode: (reader) => ({
    throttleTimeMs: reader.int32(),
    errorCode: reader.int16(),
    groups: reader.structs(() => ({ groupId: reader.string(), protocolType: reader.string() })),
  }),
});
