/** A member of a group on Kafka. */

import { assert, FlightsError, hasCode } from "../../base/errors.ts";
import type {
  Assignment,
  CommittedOffset,
  FetchedPartition,
  FetchOptions,
  Member,
  OutputBatch,
  Position,
  Transaction,
} from "../log.ts";
import { byTopic, type KafkaCluster } from "./cluster.ts";
import { checkErrorCode } from "./errors.ts";
import { GroupSession, type GroupSessionOptions } from "./group_session.ts";
import { offsetFetch } from "./protocol/offset_fetch_v7.ts";
import { KafkaReader } from "./reader.ts";
import { KafkaTransactions } from "./transaction.ts";

/** What a member is made of. */
export interface KafkaMemberOptions extends GroupSessionOptions {
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
  readonly #reader: KafkaReader;
  readonly #transactions: KafkaTransactions;
  #assignment: Assignment = { generation: 0, partitions: [], waitingFor: null };
  #isClosed = false;

  constructor(options: KafkaMemberOptions) {
    this.id = options.instanceId;
    this.#options = options;
    this.#cluster = options.cluster;
    this.#session = new GroupSession(options.cluster, options);
    this.#reader = new KafkaReader(options.cluster);
    this.#transactions = new KafkaTransactions(options.cluster, {
      transactionalId: options.instanceId,
      timeoutMs: options.sessionTimeoutMs,
    });
  }

  get assignment(): Assignment {
    return this.#assignment;
  }

  get isRebalancing(): boolean {
    return false;
  }

  /**
   * Becomes the producer of its transactional id, which ends what a predecessor under the same
   * instance id left open.
   */
  async start(): Promise<void> {
    await this.#transactions.init();
  }

  async poll(
    positions: readonly Position[],
    options: FetchOptions = {},
  ): Promise<readonly FetchedPartition[]> {
    if (this.#isClosed) throw closed("poll");
    this.#session.use();
    this.#session.check();
    if (this.#session.mustJoin) {
      const { partitions, waitingFor } = await this.#session.join();
      const { generation } = this.#session.membership;
      this.#assignment = { generation, partitions, waitingFor };
      return [];
    }
    const signals = [this.#session.news, ...(options.signal ? [options.signal] : [])];
    const fetched = await this.#reader.fetch(positions, {
      ...options,
      signal: AbortSignal.any(signals),
    });
    this.#session.check();
    return this.#session.mustJoin ? [] : fetched;
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
    const outputs: OutputBatch[] = [];
    let isOver = false;
    return {
      isFull: false,
      append: (added) => {
        assert(!isOver, "a transaction that is appended to must be under way, it is over");
        outputs.push(...added);
        return Promise.resolve();
      },
      commit: async (offsetsAt) => {
        assert(!isOver, "a transaction must be committed once, it is over");
        isOver = true;
        if (this.#isClosed) throw closed("commit");
        this.#session.use();
        try {
          await this.#transactions.commit(outputs, offsetsAt, this.#session.membership);
        } catch (error) {
          if (hasCode(error, "fenced")) this.#session.end(error);
          throw error;
        }
      },
    };
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#session.leave();
    await this.#options.release();
  }
}

function closed(doing: string): FlightsError {
  return new FlightsError("internal", `Cannot ${doing}: the member must be open, it was closed`);
}
