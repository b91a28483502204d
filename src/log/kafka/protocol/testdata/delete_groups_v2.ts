/**
 * DeleteGroups v2: groups without members, with all their offsets.
 *
 * ```text
 * Request:  groups  [string]
 * Response: throttleTimeMs  int32
 *           groups          [groupId string, errorCode int16]
 * ```
 */

import { Api, type Response } from "../api.ts";

/** Which groups. */
export interface DeleteGroupsRequest {
  readonly groups: readonly string[];
}

/** What became of each. */
export interface DeleteGroupsResponse extends Response {
  readonly groups: readonly { readonly groupId: string; readonly errorCode: number }[];
}

/** DeleteGroups v2. */
export const deleteGroups = new Api<DeleteGroupsRequest, DeleteGroupsResponse>({
  name: "DeleteGroups",
  key: 42,
  version: 2,
  flexible: true,
  encode: (writer, { groups }) => writer.strings(groups),
  decode: (reader) => ({
    throttleTimeMs: reader.int32(),
    groups: reader.structs(() => ({ groupId: reader.string(), errorCode: reader.int16() })),
  }),
});
