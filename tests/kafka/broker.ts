/**
 * Real Kafka brokers as processes on loopback, without docker. What they need is fetched once
 * (distribution.ts). Each starts in two to three seconds; when the process of the tests ends in
 * whatever way, so do they, and their folders go with them.
 *
 *     await using cluster = await startCluster();
 *     const bootstrap = cluster.bootstrap();
 */

import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { clusterId, defaultVersion, distribution, type KafkaVersion } from "./distribution.ts";
import { clusterMetadata } from "./metadata.ts";
import { freePorts } from "./ports.ts";
import { checkpointWithUsers } from "./scram_users.ts";
import { startWatchedJava, type WatchedJava } from "./watched_java.ts";

/** How a cluster is started. */
export interface ClusterOptions {
  /** Default 1. Three brokers keep each partition three times and need two of them in sync. */
  readonly brokers?: 1 | 3;
  /** Default {@linkcode defaultVersion}. */
  readonly version?: KafkaVersion;
  /** The largest heap of each broker; default 256. */
  readonly heapMiB?: number;
  /** Added to server.properties of every broker, or in place of what is there. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Listeners besides the plain one that every broker has, "PLAINTEXT". */
  readonly listeners?: readonly Listener[];
  /** Users of SCRAM-SHA-256 and SCRAM-SHA-512 with their passwords, there from the start. */
  readonly scramUsers?: Readonly<Record<string, string>>;
}

/** One more way to reach the brokers. */
export interface Listener {
  /** Its name, in capitals. */
  readonly name: string;
  /** Settings of it alone: without the `listener.name.<name in small letters>.` before them. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Default PLAINTEXT. */
  readonly protocol?: "PLAINTEXT" | "SSL" | "SASL_PLAINTEXT" | "SASL_SSL";
  /** What a broker that listens on `address` tells clients; default `address`. For a proxy. */
  readonly advertise?: (address: string, node: number) => string;
}

/** Brokers that run; they end with it. */
export interface Cluster extends AsyncDisposable {
  readonly version: KafkaVersion;
  /** Where the brokers keep their data and their logs; goes with them. */
  readonly folder: string;
  /** In the order of their nodes: 1, 2, 3. */
  readonly brokers: readonly Broker[];
  /** The addresses of all brokers on a listener (default "PLAINTEXT"), with commas between. */
  bootstrap(listener?: string): string;
}

/** One broker. */
export interface Broker {
  readonly node: number;
  /** Its process's id; another one after {@linkcode Broker.restart}. */
  readonly pid: number;
  /** Where clients reach it on a listener; default "PLAINTEXT". */
  address(listener?: string): string;
  /** Ends it by SIGKILL; resolves when it has ended. */
  kill(): Promise<void>;
  /** Ends it by SIGTERM, on which it hands over what it leads; resolves when it has ended. */
  stop(): Promise<void>;
  /** Starts it anew, killed or stopped, on its old folder and ports; resolves when it answers. */
  restart(): Promise<void>;
}

/**
 * Starts brokers; resolves when each of them knows all of them.
 *
 * @throws when one of them ends, or does not answer within a minute, with what it logged.
 */
export async function startCluster(
  {
    brokers: count = 1,
    version = defaultVersion,
    heapMiB = 256,
    properties = {},
    listeners = [],
    scramUsers,
  }: ClusterOptions = {},
): Promise<Cluster> {
  const { javaArguments, bootstrapCheckpoint: plainCheckpoint } = await distribution(version);
  const folder = await Deno.makeTempDir({ prefix: "flights-kafka-" });
  const bootstrapCheckpoint = scramUsers === undefined
    ? plainCheckpoint
    : await checkpointWithUsers(scramUsers, { folder, javaArguments });
  const all: readonly Listener[] = [{ name: "PLAINTEXT" }, ...listeners];
  const layouts = layOut(count, all);
  const brokers: BrokerProcess[] = [];
  for (const layout of layouts) {
    const home = join(folder, `node-${layout.node}`);
    await Deno.mkdir(join(home, "data"), { recursive: true });
    await Deno.copyFile(bootstrapCheckpoint, join(home, "data", "bootstrap.checkpoint"));
    await Deno.writeTextFile(join(home, "data", "meta.properties"), metaProperties(layout.node));
    const settings = { ...serverProperties(layout, layouts, all), "log.dirs": join(home, "data") };
    const lines = Object.entries({ ...settings, ...properties }).map((pair) => pair.join("="));
    await Deno.writeTextFile(join(home, "server.properties"), lines.join("\n"));
    brokers.push(new BrokerProcess(layout, { home, folder, heapMiB, javaArguments }));
  }
  const dispose = async () => {
    await Promise.all(brokers.map((broker) => broker.kill()));
    await Deno.remove(folder, { recursive: true });
  };
  try {
    for (const broker of brokers) broker.start();
    for (const broker of brokers) await broker.ready(count);
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    version,
    folder,
    brokers,
    bootstrap: (listener) => brokers.map((broker) => broker.address(listener)).join(","),
    [Symbol.asyncDispose]: dispose,
  };
}

/** Where one broker listens. */
interface Layout {
  readonly node: number;
  readonly controller: string;
  /** By listener: where it listens, and what it tells clients. */
  readonly listening: ReadonlyMap<string, string>;
  readonly advertised: ReadonlyMap<string, string>;
}

function layOut(count: number, listeners: readonly Listener[]): Layout[] {
  const addresses = freePorts(count * (1 + listeners.length)).map((port) => `127.0.0.1:${port}`);
  return Array.from({ length: count }, (_, index) => {
    const node = index + 1;
    const controller = addresses.pop()!;
    const listening = new Map(listeners.map(({ name }) => [name, addresses.pop()!]));
    const advertised = listeners.map(({ name, advertise }): [string, string] => {
      const address = listening.get(name)!;
      return [name, advertise?.(address, node) ?? address];
    });
    return { node, controller, listening, advertised: new Map(advertised) };
  });
}

function metaProperties(node: number): string {
  const uuid = crypto.getRandomValues(new Uint8Array(16));
  uuid[0]! &= 0x7f; // Kafka refuses ids that begin with a minus.
  const id = uuid.toBase64({ alphabet: "base64url", omitPadding: true });
  return `version=1\ncluster.id=${clusterId}\nnode.id=${node}\ndirectory.id=${id}\n`;
}

function serverProperties(
  { node, controller, listening, advertised }: Layout,
  layouts: readonly Layout[],
  listeners: readonly Listener[],
): Record<string, string> {
  const uris = (addresses: ReadonlyMap<string, string>) =>
    [...addresses].map(([name, address]) => `${name}://${address}`).join(",");
  const protocols = listeners.map(({ name, protocol = "PLAINTEXT" }) => `${name}:${protocol}`);
  const ofListeners = listeners.flatMap(({ name, properties = {} }) =>
    Object.entries(properties).map(([key, value]): [string, string] => [
      `listener.name.${name.toLowerCase()}.${key}`,
      value,
    ])
  );
  const copies = String(layouts.length);
  const inSync = layouts.length === 3 ? "2" : "1";
  return {
    "process.roles": "broker,controller",
    "node.id": String(node),
    "controller.quorum.voters": layouts.map((one) => `${one.node}@${one.controller}`).join(","),
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listeners": `${uris(listening)},CONTROLLER://${controller}`,
    "advertised.listeners": uris(advertised),
    "listener.security.protocol.map": ["CONTROLLER:PLAINTEXT", ...protocols].join(","),
    "default.replication.factor": copies,
    "min.insync.replicas": inSync,
    "offsets.topic.replication.factor": copies,
    "transaction.state.log.replication.factor": copies,
    "transaction.state.log.min.isr": inSync,
    "num.partitions": "5",
    "offsets.topic.num.partitions": "5",
    "transaction.state.log.num.partitions": "5",
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": "0",
    // A dead broker's partitions move after this time; SIGKILL is the rule here.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "300",
    // Small: several of them share a small machine.
    "num.network.threads": "2",
    "num.io.threads": "4",
    "background.threads": "2",
    "log.cleaner.dedupe.buffer.size": String(16 * 1024 * 1024),
    ...Object.fromEntries(ofListeners),
  };
}

/** Where a broker's process finds its files. */
interface BrokerFiles {
  readonly home: string;
  /** The cluster's folder, which holds `home`. */
  readonly folder: string;
  readonly heapMiB: number;
  readonly javaArguments: readonly string[];
}

const startsWithin = 60_000;

class BrokerProcess implements Broker {
  readonly node: number;
  readonly #layout: Layout;
  readonly #files: BrokerFiles;
  #java: WatchedJava | null = null;
  #ended: Promise<void> = Promise.resolve();

  constructor(layout: Layout, files: BrokerFiles) {
    this.node = layout.node;
    this.#layout = layout;
    this.#files = files;
  }

  get pid(): number {
    if (this.#java !== null) return this.#java.pid;
    throw new Error(`Cannot name the process of broker ${this.node}: it must run, it has ended`);
  }

  address(listener = "PLAINTEXT"): string {
    const address = this.#layout.advertised.get(listener);
    if (address !== undefined) return address;
    const known = [...this.#layout.advertised.keys()].join(", ");
    throw new Error(
      `Cannot tell an address: the listener must be one of ${known}, not ${listener}`,
    );
  }

  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  stop(): Promise<void> {
    return this.#end("SIGTERM");
  }

  async restart(): Promise<void> {
    this.start();
    await this.ready(1);
  }

  start(): void {
    if (this.#java !== null) {
      throw new Error(`Cannot start broker ${this.node}: it must have ended, it runs`);
    }
    const { home, folder, heapMiB, javaArguments } = this.#files;
    const java = startWatchedJava(
      [
        `-Xmx${heapMiB}m`,
        "-Xms64m",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        ...javaArguments,
        "kafka.Kafka",
        join(home, "server.properties"),
      ],
      { folder, log: this.#log },
    );
    this.#java = java;
    this.#ended = java.ended.then(() => {
      this.#java = null;
    });
  }

  /** Resolves when it answers and knows of at least `brokers` that are alive, itself among them. */
  async ready(brokers: number): Promise<void> {
    const giveUp = systemClock.now() + startsWithin;
    const address = this.#layout.listening.get("PLAINTEXT")!;
    while (this.#java !== null && systemClock.now() < giveUp) {
      const found = await clusterMetadata(address).catch(() => null);
      if (found !== null && found.brokers.size >= brokers && found.brokers.has(this.node)) return;
      await systemClock.sleep(25);
    }
    const state = this.#java === null ? "it has ended" : "it did not";
    const log = await Deno.readTextFile(this.#log).catch(() => "");
    throw new Error(
      `Cannot start broker ${this.node}: it must answer within ${startsWithin / 1_000} s, ` +
        `${state}; the end of its log:\n${log.trimEnd().split("\n").slice(-40).join("\n")}`,
    );
  }

  get #log(): string {
    return join(this.#files.home, "broker.log");
  }

  async #end(signal: Deno.Signal): Promise<void> {
    this.#java?.kill(signal);
    await this.#ended;
  }
}
