/** What several requests of transactions and groups have in common. */

import type { Response } from "./api.ts";
import type { Reader, Writer } from "./wire.ts";

/** Who writes: the id that outlives restarts, and the producer it was last given. */
export interface TransactionalProducer {
  readonly transactionalId: string;
  readonly producerId: number;
  /** Grows with every InitProducerId of the same transactional id; a smaller one is refused. */
  readonly producerEpoch: number;
}

/** A response that only says whether it went well. */
export interface OutcomeResponse extends Response {
  readonly errorCode: number;
}

/** Whether it went well, partition by partition. */
export interface PartitionOutcomes extends Response {
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly { readonly partition: number; readonly errorCode: number }[];
  }[];
}

/** Writes `transactionalId string, producerId int64, producerEpoch int16`. */
export function writeProducer(writer: Writer, producer: TransactionalProducer): void {
  writer.string(producer.transactionalId);
  writer.int64(producer.producerId);
  writer.int16(producer.producerEpoch);
}

/** Reads `throttleTimeMs int32, errorCode int16`. */
export function readOutcome(reader: Reader): OutcomeResponse {
  return { throttleTimeMs: reader.int32(), errorCode: reader.int16() };
}

/** Reads `throttleTimeMs int32, topics [name string, [partition int32, errorCode int16]]`. */
export function readPartitionOutcomes(reader: Reader): PartitionOutcomes {
  return {
    throttleTimeMs: reader.int32(),
    topics: reader.structs(() => ({
      name: reader.string(),
      partitions: reader.structs(() => ({
        partition: reader.int32(),
        errorCode: reader.int16(),
      })),
    })),
  };
}

/** A member as it was when its generation began. */
export interface GroupMembership {
  readonly groupId: string;
  /** -1 for one who commits without being a member, when the group has none. */
  readonly generation: number;
  /** Given by the coordinator; empty before the first join, or without a membership. */
  readonly memberId: string;
  /** A static member's own id (KIP-345); null for none. */
  readonly instanceId: string | null;
}

/** Writes `generation int32, memberId string, instanceId nullable string`. */
export function writeMembership(writer: Writer, member: GroupMembership): void {
  writer.int32(member.generation);
  writer.string(member.memberId);
  writer.nullableString(member.instanceId);
}

/** Offsets to be committed in one topic. */
export interface OffsetsOfTopic {
  readonly name: string;
  readonly partitions: readonly {
    readonly partition: number;
    /** The next one to read. */
    readonly offset: number;
    /** At most 4,096 bytes, by the broker's default. */
    readonly metadata: string;
  }[];
}

/** Writes the offsets; which leader they were read from is not told. */
export function writeOffsets(writer: Writer, topics: readonly OffsetsOfTopic[]): void {
  writer.structs(topics, ({ name, partitions }) => {
    writer.string(name);
    writer.structs(partitions, ({ partition, offset, metadata }) => {
      writer.int32(partition);
      writer.int64(offset);
      writer.int32(-1);
      writer.nullableString(metadata);
    });
  });
}
