/** Three brokers, each behind a proxy, and what is done to them. */

import { systemClock } from "../../../src/base/clock.ts";
import { Random } from "../../../src/base/random.ts";
import { type Cluster, startCluster } from "../broker.ts";
import { clusterMetadata, type PartitionMetadata } from "../metadata.ts";
import { apiKeys, type Fault, type FaultOptions, type Proxy, startProxy } from "../proxy.ts";
import { kafkaTool } from "../tool.ts";

/** The brokers catch up with each other within this time. */
const syncsWithin = 60_000;

/** The topics whose leaders are moved. */
const topics = ["skyone", "sunset", "flightdata", "userstatistics"] as const;
const internalTopics = ["__consumer_offsets", "__transaction_state"] as const;

/** Brokers that clients reach by way of proxies. */
export class Brokers implements AsyncDisposable {
  readonly #cluster: Cluster;
  readonly #proxies: readonly Proxy[];
  /** Brought down, moved: one at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(cluster: Cluster, proxies: readonly Proxy[]) {
    this.#cluster = cluster;
    this.#proxies = proxies;
  }

  /** Starts them. */
  static async start(): Promise<Brokers> {
    const proxies: Proxy[] = [];
    const advertise = (address: string) => {
      proxies.push(startProxy(address));
      return proxies.at(-1)!.address;
    };
    try {
      const listeners = [{ name: "PROXIED", advertise }];
      return new Brokers(await startCluster({ brokers: 3, listeners }), proxies);
    } catch (error) {
      for (const proxy of proxies) await proxy[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cluster[Symbol.asyncDispose]();
    for (const proxy of this.#proxies) await proxy[Symbol.asyncDispose]();
  }

  /** The addresses behind which the proxies are. */
  get proxied(): string {
    return this.#cluster.bootstrap("PROXIED");
  }

  /** The addresses of the brokers themselves. */
  get direct(): string {
    return this.#cluster.bootstrap();
  }

  /** The processes of the brokers. */
  get folder(): string {
    return this.#cluster.folder;
  }

  /** How many requests of a kind have come. */
  requests(name: keyof typeof apiKeys): number {
    return this.#proxies.reduce((sum, proxy) => sum + proxy.requests(apiKeys[name]), 0);
  }

  /** Brings a broker down, once all are in sync, and up again. */
  bringDown(node: number, options: { how: "kill" | "stop"; lasts: number }): Promise<void> {
    const { how, lasts } = options;
    return this.#inTurn(async () => {
      await this.inSync();
      const broker = this.#cluster.brokers[node - 1]!;
      await broker[how]();
      await systemClock.sleep(lasts);
      await broker.restart();
    });
  }

  /** Gives partitions, those of groups and transactions too, other leaders. */
  moveLeaders(seed: number): Promise<void> {
    const random = new Random(seed);
    return this.#inTurn(async () => {
      await this.inSync();
      const partitions = await this.#partitions();
      const plan = partitions.flatMap(([topic, all]) =>
        all.map(({ replicas }, partition) => {
          const first = random.below(replicas.length);
          const order = replicas.map((_, i) => replicas[(first + i) % replicas.length]!);
          return { topic, partition, replicas: order };
        })
      );
      const file = `${this.folder}/move.json`;
      await Deno.writeTextFile(file, JSON.stringify({ version: 1, partitions: plan }));
      const bootstrap = ["--bootstrap-server", this.direct];
      const move = ["--reassignment-json-file", file, "--execute"];
      await kafkaTool("ReassignPartitionsCommand", [...bootstrap, ...move]);
      const elect = ["--election-type", "PREFERRED", "--all-topic-partitions"];
      await kafkaTool("LeaderElectionCommand", [...bootstrap, ...elect]);
    });
  }

  /** Closes a broker's connections and refuses new ones for a while. */
  async refuse(node: number, lasts: number): Promise<void> {
    const proxy = this.#proxy(node);
    proxy.refusing = lasts > 0;
    proxy.cutAll();
    await systemClock.sleep(lasts);
    proxy.refusing = false;
  }

  /** Holds a broker's answers back for a while. */
  async stall(node: number, lasts: number): Promise<void> {
    using _ = this.#proxy(node).hold({ at: "answer", times: Infinity });
    await systemClock.sleep(lasts);
  }

  /** Lets `fault` meet frames of one kind at each broker, until `times` were met or in half a minute. */
  async meet(
    name: keyof typeof apiKeys,
    { times, lasts = 0, fault }: {
      readonly times: number;
      /** How long a frame is kept. */
      readonly lasts?: number;
      readonly fault: (proxy: Proxy, options: Omit<FaultOptions, "at">) => Fault;
    },
  ): Promise<number> {
    const options = { api: apiKeys[name], times };
    const faults = this.#proxies.map((proxy) => fault(proxy, options));
    const hits = () => faults.reduce((sum, { hits }) => sum + hits, 0);
    const giveUp = systemClock.now() + 30_000;
    while (hits() < times && systemClock.now() < giveUp) await systemClock.sleep(20);
    const met = hits();
    await systemClock.sleep(lasts);
    for (const one of faults) one[Symbol.dispose]();
    return met;
  }

  /** Resolves when each partition has all its replicas in sync. */
  async inSync(): Promise<void> {
    const giveUp = systemClock.now() + syncsWithin;
    for (;;) {
      const partitions = await this.#partitions().catch(() => null);
      const lagging = partitions?.filter(([, all]) =>
        all.some(({ replicas, inSync }) => inSync.length < replicas.length)
      );
      if (lagging?.length === 0) return;
      if (systemClock.now() > giveUp) {
        const names = lagging?.map(([topic]) => topic).join(", ") ?? "they do not answer";
        throw new Error(
          `Cannot go on: the brokers must be in sync within ${syncsWithin / 1_000} s, ` +
            `they are not: ${names}`,
        );
      }
      await systemClock.sleep(200);
    }
  }

  /** The partitions of all topics, as a broker sees them that is alive. */
  async #partitions(): Promise<readonly [string, readonly PartitionMetadata[]][]> {
    const wanted = { topics: [...topics, ...internalTopics] };
    for (const address of this.direct.split(",")) {
      const found = await clusterMetadata(address, wanted).catch(() => null);
      if (found !== null && found.brokers.size === 3) return [...found.topics];
    }
    throw new Error("Cannot see the cluster: a broker must know all three, none does");
  }

  #proxy(node: number): Proxy {
    // Proxies are started in the order of the nodes.
    return this.#proxies[node - 1]!;
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }
}
