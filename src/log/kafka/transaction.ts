/**
 * One transaction: records and offsets that become visible together, or never (KIP-98, KIP-447). The
 * broker refuses the offsets of a member that has been replaced, and with them all of it.
 */

import { FlightsError, hasCode } from "../../base/errors.ts";
import type { CommittedOffset, OutputBatch, TopicPartition, Transaction } from "../log.ts";
import { checkMetadata } from "../offset_metadata.ts";
import { stampProducer } from "../records/builder.ts";
import { byTopic, type KafkaCluster, partitionOf, topicMissing } from "./cluster.ts";
import { checkErrorCode, KafkaError } from "./errors.ts";
import { addOffsetsToTxn } from "./protocol/add_offsets_to_txn_v3.ts";
import { addPartitionsToTxn } from "./protocol/add_partitions_to_txn_v3.ts";
import { endTxn } from "./protocol/end_txn_v3.ts";
import { initProducerId } from "./protocol/init_producer_id_v4.ts";
import type { GroupMembership, TransactionalProducer } from "./protocol/outcomes.ts";
import { produce } from "./protocol/produce_v8.ts";
import { txnOffsetCommit } from "./protocol/txn_offset_commit_v3.ts";

/** What tells where a transaction's records ended, and answers with offsets. */
type OffsetsAt = Parameters<Transaction["commit"]>[0];

/** Sequence numbers go up to this and then from 0. */
const sequences = 2 ** 31;

/** The transactions of one member, one after the other. */
export class KafkaTransactions {
  readonly #cluster: KafkaCluster;
  readonly #coordinator: { readonly kind: "transaction"; readonly key: string };
  readonly #timeoutMs: number;
  #producer: TransactionalProducer | null = null;
  readonly #nextSequence = new Map<string, number>();

  /** @param timeoutMs a transaction that is open for longer is aborted by the broker. */
  constructor(
    cluster: KafkaCluster,
    { transactionalId, timeoutMs }: {
      readonly transactionalId: string;
      readonly timeoutMs: number;
    },
  ) {
    this.#cluster = cluster;
    this.#coordinator = { kind: "transaction", key: transactionalId };
    this.#timeoutMs = timeoutMs;
  }

  /** Becomes the producer; what a predecessor under the same id left open is aborted or completed. */
  async init(): Promise<void> {
    const transactionalId = this.#coordinator.key;
    const { producerId, producerEpoch } = await this.#cluster.persist(async () => {
      const answer = await this.#cluster.sendToCoordinator(
        this.#coordinator,
        initProducerId.call({
          transactionalId,
          transactionTimeoutMs: this.#timeoutMs,
          producerId: -1,
          producerEpoch: -1,
        }),
        { purpose: "write" },
      );
      this.#check(answer.errorCode, "become the producer");
      return answer;
    });
    this.#nextSequence.clear();
    this.#producer = { transactionalId, producerId, producerEpoch };
  }

  /**
   * Carries out a transaction:
   * 1. its partitions are announced, its records produced;
   * 2. the offsets, which may tell where the records are, are sent under the member's generation;
   * 3. it is ended.
   *
   * @throws {FlightsError} `fenced` when the member has been replaced: nothing of it will be seen. Any
   * other error leaves the outcome unknown, and the producer must not be used again.
   */
  async commit(
    outputs: readonly OutputBatch[],
    offsetsAt: OffsetsAt,
    membership: GroupMembership,
  ): Promise<void> {
    const producer = this.#producer;
    if (producer === null) {
      throw new FlightsError(
        "fenced",
        "Cannot commit: the producer must be initialised, an error has ended it",
      );
    }
    this.#producer = null;
    try {
      const ends = outputs.length === 0 ? new Map() : await this.#write(producer, outputs);
      const endOf = ({ topic, partition }: TopicPartition) => ends.get(`${topic} ${partition}`)!;
      const offsets = offsetsAt(endOf);
      for (const offset of offsets) checkMetadata(offset);
      await this.#commitOffsets(producer, offsets, membership);
      await this.#end(producer, true);
    } catch (error) {
      if (isFence(error)) throw await this.#fenced(producer, error);
      throw error;
    }
    this.#producer = producer;
  }

  /** Produces the records and returns the offset behind the last one of each partition. */
  async #write(
    producer: TransactionalProducer,
    outputs: readonly OutputBatch[],
  ): Promise<ReadonlyMap<string, number>> {
    const places = [...new Map(outputs.map((output) => [nameOf(output), output])).values()];
    const topics = byTopic(places, ({ topic }) => topic, ({ partition }) => partition);
    await this.#persist(async () => {
      const call = addPartitionsToTxn.call({ ...producer, topics });
      const answer = await this.#cluster.sendToCoordinator(this.#coordinator, call, {
        purpose: "write",
      });
      for (const { name, partitions } of answer.topics) {
        for (const { partition, errorCode } of partitions) {
          this.#check(errorCode, `add ${name}[${partition}] to a transaction`);
        }
      }
    });
    for (const { topic, partition, batch } of outputs) {
      const name = `${topic} ${partition}`;
      const baseSequence = this.#nextSequence.get(name) ?? 0;
      stampProducer(batch.bytes, { ...producer, baseSequence, transactional: true });
      this.#nextSequence.set(name, (baseSequence + batch.count) % sequences);
    }
    const ends = new Map<string, number>();
    // A request holds one batch a partition.
    for (let left = outputs; left.length > 0;) {
      const seen = new Set<string>();
      const now = left.filter((output) => !seen.has(nameOf(output)) && seen.add(nameOf(output)));
      await this.#produce(producer, now, ends);
      left = left.filter((output) => !now.includes(output));
    }
    return ends;
  }

  async #produce(
    { transactionalId }: TransactionalProducer,
    outputs: readonly OutputBatch[],
    ends: Map<string, number>,
  ): Promise<void> {
    const topics = [...new Set(outputs.map(({ topic }) => topic))];
    const done = new Set<OutputBatch>();
    await this.#persist(async () => {
      const byLeader = new Map<number, OutputBatch[]>();
      for (const output of outputs.filter((one) => !done.has(one))) {
        const topic = await this.#cluster.topic(output.topic);
        if (topic === null) throw topicMissing("write to", output.topic);
        const { leaderId } = partitionOf(topic, output.partition);
        byLeader.set(leaderId, [...byLeader.get(leaderId) ?? [], output]);
      }
      await Promise.all([...byLeader].map(async ([leader, some]) => {
        const call = produce.call({
          transactionalId,
          timeoutMs: this.#timeoutMs,
          topics: byTopic(some, ({ topic }) => topic, ({ partition, batch }) => ({
            partition,
            records: batch.bytes,
          })),
        });
        const answer = await this.#cluster.connections.send(leader, call, { purpose: "write" });
        for (const { name, partitions } of answer.topics) {
          for (const { partition, errorCode, errorMessage, baseOffset } of partitions) {
            checkErrorCode(errorCode, `write to ${name}[${partition}]`, { detail: errorMessage });
            const output = some.find((one) => one.topic === name && one.partition === partition)!;
            ends.set(`${name} ${partition}`, baseOffset + output.batch.count);
            done.add(output);
          }
        }
      }));
    }, topics);
  }

  async #commitOffsets(
    producer: TransactionalProducer,
    offsets: readonly CommittedOffset[],
    membership: GroupMembership,
  ): Promise<void> {
    const { groupId } = membership;
    await this.#persist(async () => {
      const call = addOffsetsToTxn.call({ ...producer, groupId });
      const answer = await this.#cluster.sendToCoordinator(this.#coordinator, call, {
        purpose: "write",
      });
      this.#check(answer.errorCode, `add the offsets of ${groupId} to a transaction`);
    });
    const topics = byTopic(offsets, ({ topic }) => topic, ({ partition, offset, metadata }) => ({
      partition,
      offset,
      metadata,
    }));
    const group = { kind: "group", key: groupId } as const;
    await this.#persist(async () => {
      const call = txnOffsetCommit.call({ ...producer, ...membership, topics });
      const answer = await this.#cluster.sendToCoordinator(group, call, { purpose: "write" });
      for (const { name, partitions } of answer.topics) {
        for (const { partition, errorCode } of partitions) {
          this.#cluster.checkCoordinated(
            group,
            errorCode,
            `commit the offset of ${name}[${partition}]`,
          );
        }
      }
    });
  }

  async #end(producer: TransactionalProducer, committed: boolean): Promise<void> {
    await this.#persist(async () => {
      const call = endTxn.call({ ...producer, committed });
      const answer = await this.#cluster.sendToCoordinator(this.#coordinator, call, {
        purpose: "write",
      });
      this.#check(answer.errorCode, "end a transaction");
    });
  }

  /** The error of a member that was replaced; its transaction is given up at once, if that can be done. */
  async #fenced(producer: TransactionalProducer, cause: unknown): Promise<FlightsError> {
    try {
      await this.#end(producer, false);
    } catch {
      // The broker gives it up when it times out, or when somebody takes the id.
    }
    return new FlightsError(
      "fenced",
      "Cannot commit: the member must hold its partitions in the group's generation, it was replaced",
      { cause },
    );
  }

  /** Repeats what the broker has refused for now, never what it may have done (semantics 16). */
  #persist<T>(attempt: () => Promise<T>, topics: readonly string[] = []): Promise<T> {
    return this.#cluster.persist(attempt, { topics, repeatable: false });
  }

  #check(errorCode: number, doing: string): void {
    this.#cluster.checkCoordinated(this.#coordinator, errorCode, doing);
  }
}

function isFence(error: unknown): boolean {
  return error instanceof KafkaError && hasCode(error, "fenced");
}

function nameOf({ topic, partition }: OutputBatch): string {
  return `${topic}[${partition}]`;
}
