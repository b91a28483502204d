/**
 * Metadata v12: the brokers, and the topics with their ids and leaders. Never creates a topic.
 *
 * ```text
 * Request:  topics  nullable [topicId uuid, name nullable string]   null: all
 *           allowAutoTopicCreation              bool
 *           includeTopicAuthorizedOperations    bool
 * Response: throttleTimeMs  int32
 *           brokers         [nodeId int32, host string, port int32, rack nullable string]
 *           clusterId       nullable string
 *           controllerId    int32
 *           topics          [errorCode int16, name nullable string, topicId uuid, isInternal bool,
 *                            partitions, authorizedOperations int32]
 *           partitions      [errorCode int16, partition int32, leaderId int32, leaderEpoch int32,
 *                            replicas [int32], isr [int32], offlineReplicas [int32]]
 * ```
 */

import { Api, type Response } from "./api.ts";
import { noTopicId, type Reader } from "./wire.ts";

/** Which topics to tell of. */
export interface MetadataRequest {
  /** By name; null for all. */
  readonly topics: readonly string[] | null;
}

/** Where a broker is. */
export interface BrokerAddress {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

/** A partition as one broker knows it. */
export interface PartitionMetadata {
  readonly errorCode: number;
  readonly partition: number;
  /** -1 while there is none. */
  readonly leaderId: number;
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly inSyncReplicas: readonly number[];
}

/** A topic as one broker knows it. */
export interface TopicMetadata {
  readonly errorCode: number;
  readonly name: string;
  readonly topicId: string;
  /** Whether it is one of Kafka's own. */
  readonly isInternal: boolean;
  /** In no particular order. */
  readonly partitions: readonly PartitionMetadata[];
}

/** The cluster as one broker knows it. */
export interface MetadataResponse extends Response {
  readonly brokers: readonly BrokerAddress[];
  /** The broker that takes administrative requests. */
  readonly controllerId: number;
  readonly topics: readonly TopicMetadata[];
}

/** Metadata v12. */
export const metadata = new Api<MetadataRequest, MetadataResponse>({
  name: "Metadata",
  key: 3,
  version: 12,
  flexible: true,
  encode: (writer, { topics }) => {
    writer.nullableStructs(topics, (name) => {
      writer.uuid(noTopicId);
      writer.nullableString(name);
    });
    writer.bool(false);
    writer.bool(false);
  },
  decode: (reader) => {
    const throttleTimeMs = reader.int32();
    const brokers = reader.structs(() => readBroker(reader));
    reader.nullableString(); // The cluster's id.
    return {
      throttleTimeMs,
      brokers,
      controllerId: reader.int32(),
      topics: reader.structs(() => readTopic(reader)),
    };
  },
});

function readBroker(reader: Reader): BrokerAddress {
  const broker = { nodeId: reader.int32(), host: reader.string(), port: reader.int32() };
  reader.nullableString(); // Its rack.
  return broker;
}

function readTopic(reader: Reader): TopicMetadata {
  const topic = {
    errorCode: reader.int16(),
    name: reader.nullableString() ?? "",
    topicId: reader.uuid(),
    isInternal: reader.bool(),
    partitions: reader.structs(() => readPartition(reader)),
  };
  reader.int32(); // Authorized operations: not asked for.
  return topic;
}

function readPartition(reader: Reader): PartitionMetadata {
  const partition = {
    errorCode: reader.int16(),
    partition: reader.int32(),
    leaderId: reader.int32(),
    leaderEpoch: reader.int32(),
    replicas: reader.int32s(),
    inSyncReplicas: reader.int32s(),
  };
  reader.int32s(); // Replicas that are offline.
  return partition;
}
