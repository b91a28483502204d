/** A Kafka cluster as a log. */

import { type Clock, systemClock } from "../../base/clock.ts";
import { FlightsError } from "../../base/errors.ts";
import type {
  AnnouncedProcess,
  Announcement,
  CommittedOffset,
  FetchedPartition,
  FetchOptions,
  GroupDescription,
  JoinOptions,
  Log,
  Member,
  OpenTransaction,
  OutputBatch,
  Position,
  TopicDescription,
  TopicSpec,
} from "../log.ts";
import { KafkaAppender } from "./appender.ts";
import { KafkaCluster, topicMissing } from "./cluster.ts";
import { KafkaConnections } from "./connections.ts";
import { describeGroup, listGroups, offsetsForgotten, resetGroup } from "./groups.ts";
import { type InstanceIdOptions, instancesOfUser, takeInstanceId } from "./instance_id.ts";
import type { Endpoint, SaslSettings, TlsSettings } from "./connection_settings.ts";
import { KafkaMember } from "./member.ts";
import { offsetsAt } from "./offsets.ts";
import { openTransactions } from "./open_transactions.ts";
import { latest } from "./protocol/list_offsets_v5.ts";
import { KafkaReader } from "./reader.ts";
import { createTopics, deleteTopics, describeTopics, replaceTopics } from "./topics.ts";

/** Settings of a log on Kafka. */
export interface KafkaLogOptions {
  /** Where to begin; one broker that can be reached is enough ({@linkcode parseBootstrapServers}). */
  readonly bootstrap: readonly Endpoint[];
  /** What brokers call us in their logs and quotas; default `flights`. */
  readonly clientId?: string;
  /** Default: no TLS. */
  readonly tls?: TlsSettings;
  /** Default: no SASL. */
  readonly sasl?: SaslSettings;
  /** Connecting, handshakes and authentication together take this long at most; default 10,000 ms. */
  readonly connectTimeoutMs?: number;
  /** How long a broker may take for an answer unless told otherwise; default 30,000 ms. */
  readonly requestTimeoutMs?: number;
  /** Paces what waits; default: the machine's. */
  readonly clock?: Clock;
  /** Where this host's members take their instance ids from; default: the user's folder for state. */
  readonly instances?: InstanceIdOptions;
  /** A member that is not heard of for so long is replaced, in milliseconds; default 10,000. */
  readonly sessionTimeoutMs?: number;
}

/**
 * A log on a cluster; nothing is connected before it is used.
 *
 * @example
 * ```ts
 * import { openKafkaLog, parseBootstrapServers } from "../../mod.ts";
 *
 * const log = openKafkaLog({ bootstrap: parseBootstrapServers("localhost:9092") });
 * ```
 */
export function openKafkaLog(options: KafkaLogOptions): Log {
  return new KafkaLog(options);
}

class KafkaLog implements Log {
  readonly description: string;
  readonly #options: KafkaLogOptions;
  readonly #clock: Clock;
  readonly #cluster: KafkaCluster;
  readonly #reader: KafkaReader;
  readonly #appender: KafkaAppender;
  readonly #members = new Set<Member>();
  readonly #announced = new Set<AnnouncedProcess & { readonly group: string }>();

  constructor(options: KafkaLogOptions) {
    const addresses = options.bootstrap.map(({ host, port }) => `${host}:${port}`);
    this.description = `Kafka at ${addresses.join(", ")}`;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#cluster = this.#openCluster();
    this.#reader = new KafkaReader(this.#cluster);
    this.#appender = new KafkaAppender(this.#cluster);
  }

  #openCluster(): KafkaCluster {
    const clock = this.#clock;
    const connections = new KafkaConnections({ clientId: "flights", ...this.#options, clock });
    return new KafkaCluster(connections, { clock });
  }

  async createTopics(
    topics: readonly TopicSpec[],
    { anew = false }: { readonly anew?: boolean } = {},
  ): Promise<void> {
    if (!anew) return await createTopics(this.#cluster, topics);
    await replaceTopics(this.#cluster, topics);
    await offsetsForgotten(this.#cluster, topics.map(({ name }) => name));
  }

  async deleteTopics(names: readonly string[]): Promise<void> {
    await deleteTopics(this.#cluster, names);
    await offsetsForgotten(this.#cluster, names);
  }

  describeTopics(names?: readonly string[]): Promise<readonly TopicDescription[]> {
    return describeTopics(this.#cluster, names);
  }

  async offsetsForTime(topic: string, time: number): Promise<readonly number[]> {
    const known = await this.#cluster.topic(topic);
    if (known === null) throw topicMissing("look for a time in", topic);
    const places = known.partitions.map((_, partition) => ({ topic, partition }));
    const [found, ends] = await Promise.all(
      [time, latest].map((timestamp) =>
        offsetsAt(this.#cluster, places.map((place) => ({ ...place, timestamp })))
      ),
    );
    return found!.map((offset, partition) => offset < 0 ? ends![partition]! : offset);
  }

  fetch(
    positions: readonly Position[],
    options?: FetchOptions,
  ): Promise<readonly FetchedPartition[]> {
    return this.#reader.fetch(positions, options);
  }

  append(outputs: readonly OutputBatch[]): Promise<readonly number[]> {
    return this.#appender.append(outputs);
  }

  listGroups(): Promise<readonly string[]> {
    return listGroups(this.#cluster);
  }

  describeGroup(group: string): Promise<GroupDescription> {
    return describeGroup(this.#cluster, group);
  }

  /** Members tell of it when they join; a group keeps nothing else that goes with a process. */
  announce(group: string, { description, address }: AnnouncedProcess): Promise<Announcement> {
    const announced = { group, description, address };
    this.#announced.add(announced);
    const close = () => {
      this.#announced.delete(announced);
      return Promise.resolve();
    };
    return Promise.resolve({ close });
  }

  #announcedFor(group: string): readonly AnnouncedProcess[] {
    return [...this.#announced].filter((one) => one.group === group)
      .map(({ description, address }) => ({ description, address }));
  }

  openTransactions(topics: readonly string[]): Promise<readonly OpenTransaction[]> {
    return openTransactions(this.#cluster, topics);
  }

  resetGroup(group: string, offsets: readonly CommittedOffset[]): Promise<void> {
    return resetGroup(this.#cluster, group, offsets);
  }

  async join(group: string, options: JoinOptions): Promise<Member> {
    const partitions = await this.#commonPartitions(group, options.topics);
    const held = takeInstanceId(group, this.#options.instances ?? instancesOfUser());
    const cluster = this.#openCluster();
    const member = new KafkaMember({
      cluster,
      group,
      instanceId: held.id,
      topics: options.topics,
      partitions,
      description: options.description,
      version: options.version,
      processes: () => this.#announcedFor(group),
      sessionTimeoutMs: this.#options.sessionTimeoutMs ?? 10_000,
      release: async () => {
        this.#members.delete(member);
        held.release();
        await cluster.connections.close();
      },
    });
    this.#members.add(member);
    try {
      await cluster.connections.refreshMetadata();
    } catch (error) {
      await member.close();
      throw error;
    }
    return member;
  }

  /** The partition count of a group's inputs, which must be the same. */
  async #commonPartitions(group: string, names: readonly string[]): Promise<number> {
    const topics = await this.#cluster.describe(names);
    const counts = names.map((name) => {
      const topic = topics.find((one) => one.name === name);
      if (topic === undefined) throw topicMissing(`join ${group} for`, name);
      return topic.partitions.length;
    });
    if (new Set(counts).size === 1) return counts[0]!;
    throw new FlightsError(
      "partitions-changed",
      `Cannot join ${group}: its topics must have the same number of partitions, ` +
        `${names.join(", ")} have ${counts.join(", ")}`,
    );
  }

  async close(): Promise<void> {
    for (const member of [...this.#members]) await member.close();
    await this.#cluster.connections.close();
  }
}
