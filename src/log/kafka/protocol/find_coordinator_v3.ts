/**
 * FindCoordinator v3: which broker looks after a group or a transactional id.
 *
 * ```text
 * Request:  key      string
 *           keyType  int8   0 group, 1 transaction
 * Response: throttleTimeMs  int32
 *           errorCode       int16
 *           errorMessage    nullable string
 *           nodeId          int32
 *           host            string
 *           port            int32
 * ```
 */

import { Api, type Response } from "./api.ts";
import type { BrokerAddress } from "./metadata_v12.ts";

/** What a coordinator coordinates. */
export type CoordinatorKind = "group" | "transaction";

/** Whose coordinator is looked for. */
export interface FindCoordinatorRequest {
  readonly kind: CoordinatorKind;
  /** The group's id or the transactional id. */
  readonly key: string;
}

/** Where it is. */
export interface FindCoordinatorResponse extends Response {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly broker: BrokerAddress;
}

/** FindCoordinator v3. */
export const findCoordinator = new Api<FindCoordinatorRequest, FindCoordinatorResponse>({
  name: "FindCoordinator",
  key: 10,
  version: 3,
  flexible: true,
  encode: (writer, { kind, key }) => {
    writer.string(key);
    writer.int8(kind === "group" ? 0 : 1);
  },
  decode: (reader) => ({
    throttleTimeMs: reader.int32(),
    errorCode: reader.int16(),
    errorMessage: reader.nullableString(),
    broker: { nodeId: reader.int32(), host: reader.string(), port: reader.int32() },
  }),
});
