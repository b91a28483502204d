/** What is known of a cluster's topics, kept until an answer shows that it is old. */

import type { Clock } from "../../base/clock.ts";
import { FlightsError, hasCode } from "../../base/errors.ts";
import type { KafkaConnections, SendOptions } from "./connections.ts";
import { KafkaError, noError } from "./errors.ts";
import type { Call, Response } from "./protocol/api.ts";
import type { CoordinatorKind } from "./protocol/find_coordinator_v3.ts";
import type { PartitionMetadata, TopicMetadata } from "./protocol/metadata_v12.ts";
import { retrying } from "./retry.ts";

/** How a cluster is asked. */
export interface ClusterOptions {
  readonly clock: Clock;
  /** How long a request is tried again, while leaders and coordinators move; default 30 s. */
  readonly patienceMs?: number;
}

const defaultPatienceMs = 30_000;
/** TOPIC_AUTHORIZATION_FAILED. */
const topicForbidden = 29;

/** Asks brokers by what they are to a topic or a group, and finds them anew when they have moved. */
export class KafkaCluster {
  readonly connections: KafkaConnections;
  readonly clock: Clock;
  readonly patienceMs: number;
  readonly #topics = new Map<string, TopicMetadata>();
  #controller: number | null = null;

  constructor(connections: KafkaConnections, { clock, patienceMs }: ClusterOptions) {
    this.connections = connections;
    this.clock = clock;
    this.patienceMs = patienceMs ?? defaultPatienceMs;
  }

  /**
   * The named topics that exist, or all that are not Kafka's own and that the user may see, as they
   * are now.
   *
   * @param options `mayBeHidden`: leaves out named ones that the user may not see; default false.
   * @throws {FlightsError} `log-forbidden` for a named one that the user may not see.
   */
  async describe(
    names: readonly string[] | null,
    { mayBeHidden = false }: { readonly mayBeHidden?: boolean } = {},
  ): Promise<readonly TopicMetadata[]> {
    if (names?.length === 0) return [];
    const answer = await this.connections.refreshMetadata(names);
    this.#controller = answer.controllerId;
    for (const name of names ?? []) this.#topics.delete(name);
    // Brokers say so of topics that do not exist, too.
    const hidden = answer.topics.find(({ errorCode }) => errorCode === topicForbidden);
    if (hidden !== undefined && !mayBeHidden) {
      throw new KafkaError(hidden.errorCode, `look at topic ${hidden.name}`, {
        permission: "Describe on the topic",
      });
    }
    const found = answer.topics.filter(({ errorCode, isInternal }) =>
      errorCode === noError && (names !== null || !isInternal)
    );
    for (const topic of found) this.#topics.set(topic.name, topic);
    return found;
  }

  /** A topic as it was told last, or null when there is none of that name. */
  async topic(name: string): Promise<TopicMetadata | null> {
    const known = this.#topics.get(name);
    if (known !== undefined) return known;
    const [found] = await this.describe([name]);
    return found ?? null;
  }

  /** Has topics looked up anew. */
  forget(names: Iterable<string>): void {
    for (const name of names) this.#topics.delete(name);
  }

  /**
   * Calls `attempt` again, with pauses, while what it throws is over by itself or by knowing the
   * cluster anew.
   *
   * @param options `topics`: whose leaders the attempt relies on. `repeatable` false: not after an
   * answer that was lost, for the request may have been carried out (semantics 16); default true.
   */
  persist<T>(
    attempt: () => Promise<T>,
    { topics = [], repeatable = true }: {
      readonly topics?: readonly string[];
      readonly repeatable?: boolean;
    } = {},
  ): Promise<T> {
    return retrying(attempt, {
      clock: this.clock,
      timeoutMs: this.patienceMs,
      shouldRetry: (error) => {
        if (!isPassing(error) || !(repeatable || error instanceof KafkaError)) return false;
        this.forget(topics);
        this.#controller = null;
        return true;
      },
    });
  }

  /** Sends to the broker that takes administrative requests. */
  async sendToController<Answer extends Response>(call: Call<Answer>): Promise<Answer> {
    this.#controller ??= (await this.connections.refreshMetadata()).controllerId;
    return await this.connections.send(this.#controller, call);
  }

  /** Sends to a coordinator, which is found anew for the next call when it cannot be reached. */
  async sendToCoordinator<Answer extends Response>(
    { kind, key }: { readonly kind: CoordinatorKind; readonly key: string },
    call: Call<Answer>,
    options?: SendOptions,
  ): Promise<Answer> {
    const broker = await this.connections.coordinatorOf(kind, key);
    try {
      return await this.connections.send(broker, call, options);
    } catch (error) {
      if (hasCode(error, "log-unreachable")) this.connections.forgetCoordinator(kind, key);
      throw error;
    }
  }

  /** As {@linkcode checkErrorCode}; a coordinator that has moved is found anew for the next call. */
  checkCoordinated(
    { kind, key }: { readonly kind: CoordinatorKind; readonly key: string },
    errorCode: number,
    doing: string,
  ): void {
    if (errorCode === noError) return;
    const error = new KafkaError(errorCode, doing);
    if (error.remedy === "find-coordinator") this.connections.forgetCoordinator(kind, key);
    throw error;
  }
}

/** Whether the same call may succeed in a moment. */
export function isPassing(error: unknown): boolean {
  if (error instanceof KafkaError) {
    return ["retry", "refresh-metadata", "find-coordinator"].includes(error.remedy);
  }
  return hasCode(error, "log-unreachable");
}

/**
 * A partition of a topic as it was told last.
 *
 * @throws {FlightsError} `topic-missing` when the topic has no such partition, `log-unreachable` when
 * it has no leader.
 */
export function partitionOf(topic: TopicMetadata, partition: number): PartitionMetadata {
  // Brokers tell of them in order, as a rule.
  const likely = topic.partitions[partition];
  const found = likely?.partition === partition
    ? likely
    : topic.partitions.find((one) => one.partition === partition);
  if (found === undefined) {
    throw new FlightsError(
      "topic-missing",
      `Cannot use partition ${partition} of topic ${topic.name}: it must exist, the topic has ` +
        `${topic.partitions.length}`,
    );
  }
  if (found.leaderId < 0) {
    throw new FlightsError(
      "log-unreachable",
      `Cannot use partition ${partition} of topic ${topic.name}: it must have a leader, it has none`,
    );
  }
  return found;
}

/** The error of a topic that is not there. */
export function topicMissing(doing: string, name: string): FlightsError {
  return new FlightsError(
    "topic-missing",
    `Cannot ${doing} topic ${name}: it must exist, the cluster has no topic of that name`,
  );
}

/** Groups what belongs to partitions by topic, in the order in which topics come first. */
export function byTopic<T, P>(
  items: readonly T[],
  topicOf: (item: T) => string,
  partitionFrom: (item: T) => P,
): readonly { readonly name: string; readonly partitions: readonly P[] }[] {
  const topics = new Map<string, P[]>();
  for (const item of items) {
    const partitions = topics.get(topicOf(item)) ?? [];
    partitions.push(partitionFrom(item));
    topics.set(topicOf(item), partitions);
  }
  return [...topics].map(([name, partitions]) => ({ name, partitions }));
}
