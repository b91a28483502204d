/** Who writes, as brokers know it (KIP-98): an id, its epoch, and a sequence number a partition. */

import type { OutputBatch } from "../log.ts";
import { stampProducer } from "../records/builder.ts";

/** Sequence numbers go up to this and then from 0. */
const sequences = 2 ** 31;

/** What InitProducerId gives. */
export interface ProducerIdentity {
  readonly producerId: number;
  /** Grows with every InitProducerId of the same transactional id; a smaller one is refused. */
  readonly producerEpoch: number;
}

/** A producer that numbers its batches, so that a broker takes each of them once and in order. */
export class Producer {
  readonly identity: ProducerIdentity;
  readonly #transactional: boolean;
  readonly #nextSequence = new Map<string, number>();

  constructor(identity: ProducerIdentity, { transactional }: { readonly transactional: boolean }) {
    this.identity = identity;
    this.#transactional = transactional;
  }

  /** Writes the producer and the next sequence numbers into batches, which are sent in this order. */
  stamp(outputs: readonly OutputBatch[]): void {
    for (const { topic, partition, batch } of outputs) {
      const name = `${topic}[${partition}]`;
      const baseSequence = this.#nextSequence.get(name) ?? 0;
      stampProducer(batch.bytes, {
        ...this.identity,
        baseSequence,
        transactional: this.#transactional,
      });
      this.#nextSequence.set(name, (baseSequence + batch.count) % sequences);
    }
  }
}
