/**
 * CreateTopics v7.
 *
 * ```text
 * Request:  topics        [name string, partitions int32, replicationFactor int16,
 *                          assignments [partition int32, brokers [int32]],
 *                          configs [name string, value nullable string]]
 *           timeoutMs     int32
 *           validateOnly  bool
 * Response: throttleTimeMs  int32
 *           topics          [name string, topicId uuid, errorCode int16,
 *                            errorMessage nullable string, partitions int32,
 *                            replicationFactor int16, configs nullable [name string,
 *                            value nullable string, readOnly bool, source int8, sensitive bool]]
 * ```
 */

import { Api, type Response } from "./api.ts";
import type { Reader } from "./wire.ts";

/** A topic to be created. */
export interface NewTopic {
  readonly name: string;
  /** -1: the broker's default. */
  readonly partitions: number;
  /** -1: the broker's default. */
  readonly replicationFactor: number;
  readonly configs: Readonly<Record<string, string>>;
}

/** The topics to be created. */
export interface CreateTopicsRequest {
  readonly topics: readonly NewTopic[];
  /** How long the broker waits until all brokers know of them. */
  readonly timeoutMs: number;
  /** Whether nothing is created and the request only checked. */
  readonly validateOnly: boolean;
}

/** What became of each. */
export interface CreateTopicsResponse extends Response {
  readonly topics: readonly {
    readonly name: string;
    readonly topicId: string;
    readonly errorCode: number;
    readonly errorMessage: string | null;
  }[];
}

/** CreateTopics v7. */
export const createTopics = new Api<CreateTopicsRequest, CreateTopicsResponse>({
  name: "CreateTopics",
  key: 19,
  version: 7,
  flexible: true,
  encode: (writer, { topics, timeoutMs, validateOnly }) => {
    writer.structs(topics, ({ name, partitions, replicationFactor, configs }) => {
      writer.string(name);
      writer.int32(partitions);
      writer.int16(replicationFactor);
      writer.structs([], () => {}); // Which replicas go where is left to Kafka.
      writer.structs(Object.entries(configs), ([config, value]) => {
        writer.string(config);
        writer.nullableString(value);
      });
    });
    writer.int32(timeoutMs);
    writer.bool(validateOnly);
  },
  decode: (reader) => ({
    throttleTimeMs: reader.int32(),
    topics: reader.structs(() => readTopic(reader)),
  }),
});

function readTopic(reader: Reader): CreateTopicsResponse["topics"][number] {
  const topic = {
    name: reader.string(),
    topicId: reader.uuid(),
    errorCode: reader.int16(),
    errorMessage: reader.nullableString(),
  };
  // What it came out as: DescribeConfigs tells, for any topic.
  reader.int32();
  reader.int16();
  reader.nullableStructs(() => {
    reader.string();
    reader.nullableString();
    reader.bool();
    reader.int8();
    reader.bool();
  });
  return topic;
}
