/**
 * merge with two members of which one is stopped again and again in the middle of a backlog, and stats
 * beside it, which waits for no record that is late: nothing may be late (semantics 24).
 */

import assert from "node:assert/strict";
import { systemClock } from "../../src/base/clock.ts";
import { openKafkaLog } from "../../src/log/kafka/kafka_log.ts";
import type { Log } from "../../src/log/log.ts";
import { judge } from "../crash/judge.ts";
import {
  type Envelope,
  expectedFlights,
  expectedStatistics,
  recordText,
  watermarkOfMerge,
} from "../crash/oracle.ts";
import { dataFolder, flights, type FlightsProcess, startFlights } from "../flights.ts";
import { needs } from "../permissions.ts";
import { type Cluster, startCluster } from "./broker.ts";

/** How long a member stands still: below and above the ten seconds after which it is replaced. */
const stopsMs = [6_000, 14_000];
const patienceMs = 60_000;
/** No partition falls idle by the clock: then what comes next could be late by right (semantics 8). */
const mergeArgs = ["merge", "--idle-timeout", "10m", "--commit-interval", "50ms"];

/** A broker, the processes on it, and a log to look at it. */
class World implements AsyncDisposable {
  readonly #cluster: Cluster;
  readonly #folder = dataFolder();
  readonly #processes: FlightsProcess[] = [];
  readonly #log: Log;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    const [host, port] = cluster.bootstrap().split(":");
    this.#log = openKafkaLog({
      bootstrap: [{ host: host!, port: Number(port) }],
      clientId: "onlooker",
      instances: { directory: `${this.#folder.path}/onlooker`, host: "onlooker" },
    });
  }

  #options() {
    const env = {
      BOOTSTRAP_SERVERS: this.#cluster.bootstrap(),
      XDG_STATE_HOME: this.#folder.path,
    };
    return { data: this.#folder.path, env };
  }

  async run(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await flights(args, this.#options());
    assert.equal(code, 0, `flights ${args.join(" ")}: ${stderr}`);
    return stdout;
  }

  start(...args: readonly string[]): FlightsProcess {
    const started = startFlights(args, this.#options());
    this.#processes.push(started);
    return started;
  }

  async consume(topic: string): Promise<readonly Envelope[]> {
    const text = await this.run("consume", topic, "--until-end", "--json");
    return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  }

  /** Bookings of a day, as fast as they can be written. */
  bookings(day: number, count: number, ...args: readonly string[]): Promise<string> {
    const from = ["--start", `2026-01-0${day}`, "--seed", `${day}`];
    return this.run("datagen", "--count", `${count}`, "--rate", "max", ...from, ...args);
  }

  /** The partitions of merge that a process holds. */
  async heldBy({ pid }: FlightsProcess): Promise<readonly number[]> {
    const { members } = await this.#log.describeGroup("merge");
    const own = members.find(({ description }) => description === `merge (process ${pid})`);
    return own?.partitions ?? [];
  }

  /** How many bookings of these partitions are left for merge, and how many it has taken. */
  async progress(partitions: readonly number[]): Promise<{ taken: number; left: number }> {
    const { offsets } = await this.#log.describeGroup("merge");
    let [taken, left] = [0, 0];
    for (const { name, partitions: ends } of await this.#log.describeTopics(["skyone", "sunset"])) {
      for (const partition of partitions) {
        const at = offsets.find((one) => one.topic === name && one.partition === partition);
        taken += at?.offset ?? 0;
        left += ends[partition]!.endOffset - (at?.offset ?? 0);
      }
    }
    return { taken, left };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const started of this.#processes) {
      try {
        started.kill("SIGKILL");
      } catch {
        // It has ended.
      }
      await started.result;
    }
    await this.#log.close();
    await this.#cluster[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = systemClock.now() + patienceMs;
  while (!(await isSo())) {
    assert.ok(systemClock.now() < deadline, `${what} must be by now, it is not`);
    await systemClock.sleep(20);
  }
}

/** How far a flight of a partition lies behind one before it, in milliseconds, at most. */
function disorder(flights: readonly Envelope[]): number {
  const newest = new Map<number, number>();
  let most = 0;
  for (const { partition, ts } of flights) {
    const before = newest.get(partition) ?? ts;
    most = Math.max(most, before - ts);
    newest.set(partition, Math.max(before, ts));
  }
  return most;
}

const all = [0, 1, 2, 3, 4];

Deno.test({
  ...needs("net", "run", "read", "write", "env", "sys"),
  name:
    "semantics 24: a member of merge that stands still in mid-backlog makes no flight late for stats",
  fn: async () => {
    await using world = new World(await startCluster());
    await world.bookings(1, 500, "--create");
    const [victim, other] = [world.start(...mergeArgs), world.start(...mergeArgs)];
    const stats = world.start("stats");
    for (const [i, stopMs] of stopsMs.entries()) {
      let held: readonly number[] = [];
      await until("partitions held by both members", async () => {
        held = await world.heldBy(victim);
        return held.length > 0 && (await world.heldBy(other)).length === 5 - held.length;
      });
      await until("the backlog read", async () => (await world.progress(all)).left === 0);
      const before = await world.progress(held);
      const writing = world.bookings(2 + i, 20_000);
      await until("part of the new backlog read", async () => {
        const { taken, left } = await world.progress(held);
        return taken > before.taken && left > 0;
      });
      victim.kill("SIGSTOP");
      await writing;
      const start = systemClock.now();
      const others = all.filter((partition) => !held.includes(partition));
      await until(
        "what the other member holds read",
        async () => (await world.progress(others)).left === 0,
      );
      if (i === 0) {
        assert.ok((await world.progress(held)).left > 0, "it must be stopped in mid-backlog");
      }
      await systemClock.sleep(Math.max(0, start + stopMs - systemClock.now()));
      victim.kill("SIGCONT");
      await until("all of the backlog read", async () => (await world.progress(all)).left === 0);
    }
    for (const job of [victim, other, stats]) {
      job.kill("SIGTERM");
      const { code, stderr } = await job.result;
      assert.equal(code, 143, stderr);
    }
    await world.run(...mergeArgs, "--until-end");
    await world.run("stats", "--until-end", "--drain");

    const bookings = [...await world.consume("skyone"), ...await world.consume("sunset")];
    const found = await world.consume("flightdata");
    assert.ok(
      disorder(found) > 600_000,
      `without reports it would not matter: ${disorder(found)} ms`,
    );
    assert.deepEqual(await world.consume("flightdata.late"), []);
    const nothing = { lost: [], doubled: [] };
    assert.deepEqual(judge(expectedFlights(bookings), found.map(recordText)), nothing);
    const expected = expectedStatistics(found, { watermark: watermarkOfMerge(bookings) });
    const statistics = (await world.consume("userstatistics")).map(recordText);
    assert.deepEqual(judge(expected, statistics), nothing);
  },
});
