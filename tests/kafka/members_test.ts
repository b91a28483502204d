/** Several processes of a job on a real Kafka: who has which partitions, and who has to give way. */

import assert from "node:assert/strict";
import { systemClock } from "../../src/base/clock.ts";
import type { GroupMember, Log } from "../../src/log/log.ts";
import { openKafkaLog } from "../../src/log/kafka/kafka_log.ts";
import { dataFolder, flights, type FlightsProcess, startFlights } from "../flights.ts";
import { needs } from "../permissions.ts";
import { type Cluster, startCluster } from "./broker.ts";

const permissions = needs("net", "run", "read", "write", "env", "sys");
const patienceMs = 30_000;

/** A broker with the topics of the jobs, and a log to look at it. */
class World implements AsyncDisposable {
  readonly #cluster: Cluster;
  readonly #folder = dataFolder();
  readonly #processes: FlightsProcess[] = [];
  readonly log: Log;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    const [host, port] = cluster.bootstrap().split(":");
    this.log = openKafkaLog({
      bootstrap: [{ host: host!, port: Number(port) }],
      clientId: "onlooker",
      instances: { directory: `${this.#folder.path}/onlooker`, host: "onlooker" },
    });
  }

  static async create(): Promise<World> {
    const world = new World(await startCluster());
    await world.run("datagen", "--create", "--count", "500", "--rate", "max", "--seed", "1");
    return world;
  }

  #options(state: string) {
    const env = {
      BOOTSTRAP_SERVERS: this.#cluster.bootstrap(),
      XDG_STATE_HOME: `${this.#folder.path}/${state}`,
    };
    return { data: this.#folder.path, env };
  }

  async run(...args: readonly string[]): Promise<void> {
    const { code, stderr } = await flights(args, this.#options("host"));
    assert.equal(code, 0, stderr);
  }

  /** @param state processes with the same folder for their state know of each other. */
  start(args: readonly string[], state = "host"): FlightsProcess {
    const started = startFlights(args, this.#options(state));
    this.#processes.push(started);
    return started;
  }

  members(group: string): Promise<readonly GroupMember[]> {
    return this.log.describeGroup(group).then(({ members }) => members);
  }

  /** Waits until a group's members are as `isSo` wants them; returns them and how long it took. */
  async until(group: string, isSo: (members: readonly GroupMember[]) => boolean) {
    const start = systemClock.now();
    for (;;) {
      const members = await this.members(group);
      const tookMs = systemClock.now() - start;
      if (isSo(members)) return { members, tookMs };
      const found = members.map(({ id, partitions }) => `${id}: ${partitions}`).join("; ");
      assert(
        tookMs < patienceMs,
        `the members of ${group} must be others by now, they are ${found}`,
      );
      await systemClock.sleep(20);
    }
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
    await this.log.close();
    await this.#cluster[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }
}

/** Whether members hold so many of partitions 0 to 4 each, in ascending order. */
function sharing(...counts: readonly number[]) {
  return (members: readonly GroupMember[]) => {
    const held = members.flatMap(({ partitions }) => partitions).sort();
    const found = members.map(({ partitions }) => partitions.length).sort();
    return held.join() === "0,1,2,3,4" && found.join() === counts.join();
  };
}

Deno.test({
  ...permissions,
  name:
    "processes of a job share its partitions; one that is killed and started again has its own back",
  fn: async () => {
    await using world = await World.create();
    const merge = ["merge", "--http", "0"];
    const processes = [world.start(merge)];
    await world.until("merge", sharing(5));
    processes.push(world.start(merge), world.start(merge));
    const { members } = await world.until("merge", sharing(1, 2, 2));

    const victim = processes.pop()!;
    const description = `merge (process ${victim.pid})`;
    const before = members.find((member) => member.description === description)!;
    victim.kill("SIGKILL");
    await victim.result;
    const again = world.start(merge);
    const now = `merge (process ${again.pid})`;
    await again.told("resumes");
    const after = (await world.members("merge")).find(({ id }) => id === before.id)!;
    assert.deepEqual(after.partitions, before.partitions);
    assert.equal(after.description, now);
    const answering = (await world.log.describeGroup("merge")).processes;
    assert.deepEqual(
      answering.map((one) => one.description).sort(),
      [...processes, again].map(({ pid }) => `merge (process ${pid})`).sort(),
    );
    // Nobody else has noticed.
    for (const other of processes) {
      other.kill("SIGTERM");
      const { code, stderr } = await other.result;
      assert.equal(code, 143, stderr);
      assert.ok(!stderr.includes("joining again"), stderr);
    }
    await world.until("merge", sharing(5));
  },
});

Deno.test({
  ...permissions,
  name:
    "a process under the instance id of a live one takes its place, which ends with exit code 7",
  fn: async () => {
    await using world = await World.create();
    const first = world.start(["merge"], "one");
    await first.told("resumes");
    const twin = world.start(["merge"], "another");
    const { code, stderr } = await first.result;
    assert.equal(code, 7, stderr);
    await twin.told("resumes");
    const { members } = await world.until("merge", sharing(5));
    assert.equal(members[0]!.description, `merge (process ${twin.pid})`);
  },
});

Deno.test({
  ...permissions,
  name: "a member that computes something else stands by until the others are gone",
  fn: async () => {
    await using world = await World.create();
    const old = world.start(["stats", "--application-id", "shared"]);
    await old.told("resumes");
    const args = ["stats", "--application-id", "shared", "--window", "2m"];
    const other = world.start(args);
    await other.told("another version");
    const { members } = await world.until("shared", sharing(0, 5));
    const standing = members.find(({ partitions }) => partitions.length === 0)!;
    assert.equal(standing.description, `shared (process ${other.pid})`);
    old.kill("SIGTERM");
    assert.equal((await old.result).code, 143);
    await other.told("resumes");
  },
});
