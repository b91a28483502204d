/** The way to a cluster: its brokers, its coordinators, and a connection for each purpose. */

import { FlightsError, hasCode } from "../../base/errors.ts";
import { checkErrorCode, KafkaError } from "./errors.ts";
import type { ConnectionSettings, Endpoint } from "./connection_settings.ts";
import { BrokerConnection } from "./kafkajs_seam.ts";
import type { Call, Response } from "./protocol/api.ts";
import { type CoordinatorKind, findCoordinator } from "./protocol/find_coordinator_v3.ts";
import { metadata, type MetadataResponse } from "./protocol/metadata_v12.ts";
import { retrying } from "./retry.ts";

/** Where a cluster is, and how to talk to it. */
export interface ClusterSettings extends ConnectionSettings {
  /** Where to begin; one that can be reached is enough. */
  readonly bootstrap: readonly Endpoint[];
  /** How long a broker may take for an answer unless told otherwise; default 30 s. */
  readonly requestTimeoutMs?: number;
}

/**
 * What a connection is for. A broker answers the requests of a connection one after the other, so
 * what may take long has one of its own:
 *
 * - `control`: metadata, administration, heartbeats, offsets.
 * - `write`: produce and transactions.
 * - `fetch`: long polls.
 * - `join`: JoinGroup and SyncGroup, which wait for the other members.
 */
export type Purpose = "control" | "write" | "fetch" | "join";

/** How a request is sent. */
export interface SendOptions {
  /** Default `control`. */
  readonly purpose?: Purpose;
  /** How long the broker may take for its answer; default: the settings'. */
  readonly timeoutMs?: number;
}

const defaultRequestTimeoutMs = 30_000;

/**
 * The connections of one user to one cluster. Members that fetch side by side have one each, since
 * they share no connection for long polls.
 */
export class KafkaConnections {
  readonly #settings: ClusterSettings;
  readonly #requestTimeoutMs: number;
  /** The brokers as last told, by node id. */
  #brokers: ReadonlyMap<number, Endpoint> = new Map();
  readonly #coordinators = new Map<string, number>();
  /** By purpose and address. */
  readonly #connections = new Map<string, BrokerConnection>();
  #isClosed = false;

  constructor(settings: ClusterSettings) {
    this.#settings = settings;
    this.#requestTimeoutMs = settings.requestTimeoutMs ?? defaultRequestTimeoutMs;
  }

  /** The node ids of all brokers; empty before the first {@linkcode refreshMetadata}. */
  get brokers(): readonly number[] {
    return [...this.#brokers.keys()];
  }

  /**
   * Sends a request to a broker.
   *
   * @throws {FlightsError} as {@linkcode BrokerConnection.send}; `log-unreachable` also for a broker
   * that is not, or no longer, part of the cluster. Error codes in the answer are the caller's.
   */
  async send<Answer extends Response>(
    broker: number,
    call: Call<Answer>,
    { purpose = "control", timeoutMs = this.#requestTimeoutMs }: SendOptions = {},
  ): Promise<Answer> {
    const endpoint = this.#brokers.get(broker);
    if (endpoint === undefined) {
      throw new FlightsError(
        "log-unreachable",
        `Cannot send ${call.name}: broker ${broker} must be part of the cluster, ` +
          `known are ${this.brokers.join(", ") || "none"}`,
      );
    }
    return await this.#connection(endpoint, purpose).send(call, { timeoutMs });
  }

  /**
   * Asks the cluster which brokers it has, and which leaders the named topics (null: all topics)
   * have. Tries one broker after the other. Never creates a topic.
   *
   * @throws {FlightsError} `log-unreachable` when none has answered.
   */
  async refreshMetadata(topics: readonly string[] | null = []): Promise<MetadataResponse> {
    const answer = await this.#sendToAny(metadata.call({ topics }));
    this.#brokers = new Map(answer.brokers.map(({ nodeId, ...endpoint }) => [nodeId, endpoint]));
    await this.#closeLeftover();
    return answer;
  }

  /**
   * The broker that looks after a group or a transactional id; remembered until
   * {@linkcode forgetCoordinator}. A cluster that never had one makes it now, which is waited for.
   *
   * @throws {FlightsError} `log-unreachable`, `log-forbidden`.
   */
  async coordinatorOf(kind: CoordinatorKind, key: string): Promise<number> {
    const name = `${kind} ${key}`;
    const remembered = this.#coordinators.get(name);
    if (remembered !== undefined) return remembered;
    const broker = await retrying(() => this.#findCoordinator(kind, key), {
      clock: this.#settings.clock,
      timeoutMs: this.#requestTimeoutMs,
      shouldRetry: (error) => error instanceof KafkaError && error.remedy !== "fail",
    });
    this.#coordinators.set(name, broker);
    return broker;
  }

  /** Has the coordinator looked for anew: it has moved, or cannot be reached. */
  forgetCoordinator(kind: CoordinatorKind, key: string): void {
    this.#coordinators.delete(`${kind} ${key}`);
  }

  /** Closes the connections of one purpose; requests under way on them fail. */
  async drop(purpose: Purpose): Promise<void> {
    for (const [name, connection] of this.#connections) {
      if (!name.startsWith(`${purpose} `)) continue;
      this.#connections.delete(name);
      await connection.close();
    }
  }

  /** Closes all connections; requests under way fail. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#connections.values()].map((connection) => connection.close()));
    this.#connections.clear();
  }

  async #findCoordinator(kind: CoordinatorKind, key: string): Promise<number> {
    const answer = await this.#sendToAny(findCoordinator.call({ kind, key }));
    checkErrorCode(answer.errorCode, `find the coordinator of ${kind} "${key}"`, {
      detail: answer.errorMessage,
    });
    const { nodeId, ...endpoint } = answer.broker;
    // It may be newer than the metadata.
    this.#brokers = new Map(this.#brokers).set(nodeId, endpoint);
    return nodeId;
  }

  /** Asks known brokers first, then those of the settings, until one answers. */
  async #sendToAny<Answer extends Response>(call: Call<Answer>): Promise<Answer> {
    const endpoints = new Map(
      [...this.#brokers.values(), ...this.#settings.bootstrap].map((endpoint) => [
        addressOf(endpoint),
        endpoint,
      ]),
    );
    let failure: unknown;
    for (const endpoint of endpoints.values()) {
      try {
        const connection = this.#connection(endpoint, "control");
        return await connection.send(call, { timeoutMs: this.#requestTimeoutMs });
      } catch (error) {
        if (!hasCode(error, "log-unreachable") || this.#isClosed) throw error;
        failure = error;
      }
    }
    throw failure ?? new FlightsError(
      "invalid-argument",
      `Cannot send ${call.name}: at least one broker must be named, none is`,
    );
  }

  #connection(endpoint: Endpoint, purpose: Purpose): BrokerConnection {
    if (this.#isClosed) {
      throw new FlightsError(
        "log-unreachable",
        `Cannot connect to ${addressOf(endpoint)}: the log must be open, it is closed`,
      );
    }
    const name = `${purpose} ${addressOf(endpoint)}`;
    const open = this.#connections.get(name);
    if (open !== undefined && !open.isClosed) return open;
    const connection = new BrokerConnection(endpoint, this.#settings);
    this.#connections.set(name, connection);
    return connection;
  }

  /** Closes what leads to brokers that are gone or have moved. */
  async #closeLeftover(): Promise<void> {
    const addresses = [...this.#brokers.values(), ...this.#settings.bootstrap].map(addressOf);
    for (const [name, connection] of this.#connections) {
      if (addresses.includes(name.slice(name.indexOf(" ") + 1))) continue;
      this.#connections.delete(name);
      await connection.close();
    }
  }
}

function addressOf({ host, port }: Endpoint): string {
  return `${host}:${port}`;
}
