/** Kafka's requests, one call each, for tests of the protocol on a real broker. */

import assert from "node:assert/strict";
import { systemClock } from "../../src/base/clock.ts";
import { utf8 } from "../../src/base/bytes.ts";
import { KafkaConnections } from "../../src/log/kafka/connections.ts";
import { checkErrorCode, factsOf, KafkaError } from "../../src/log/kafka/errors.ts";
import { addOffsetsToTxn } from "../../src/log/kafka/protocol/add_offsets_to_txn_v3.ts";
import { addPartitionsToTxn } from "../../src/log/kafka/protocol/add_partitions_to_txn_v3.ts";
import type { Call, Response } from "../../src/log/kafka/protocol/api.ts";
import { createTopics } from "../../src/log/kafka/protocol/create_topics_v7.ts";
import { endTxn } from "../../src/log/kafka/protocol/end_txn_v3.ts";
import { fetch, type FetchedPartition } from "../../src/log/kafka/protocol/fetch_v13.ts";
import { initProducerId } from "../../src/log/kafka/protocol/init_producer_id_v4.ts";
import { joinGroup } from "../../src/log/kafka/protocol/join_group_v5.ts";
import { type Isolation, listOffsets } from "../../src/log/kafka/protocol/list_offsets_v5.ts";
import { offsetFetch } from "../../src/log/kafka/protocol/offset_fetch_v7.ts";
import type {
  GroupMembership,
  PartitionOutcomes,
  TransactionalProducer,
} from "../../src/log/kafka/protocol/outcomes.ts";
import { produce } from "../../src/log/kafka/protocol/produce_v8.ts";
import { syncGroup } from "../../src/log/kafka/protocol/sync_group_v3.ts";
import { txnOffsetCommit } from "../../src/log/kafka/protocol/txn_offset_commit_v3.ts";
import { Writer } from "../../src/log/kafka/protocol/wire.ts";
import { retrying } from "../../src/log/kafka/retry.ts";
import { decodeBatches, type RecordBatch } from "../../src/log/records/batch.ts";
import { type BatchOptions, RecordBatchBuilder } from "../../src/log/records/builder.ts";

/** How long anything may take. */
export const timeoutMs = 10_000;

/** What the steps need of the cluster, with one call each. */
export class Client {
  readonly connections: KafkaConnections;
  node = -1;

  constructor(bootstrap: string) {
    const [host, port] = bootstrap.split(":");
    this.connections = new KafkaConnections({
      // The first is one that nobody listens at.
      bootstrap: [{ host: "127.0.0.1", port: 1 }, { host: host!, port: Number(port) }],
      clientId: "protocol-test",
      clock: systemClock,
      requestTimeoutMs: timeoutMs,
    });
  }

  send<Answer extends Response>(call: Call<Answer>): Promise<Answer> {
    return this.connections.send(this.node, call);
  }

  /** Creates a topic of one partition, and waits until it can be read. */
  async create(name: string): Promise<string> {
    const { topics: [created] } = await this.send(createTopics.call({
      topics: [{ name, partitions: 1, replicationFactor: 1, configs: {} }],
      timeoutMs,
      validateOnly: false,
    }));
    assert.equal(created!.errorCode, 0);
    const { topicId } = created!;
    await this.until(async () => (await this.read(topicId, "read_committed")).errorCode === 0);
    const { topics: [told] } = await this.connections.refreshMetadata([name]);
    assert.equal(told!.topicId, topicId);
    assert.equal(told!.partitions[0]!.leaderId, this.node);
    return topicId;
  }

  /** Asks until the answer is true: Kafka promises some things only for soon. */
  until(ask: () => Promise<boolean>): Promise<void> {
    return retrying(async () => assert.ok(await ask()), {
      clock: systemClock,
      timeoutMs,
      shouldRetry: (error) => error instanceof assert.AssertionError,
    });
  }

  /** Asks a coordinator, again for as long as it is not ready. */
  coordinated<T>(codeOf: (answer: T) => number, ask: () => Promise<T>): Promise<T> {
    return retrying(async () => {
      const answer = await ask();
      checkErrorCode(codeOf(answer), "ask the coordinator");
      return answer;
    }, {
      clock: systemClock,
      timeoutMs,
      shouldRetry: (error) =>
        error instanceof KafkaError && ["retry", "find-coordinator"].includes(error.remedy),
    });
  }

  async append(topic: string, values: readonly string[], options: Append = {}): Promise<number> {
    const { transactionalId = null, time = 1_700_000_000_000, ...batch } = options;
    const builder = new RecordBatchBuilder({ ...batch, transactional: transactionalId !== null });
    values.forEach((value, i) => builder.appendText(time + i, "key", value));
    const { topics } = await this.send(produce.call({
      transactionalId,
      timeoutMs,
      topics: [{ name: topic, partitions: [{ partition: 0, records: builder.finish().bytes }] }],
    }));
    const { errorCode, baseOffset } = topics[0]!.partitions[0]!;
    assert.equal(errorCode, 0, factsOf(errorCode).name);
    return baseOffset;
  }

  /** One fetch, which may end anywhere. */
  async read(topicId: string, isolation: Isolation, offset = 0): Promise<FetchedPartition> {
    const { topics, errorCode } = await this.connections.send(
      this.node,
      fetch.call({
        maxWaitMs: 0,
        minBytes: 1,
        maxBytes: 1 << 20,
        isolation,
        topics: [{
          topicId,
          partitions: [{ partition: 0, leaderEpoch: -1, offset, maxBytes: 1 << 20 }],
        }],
      }),
      { purpose: "fetch" },
    );
    assert.equal(errorCode, 0);
    return topics[0]!.partitions[0]!;
  }

  /** All batches of committed and aborted transactions before `end`, and the last fetch. */
  async readTo(topicId: string, end: number): Promise<[RecordBatch[], FetchedPartition]> {
    const batches: RecordBatch[] = [];
    for (;;) {
      const offset = batches.at(-1)?.nextOffset ?? 0;
      const read = await this.read(topicId, "read_committed", offset);
      assert.equal(read.errorCode, 0);
      batches.push(...decodeBatches(read.records));
      if ((batches.at(-1)?.nextOffset ?? 0) >= end) return [batches, read];
    }
  }

  async offset(topic: string, timestamp: number): Promise<number> {
    const { topics } = await this.send(listOffsets.call({
      isolation: "read_committed",
      topics: [{ name: topic, partitions: [{ partition: 0, timestamp }] }],
    }));
    assert.equal(topics[0]!.partitions[0]!.errorCode, 0);
    return topics[0]!.partitions[0]!.offset;
  }

  /** A producer with a new epoch; waits while the last one's transaction is being ended. */
  async producer(transactionalId: string): Promise<TransactionalProducer> {
    await this.connections.coordinatorOf("transaction", transactionalId);
    const call = initProducerId.call({
      transactionalId,
      transactionTimeoutMs: timeoutMs,
      producerId: -1,
      producerEpoch: -1,
    });
    const answer = await this.coordinated(({ errorCode }) => errorCode, () => this.send(call));
    const { producerId, producerEpoch } = answer;
    return { transactionalId, producerId, producerEpoch };
  }

  async addPartition(producer: TransactionalProducer, name: string): Promise<void> {
    const call = addPartitionsToTxn.call({ ...producer, topics: [{ name, partitions: [0] }] });
    await this.coordinated(codeOfFirst, () => this.send(call));
  }

  async addOffsets(producer: TransactionalProducer, groupId: string): Promise<void> {
    const call = addOffsetsToTxn.call({ ...producer, groupId });
    await this.coordinated(({ errorCode }) => errorCode, () => this.send(call));
  }

  async end(producer: TransactionalProducer, committed: boolean): Promise<number> {
    return (await this.send(endTxn.call({ ...producer, committed }))).errorCode;
  }

  /** Joins as the only member, which leads, and takes the assignment it tells. */
  async join(groupId: string, instanceId: string, assigned: string): Promise<
    GroupMembership & { readonly assignment: string }
  > {
    await this.connections.coordinatorOf("group", groupId);
    const call = joinGroup.call({
      groupId,
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      memberId: "",
      instanceId,
      protocols: [{ name: "test", metadata: subscription }],
    });
    const joined = await this.coordinated(
      ({ errorCode }) => errorCode,
      () => this.connections.send(this.node, call, { purpose: "join" }),
    );
    const { generation, memberId, members } = joined;
    const membership = { groupId, generation, memberId, instanceId };
    const synced = await this.connections.send(
      this.node,
      syncGroup.call({
        ...membership,
        assignments: members.map((member) => ({
          memberId: member.memberId,
          assignment: utf8(assigned),
        })),
      }),
      { purpose: "join" },
    );
    assert.equal(synced.errorCode, 0);
    return { ...membership, assignment: new TextDecoder().decode(synced.assignment) };
  }

  /** The error code of committing `offset` in the producer's transaction. */
  async commitOffset(
    producer: TransactionalProducer,
    membership: GroupMembership,
    { topic, offset }: { topic: string; offset: number },
  ): Promise<string> {
    const { topics } = await this.send(txnOffsetCommit.call({
      ...producer,
      ...membership,
      topics: [{ name: topic, partitions: [{ partition: 0, offset, metadata: `at ${offset}` }] }],
    }));
    return factsOf(topics[0]!.partitions[0]!.errorCode).name;
  }

  async committed(groupId: string, topic: string) {
    const { topics, errorCode } = await this.send(offsetFetch.call({
      groupId,
      topics: [{ name: topic, partitions: [0] }],
      requireStable: true,
    }));
    assert.equal(errorCode, 0);
    return topics[0]!.partitions[0]!;
  }
}

/** How a batch is appended. */
export interface Append extends BatchOptions {
  readonly transactionalId?: string;
  readonly time?: number;
}

/** The values of all records that are not control records. */
export function valuesOf(batches: readonly RecordBatch[]): (string | null)[] {
  return batches.filter((batch) => !batch.isControl).flatMap((batch) =>
    Array.from({ length: batch.count }, (_, i) => batch.valueText(i))
  );
}

/** A consumer's subscription, version 0, to "batches": brokers look into it. */
export const subscription = (() => {
  const writer = new Writer(false);
  writer.int16(0);
  writer.strings(["batches"]);
  writer.int32(-1); // No user data.
  return writer.finish();
})();

/** The error code of the first partition. */
export function codeOfFirst({ topics }: PartitionOutcomes): number {
  return topics[0]!.partitions[0]!.errorCode;
}
