/**
 * DeleteTopics v6, by name.
 *
 * ```text
 * Request:  topics     [name nullable string, topicId uuid]
 *           timeoutMs  int32
 * Response: throttleTimeMs  int32
 *           topics          [name nullable string, topicId uuid, errorCode int16,
 *                            errorMessage nullable string]
 * ```
 */

import { Api, type Response } from "./api.ts";
import { noTopicId } from "./wire.ts";

/** The topics to be deleted. */
export interface DeleteTopicsRequest {
  readonly topics: readonly string[];
  /** How long the broker waits until all brokers know of it. */
  readonly timeoutMs: number;
}

/** What became of each. */
export interface DeleteTopicsResponse extends Response {
  readonly topics: readonly {
    readonly name: string;
    readonly topicId: string;
    readonly errorCode: number;
    readonly errorMessage: string | null;
  }[];
}

/** DeleteTopics v6. */
export const deleteTopics = new Api<DeleteTopicsRequest, DeleteTopicsResponse>({
  name: "DeleteTopics",
  key: 20,
  version: 6,
  flexible: true,
  encode: (writer, { topics, timeoutMs }) => {
    writer.structs(topics, (name) => {
      writer.nullableString(name);
      writer.uuid(noTopicId);
    });
    writer.int32(timeoutMs);
  },
  decode: (reader) => ({
    throttleTimeMs: reader.int32(),
    topics: reader.structs(() => ({
      name: reader.nullableString() ?? "",
      topicId: reader.uuid(),
      errorCode: reader.int16(),
      errorMessage: reader.nullableString(),
    })),
  }),
});
