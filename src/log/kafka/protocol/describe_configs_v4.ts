/**
 * DescribeConfigs v4, of topics.
 *
 * ```text
 * Request:  resources             [type int8, name string, keys nullable [string]]   type 2: topic
 *           includeSynonyms       bool
 *           includeDocumentation  bool
 * Response: throttleTimeMs  int32
 *           resources       [errorCode int16, errorMessage nullable string, type int8, name string,
 *                            configs]
 *           configs         [name string, value nullable string, readOnly bool, source int8,
 *                            sensitive bool, synonyms [name string, value nullable string,
 *                            source int8], type int8, documentation nullable string]
 * ```
 */

import { Api, type Response } from "./api.ts";
import type { Reader } from "./wire.ts";

const topicResource = 2;

/** Whose settings to tell. */
export interface DescribeConfigsRequest {
  readonly topics: readonly string[];
  /** Which settings. */
  readonly keys: readonly string[];
}

/** The settings of each topic. */
export interface DescribeConfigsResponse extends Response {
  readonly topics: readonly {
    readonly errorCode: number;
    readonly errorMessage: string | null;
    readonly name: string;
    /** What holds for the topic, whether set on it, on its broker or by default. */
    readonly configs: Readonly<Record<string, string | null>>;
  }[];
}

/** DescribeConfigs v4. */
export const describeConfigs = new Api<DescribeConfigsRequest, DescribeConfigsResponse>({
  name: "DescribeConfigs",
  key: 32,
  version: 4,
  flexible: true,
  encode: (writer, { topics, keys }) => {
    writer.structs(topics, (name) => {
      writer.int8(topicResource);
      writer.string(name);
      writer.strings(keys);
    });
    writer.bool(false);
    writer.bool(false);
  },
  decode: (reader) => ({
    throttleTimeMs: reader.int32(),
    topics: reader.structs(() => {
      const errorCode = reader.int16();
      const errorMessage = reader.nullableString();
      reader.int8(); // The resource's type: all are topics.
      return {
        errorCode,
        errorMessage,
        name: reader.string(),
        configs: Object.fromEntries(reader.structs(() => readConfig(reader))),
      };
    }),
  }),
});

function readConfig(reader: Reader): [name: string, value: string | null] {
  const name = reader.string();
  const value = reader.nullableString();
  reader.bool();
  reader.int8();
  reader.bool();
  reader.structs(() => {
    reader.string();
    reader.nullableString();
    reader.int8();
  });
  reader.int8();
  reader.nullableString();
  return [name, value];
}
