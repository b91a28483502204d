/**
 * Appending without a transaction, as Kafka's idempotent producer does (KIP-98): the broker knows
 * each batch by its sequence number, so one whose answer was lost is sent again without being there
 * twice.
 */

import type { OutputBatch } from "../log.ts";
import { stampProducer } from "../records/builder.ts";
import { byTopic, type KafkaCluster, partitionOf, topicMissing } from "./cluster.ts";
import { checkErrorCode } from "./errors.ts";
import { initProducerId } from "./protocol/init_producer_id_v4.ts";
import { produce, type ProducedPartition } from "./protocol/produce_v8.ts";

interface ProducerIdentity {
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** A batch on its way. */
interface Sending {
  readonly output: OutputBatch;
  readonly index: number;
  baseOffset: number | null;
}

/** Sequence numbers go up to this and then from 0. */
const sequences = 2 ** 31;

/** Appends batches in the order in which they are handed to it. */
export class KafkaAppender {
  readonly #cluster: KafkaCluster;
  #producer: ProducerIdentity | null = null;
  readonly #nextSequence = new Map<string, number>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(cluster: KafkaCluster) {
    this.#cluster = cluster;
  }

  /** Appends as {@linkcode Log.append} does. */
  append(outputs: readonly OutputBatch[]): Promise<readonly number[]> {
    const appended = this.#turn.then(() => this.#appendAll(outputs));
    this.#turn = appended.catch(() => {});
    return appended;
  }

  async #appendAll(outputs: readonly OutputBatch[]): Promise<readonly number[]> {
    const offsets: number[] = [];
    // A request holds one batch a partition.
    for (
      let round = outputs.map((output, index): Sending => ({ output, index, baseOffset: null }));
      round.length > 0;
    ) {
      const first = round.filter(({ output }, i) =>
        round.findIndex((one) => nameOf(one.output) === nameOf(output)) === i
      );
      try {
        await this.#send(first);
      } catch (error) {
        // What was not acknowledged may be there or not: later batches must not take its numbers.
        this.#producer = null;
        throw error;
      }
      for (const { index, baseOffset } of first) offsets[index] = baseOffset!;
      round = round.filter((one) => !first.includes(one));
    }
    return offsets;
  }

  async #send(sendings: readonly Sending[]): Promise<void> {
    const producer = this.#producer ??= await this.#newProducer();
    for (const { output: { topic, partition, batch } } of sendings) {
      const name = `${topic} ${partition}`;
      const baseSequence = this.#nextSequence.get(name) ?? 0;
      stampProducer(batch.bytes, { ...producer, baseSequence, transactional: false });
      this.#nextSequence.set(name, (baseSequence + batch.count) % sequences);
    }
    const topics = [...new Set(sendings.map(({ output }) => output.topic))];
    await this.#cluster.persist(async () => {
      const open = sendings.filter(({ baseOffset }) => baseOffset === null);
      const byLeader = new Map<number, Sending[]>();
      for (const sending of open) {
        const { topic: name, partition } = sending.output;
        const topic = await this.#cluster.topic(name);
        if (topic === null) throw topicMissing(`append to partition ${partition} of`, name);
        const { leaderId } = partitionOf(topic, partition);
        byLeader.set(leaderId, [...byLeader.get(leaderId) ?? [], sending]);
      }
      await Promise.all([...byLeader].map(([leader, some]) => this.#sendTo(leader, some)));
    }, { topics });
  }

  async #newProducer(): Promise<ProducerIdentity> {
    this.#nextSequence.clear();
    return await this.#cluster.persist(async () => {
      const answer = await this.#cluster.sendToController(initProducerId.call({
        transactionalId: null,
        transactionTimeoutMs: this.#cluster.patienceMs,
        producerId: -1,
        producerEpoch: -1,
      }));
      checkErrorCode(answer.errorCode, "become a producer", {
        permission: "Write on a topic, or IdempotentWrite on the cluster",
      });
      return { producerId: answer.producerId, producerEpoch: answer.producerEpoch };
    });
  }

  async #sendTo(leader: number, sendings: readonly Sending[]): Promise<void> {
    const topics = byTopic(sendings, ({ output }) => output.topic, ({ output }) => ({
      partition: output.partition,
      records: output.batch.bytes,
    }));
    const call = produce.call({
      transactionalId: null,
      timeoutMs: this.#cluster.patienceMs,
      topics,
    });
    const answer = await this.#cluster.connections.send(leader, call, { purpose: "write" });
    const failures: (ProducedPartition & { readonly name: string })[] = [];
    for (const { name, partitions } of answer.topics) {
      for (const produced of partitions) {
        const sending = sendings.find(({ output }) =>
          output.topic === name && output.partition === produced.partition
        );
        if (sending === undefined) continue;
        if (produced.errorCode === 0) sending.baseOffset = produced.baseOffset;
        else failures.push({ name, ...produced });
      }
    }
    // Those that have arrived are noted before the first failure is told.
    for (const { name, partition, errorCode, errorMessage } of failures) {
      checkErrorCode(errorCode, `append to ${name}[${partition}]`, {
        detail: errorMessage,
        permission: "Write on the topic",
      });
    }
  }
}

function nameOf({ topic, partition }: OutputBatch): string {
  return `${topic}[${partition}]`;
}
