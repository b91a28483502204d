/**
 * Appending without a transaction, as Kafka's idempotent producer does (KIP-98): the broker knows
 * each batch by its sequence number, so one whose answer was lost is sent again without being there
 * twice.
 */

import type { OutputBatch } from "../log.ts";
import type { KafkaCluster } from "./cluster.ts";
import { checkErrorCode } from "./errors.ts";
import { Producer } from "./producer.ts";
import { initProducerId } from "./protocol/init_producer_id_v4.ts";
import { ship } from "./shipment.ts";

/** Appends batches in the order in which they are handed to it. */
export class KafkaAppender {
  readonly #cluster: KafkaCluster;
  #producer: Producer | null = null;
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
    if (outputs.length === 0) return [];
    const producer = this.#producer ??= await this.#newProducer();
    producer.stamp(outputs);
    try {
      return await ship(this.#cluster, outputs, {
        transactionalId: null,
        timeoutMs: this.#cluster.patienceMs,
        repeatable: true,
      });
    } catch (error) {
      // What was not acknowledged may be there or not: later batches must not take its numbers.
      this.#producer = null;
      throw error;
    }
  }

  #newProducer(): Promise<Producer> {
    return this.#cluster.persist(async () => {
      const { errorCode, producerId, producerEpoch } = await this.#cluster.sendToController(
        initProducerId.call({
          transactionalId: null,
          transactionTimeoutMs: this.#cluster.patienceMs,
          producerId: -1,
          producerEpoch: -1,
        }),
      );
      checkErrorCode(errorCode, "become a producer", {
        permission: "Write on a topic, or IdempotentWrite on the cluster",
      });
      return new Producer({ producerId, producerEpoch }, { transactional: false });
    });
  }
}
