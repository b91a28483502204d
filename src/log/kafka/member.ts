/** A member of a group on Kafka. */

import { FlightsError, hasCode } from "../../base/errors.ts";
import type {
  Assignment,
  CommittedOffset,
  FetchedPartition,
  FetchOptions,
  Member,
  Position,
  Transaction,
} from "../log.ts";
import { byTopic, type KafkaCluster } from "./cluster.ts";
import { checkErrorCode } from "./errors.ts";
import { GroupSession, type GroupSessionOptions } from "./group_session.ts";
import { offsetFetch } from "./protocol/offset_fetch_v7.ts";
import { Prefetcher } from "./prefetcher.ts";
import { becomeProducer, KafkaTransactions } from "./transaction.ts";

/** What a member is made of. */
export interface KafkaMemberOptions extends Omit<GroupSessionOptions, "onGone" | "onNews"> {
  /** Of its own: members share no connection for long polls. */
  readonly cluster: KafkaCluster;
  /** Gives back the instance id, and closes the connections. */
  readonly release: () => Promise<void>;
}

/** A member that holds partitions of its group, or stands by. */
export class KafkaMember implements Member {
  readonly id: string;
  readonly #options: KafkaMemberOptions;
  readonly #cluster: KafkaCluster;
  readonly #session: GroupSession;
  readonly #prefetcher: Prefetcher;
  readonly #transactions: KafkaTransactions;
  #assignment: Assignment = { generation: 0, partitions: [], waitingFor: null };
  #isRebalancing = false;
  #isClosed = false;

  constructor(options: KafkaMemberOptions) {
    const { cluster, instanceId, sessionTimeoutMs } = options;
    this.id = instanceId;
    this.#options = options;
    this.#cluster = cluster;
    this.#prefetcher = new Prefetcher(cluster);
    this.#session = new GroupSession(cluster, {
      ...options,
      onGone: (instanceIds) => void this.#endTransactionsOf(instanceIds),
      onNews: () => this.#prefetcher.interrupt(),
    });
    this.#transactions = new KafkaTransactions(cluster, {
      transactionalId: instanceId,
      timeoutMs: sessionTimeoutMs,
    });
  }

  get producerId(): number {
    return this.#transactions.producerId;
  }

  get assignment(): Assignment {
    return this.#assignment;
  }

  get isRebalancing(): boolean {
    return this.#isRebalancing;
  }

  async poll(
    positions: readonly Position[],
    options: FetchOptions = {},
  ): Promise<readonly FetchedPartition[]> {
    if (this.#isClosed) throw closed("poll");
    this.#session.use();
    this.#session.check();
    if (this.#session.mustJoin) return await this.#takePart();
    const fetched = await this.#prefetcher.fetch(positions, options);
    this.#session.check();
    return this.#session.mustJoin ? await this.#takePart() : fetched;
  }

  /** Joins; a member with partitions tells so first, and joins with the next poll. */
  async #takePart(): Promise<readonly []> {
    if (this.#assignment.partitions.length > 0 && !this.#isRebalancing) {
      this.#isRebalancing = true;
      return [];
    }
    const { partitions, waitingFor } = await this.#session.join();
    // Behind the join: of two live processes under one instance id the group decides which goes on,
    // before either ends the other's transactions.
    if (this.producerId < 0) await this.#transactions.init();
    const { generation } = this.#session.membership;
    this.#assignment = { generation, partitions, waitingFor };
    this.#isRebalancing = false;
    await this.#prefetcher.reset();
    return [];
  }

  /**
   * Ends what members that are gone have left open: the offsets of their partitions cannot be read
   * before, and the broker would wait for the time-out of each transaction.
   */
  async #endTransactionsOf(instanceIds: readonly string[]): Promise<void> {
    const { sessionTimeoutMs: timeoutMs } = this.#options;
    for (const transactionalId of instanceIds) {
      try {
        await becomeProducer(this.#cluster, { transactionalId, timeoutMs });
      } catch {
        // Then the transaction ends by its time-out.
      }
    }
  }

  /** The committed offsets, once no transaction that could change them is open (KIP-447). */
  committed(): Promise<readonly CommittedOffset[]> {
    const { group, topics } = this.#options;
    const { partitions } = this.#assignment;
    const coordinator = { kind: "group", key: group } as const;
    return this.#cluster.persist(async () => {
      const answer = await this.#cluster.sendToCoordinator(
        coordinator,
        offsetFetch.call({
          groupId: group,
          topics: byTopic(
            topics.flatMap((topic) => partitions.map((partition) => ({ topic, partition }))),
            ({ topic }) => topic,
            ({ partition }) => partition,
          ),
          requireStable: true,
        }),
      );
      this.#cluster.checkCoordinated(coordinator, answer.errorCode, `read the offsets of ${group}`);
      return answer.topics.flatMap(({ name, partitions }) =>
        partitions.flatMap(({ partition, offset, metadata, errorCode }) => {
          checkErrorCode(errorCode, `read the offset of ${group} in ${name}[${partition}]`);
          return offset < 0 ? [] : [{ topic: name, partition, offset, metadata }];
        })
      );
    });
  }

  begin(): Transaction {
    if (this.#isClosed) throw closed("begin a transaction");
    const transaction = this.#transactions.begin();
    // A partition may be another member's in the next generation.
    const { membership } = this.#session;
    return {
      get isFull() {
        return transaction.isFull;
      },
      append: async (outputs) => {
        try {
          await transaction.append(outputs);
        } catch (error) {
          throw await this.#failureOf(error);
        }
      },
      commit: async (offsetsAt, reportsAt) => {
        if (this.#isClosed) throw closed("commit");
        this.#session.use();
        try {
          if (membership.generation === this.#session.membership.generation) {
            return await transaction.commit(membership, offsetsAt, { reportsAt });
          }
        } catch (error) {
          throw await this.#failureOf(error);
        }
        await transaction.abort();
        throw overtaken(membership.groupId);
      },
    };
  }

  /** What a transaction failed of; a fence is looked into. */
  async #failureOf(error: unknown): Promise<unknown> {
    const failure = this.#session.ofOwnGhost(error) ?? error;
    return hasCode(failure, "fenced") ? await this.#replacedBy(failure) : failure;
  }

  /** Whether another process has this member's place (semantics 16), or it only came too late. */
  async #replacedBy(fence: FlightsError): Promise<FlightsError> {
    let failure = fence;
    try {
      await this.#session.confirm();
    } catch (error) {
      if (hasCode(error, "instance-taken")) failure = error;
    }
    this.#session.end(failure);
    return failure;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#prefetcher.close();
    await this.#transactions.abort();
    await this.#session.leave();
    await this.#options.release();
  }
}

function overtaken(group: string): FlightsError {
  return new FlightsError(
    "fenced",
    `Cannot commit to ${group}: the transaction must be of this generation, it was begun in one before`,
  );
}

function closed(doing: string): FlightsError {
  return new FlightsError("internal", `Cannot ${doing}: the member must be open, it was closed`);
}
