/**
 * ApiVersions v3: which requests a broker knows, in which versions.
 *
 * ```text
 * Request:  clientSoftwareName     string
 *           clientSoftwareVersion  string
 * Response: errorCode       int16
 *           apis            [key int16, minVersion int16, maxVersion int16]
 *           throttleTimeMs  int32
 * ```
 */

import { Api, type Response } from "./api.ts";

/** Which program asks; brokers count it. */
export interface ApiVersionsRequest {
  /** Letters, digits, `-` and `.`. */
  readonly softwareName: string;
  readonly softwareVersion: string;
}

/** What a broker knows. */
export interface ApiVersionsResponse extends Response {
  readonly errorCode: number;
  readonly apis: readonly {
    readonly key: number;
    readonly minVersion: number;
    readonly maxVersion: number;
  }[];
}

/** ApiVersions v3. */
export const apiVersions = new Api<ApiVersionsRequest, ApiVersionsResponse>({
  name: "ApiVersions",
  key: 18,
  version: 3,
  flexible: true,
  responseTags: false,
  encode: (writer, { softwareName, softwareVersion }) => {
    writer.string(softwareName);
    writer.string(softwareVersion);
  },
  decode: (reader) => ({
    errorCode: reader.int16(),
    apis: reader.structs(() => ({
      key: reader.int16(),
      minVersion: reader.int16(),
      maxVersion: reader.int16(),
    })),
    throttleTimeMs: reader.int32(),
  }),
});
