/**
 * Transactions: records and offsets that become visible together, or never (KIP-98, KIP-447). The
 * broker refuses the offsets of a member that has been replaced, and with them all of it.
 */

import { assert, FlightsError, hasCode } from "../../base/errors.ts";
import type { CommittedOffset, OutputBatch, TopicPartition, Transaction } from "../log.ts";
import { checkMetadata } from "../offset_metadata.ts";
import { byTopic, type KafkaCluster } from "./cluster.ts";
import { KafkaError, noError } from "./errors.ts";
import { Producer } from "./producer.ts";
import { addOffsetsToTxn } from "./protocol/add_offsets_to_txn_v3.ts";
import { addPartitionsToTxn } from "./protocol/add_partitions_to_txn_v3.ts";
import type { Call, Response } from "./protocol/api.ts";
import { endTxn } from "./protocol/end_txn_v3.ts";
import { initProducerId } from "./protocol/init_producer_id_v4.ts";
import type { GroupMembership } from "./protocol/outcomes.ts";
import { txnOffsetCommit } from "./protocol/txn_offset_commit_v3.ts";
import { ship } from "./shipment.ts";

/** What is told where a transaction's records ended, and answers with offsets, or with reports of it. */
type OffsetsAt = Parameters<Transaction["commit"]>[0];
type ReportsAt = NonNullable<Parameters<Transaction["commit"]>[1]>;

/** More bytes than this in one transaction would hold up its readers. */
const fullBytes = 64 * 1024 * 1024;
/** Giving up a transaction must not hold up who gives it up, in milliseconds. */
const abortTimeoutMs = 2_000;

/** Who writes transactions, and how long one may be open. */
export interface TransactionsOptions {
  /** Outlives restarts: whoever takes it ends what the one before left open. */
  readonly transactionalId: string;
  /** A transaction that is open for longer is aborted by the broker, in milliseconds. */
  readonly timeoutMs: number;
}

/** The transactions of one producer, one after the other. */
export class KafkaTransactions {
  readonly #cluster: KafkaCluster;
  readonly #options: TransactionsOptions;
  #producer: Producer | null = null;
  #underWay: KafkaTransaction | null = null;

  constructor(cluster: KafkaCluster, options: TransactionsOptions) {
    this.#cluster = cluster;
    this.#options = options;
  }

  /** Becomes the producer; what a predecessor under the same id left open is aborted or completed. */
  async init(): Promise<void> {
    this.#producer = await becomeProducer(this.#cluster, this.#options);
  }

  /** Marks the batches; -1 before the first {@linkcode KafkaTransactions.init}. */
  get producerId(): number {
    return this.#producer?.identity.producerId ?? -1;
  }

  /** Begins a transaction; nothing is sent before there are records or offsets. */
  begin(): KafkaTransaction {
    assert(this.#underWay === null, "a producer has one transaction at a time");
    const producer = this.#producer;
    if (producer === null) {
      throw new FlightsError(
        "fenced",
        "Cannot begin a transaction: the producer must be initialised, an error has ended it",
      );
    }
    const transaction = new KafkaTransaction(this.#cluster, this.#options, {
      producer,
      ended: (isKnown) => {
        this.#underWay = null;
        // After an unknown outcome nothing is sent on (semantics 16).
        if (!isKnown) this.#producer = null;
      },
    });
    this.#underWay = transaction;
    return transaction;
  }

  /** Gives up the transaction under way, if there is one. */
  async abort(): Promise<void> {
    await this.#underWay?.abort();
  }
}

/**
 * Becomes the producer of a transactional id.
 *
 * @throws {FlightsError} `log-forbidden`, `log-unreachable`.
 */
export function becomeProducer(
  cluster: KafkaCluster,
  { transactionalId, timeoutMs }: TransactionsOptions,
): Promise<Producer> {
  const coordinator = { kind: "transaction", key: transactionalId } as const;
  return cluster.persist(async () => {
    const call = initProducerId.call({
      transactionalId,
      transactionTimeoutMs: timeoutMs,
      producerId: -1,
      producerEpoch: -1,
    });
    const { errorCode, producerId, producerEpoch } = await cluster.sendToCoordinator(
      coordinator,
      call,
      { purpose: "write" },
    );
    cluster.checkCoordinated(coordinator, errorCode, `become the producer ${transactionalId}`);
    return new Producer({ producerId, producerEpoch }, { transactional: true });
  });
}

/** Of which producer a transaction is, and who is told of its end, and whether its outcome is known. */
interface TransactionContext {
  readonly producer: Producer;
  readonly ended: (isKnown: boolean) => void;
}

/** One transaction. Its requests go over one connection, so that none overtakes another. */
export class KafkaTransaction {
  readonly #cluster: KafkaCluster;
  readonly #options: TransactionsOptions;
  readonly #context: TransactionContext;
  readonly #coordinator: { readonly kind: "transaction"; readonly key: string };
  readonly #announced = new Set<string>();
  /** The offset behind the last record of each partition. */
  readonly #ends = new Map<string, number>();
  #written: Promise<void> = Promise.resolve();
  #bytes = 0;
  #isOpen = false;
  #isOver = false;

  constructor(cluster: KafkaCluster, options: TransactionsOptions, context: TransactionContext) {
    this.#cluster = cluster;
    this.#options = options;
    this.#context = context;
    this.#coordinator = { kind: "transaction", key: options.transactionalId };
  }

  get isFull(): boolean {
    return this.#bytes >= fullBytes;
  }

  /** Sends records at once, behind those that were added before. */
  append(outputs: readonly OutputBatch[]): Promise<void> {
    assert(!this.#isOver, "a transaction that is appended to must be under way, it is over");
    if (outputs.length === 0) return this.#written;
    for (const { batch } of outputs) this.#bytes += batch.bytes.length;
    this.#written = this.#written.then(() => this.#write(outputs));
    // The commit tells it again, for who does not look here.
    this.#written.catch(() => {});
    return this.#written;
  }

  /**
   * Carries it out:
   * 1. what was added is written, then the reports of it; the group's offsets are announced;
   * 2. the offsets, which may tell where the records are, are sent under the member's generation;
   * 3. it is ended.
   *
   * @throws {FlightsError} `fenced` when the member or the producer has been replaced: nothing of it
   * will be seen. Any other error leaves the outcome unknown.
   */
  async commit(
    membership: GroupMembership,
    offsetsAt: OffsetsAt,
    { reportsAt = () => [] }: { readonly reportsAt?: ReportsAt | undefined } = {},
  ): Promise<void> {
    assert(!this.#isOver, "a transaction must be committed once, it is over");
    this.#isOver = true;
    let committed = false;
    try {
      await Promise.all([this.#written, this.#announceOffsets(membership)]);
      const endOf = (place: TopicPartition) => this.#endOf(place);
      const reports = reportsAt(endOf);
      if (reports.length > 0) await this.#write(reports);
      const offsets = offsetsAt(endOf);
      for (const offset of offsets) checkMetadata(offset);
      await this.#sendOffsets(offsets, membership);
      await this.#end(true);
      committed = true;
    } catch (error) {
      if (!isFence(error)) throw error;
      await this.#giveUp();
      throw replaced(error);
    } finally {
      this.#context.ended(committed);
    }
  }

  /** Gives it up: nothing of it will be seen. */
  async abort(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    const inTime = new AbortController();
    const { clock } = this.#cluster;
    await Promise.race([
      this.#written.catch(() => {}),
      clock.sleep(abortTimeoutMs, inTime.signal),
    ]);
    inTime.abort();
    this.#context.ended(await this.#giveUp());
  }

  #endOf({ topic, partition }: TopicPartition): number {
    const end = this.#ends.get(`${topic}[${partition}]`);
    assert(end !== undefined, `the transaction must append to ${topic}[${partition}]`);
    return end;
  }

  async #write(outputs: readonly OutputBatch[]): Promise<void> {
    const places = outputs.filter(({ topic, partition }) => {
      const name = `${topic}[${partition}]`;
      return !this.#announced.has(name) && this.#announced.add(name);
    });
    if (places.length > 0) await this.#announce(places);
    this.#context.producer.stamp(outputs);
    const offsets = await ship(this.#cluster, outputs, { ...this.#options, repeatable: false });
    outputs.forEach(({ topic, partition, batch }, i) =>
      this.#ends.set(`${topic}[${partition}]`, offsets[i]! + batch.count)
    );
  }

  async #announce(places: readonly TopicPartition[]): Promise<void> {
    this.#isOpen = true;
    const topics = byTopic(places, ({ topic }) => topic, ({ partition }) => partition);
    await this.#persist(async () => {
      const answer = await this.#send(addPartitionsToTxn.call({ ...this.#producer, topics }));
      for (const { name, partitions } of answer.topics) {
        for (const { partition, errorCode } of partitions) {
          this.#check(errorCode, `add ${name}[${partition}] to a transaction`);
        }
      }
    });
  }

  async #announceOffsets({ groupId }: GroupMembership): Promise<void> {
    this.#isOpen = true;
    await this.#persist(async () => {
      const answer = await this.#send(addOffsetsToTxn.call({ ...this.#producer, groupId }));
      this.#check(answer.errorCode, `add the offsets of ${groupId} to a transaction`);
    });
  }

  async #sendOffsets(
    offsets: readonly CommittedOffset[],
    membership: GroupMembership,
  ): Promise<void> {
    const topics = byTopic(offsets, ({ topic }) => topic, ({ partition, offset, metadata }) => ({
      partition,
      offset,
      metadata,
    }));
    const group = { kind: "group", key: membership.groupId } as const;
    await this.#persist(async () => {
      const call = txnOffsetCommit.call({ ...this.#producer, ...membership, topics });
      const answer = await this.#cluster.sendToCoordinator(group, call, { purpose: "write" });
      for (const { name, partitions } of answer.topics) {
        for (const { partition, errorCode } of partitions) {
          const doing = `commit the offset of ${name}[${partition}]`;
          this.#cluster.checkCoordinated(group, errorCode, doing);
        }
      }
    });
  }

  async #end(committed: boolean): Promise<void> {
    await this.#persist(async () => {
      const answer = await this.#send(endTxn.call({ ...this.#producer, committed }));
      this.#check(answer.errorCode, "end a transaction");
    });
  }

  /** Aborts what is open, and tells whether that is known to be done. */
  async #giveUp(): Promise<boolean> {
    if (!this.#isOpen) return true;
    try {
      const call = endTxn.call({ ...this.#producer, committed: false });
      const answer = await this.#send(call, abortTimeoutMs);
      return answer.errorCode === noError;
    } catch {
      // Whoever takes the transactional id next aborts it, or the broker at its time-out.
      return false;
    }
  }

  get #producer() {
    const { transactionalId } = this.#options;
    return { transactionalId, ...this.#context.producer.identity };
  }

  #send<Answer extends Response>(call: Call<Answer>, timeoutMs?: number): Promise<Answer> {
    return this.#cluster.sendToCoordinator(this.#coordinator, call, {
      purpose: "write",
      ...(timeoutMs !== undefined && { timeoutMs }),
    });
  }

  /** Repeats what the broker has refused for now, never what it may have done (semantics 16). */
  #persist<T>(attempt: () => Promise<T>): Promise<T> {
    return this.#cluster.persist(attempt, { repeatable: false });
  }

  #check(errorCode: number, doing: string): void {
    this.#cluster.checkCoordinated(this.#coordinator, errorCode, doing);
  }
}

function isFence(error: unknown): boolean {
  return error instanceof KafkaError && hasCode(error, "fenced");
}

function replaced(cause: unknown): FlightsError {
  return new FlightsError(
    "fenced",
    "Cannot commit: the member must hold its partitions in the group's generation, it was replaced",
    { cause },
  );
}
