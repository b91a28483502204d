/** Several members of a job in one process (`--parallelism`) share its partitions on a real Kafka. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { openKafkaLog } from "../../src/log/kafka/kafka_log.ts";
import { judge } from "../crash/judge.ts";
import {
  type Envelope,
  expectedFlights,
  expectedStatistics,
  recordText,
  watermarkOfMerge,
} from "../crash/oracle.ts";
import { dataFolder, flights, startFlights } from "../flights.ts";
import { needs } from "../permissions.ts";
import { type Cluster, startCluster } from "./broker.ts";

const permissions = needs("net", "run", "read", "write", "env", "sys");
const nothing = { lost: [], doubled: [] };
/** How long a group may take to be shared out. */
const shareTimeout = 30_000;

let cluster: Cluster | null = null;

// One broker for all tests: each begins with topics made anew.
Deno.test.beforeAll(async () => {
  if (!permissions.ignore) cluster = await startCluster();
});
Deno.test.afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
});

/** The command line against the broker, with a folder for what it keeps. */
function commandLine(folder: string) {
  const env = { BOOTSTRAP_SERVERS: cluster!.bootstrap(), XDG_STATE_HOME: folder };
  const run = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await flights(args, { data: folder, env });
    assert.equal(code, 0, `flights ${args.join(" ")}: ${stderr}`);
    return stdout;
  };
  const consume = async (topic: string): Promise<readonly Envelope[]> => {
    const text = await run("consume", topic, "--until-end", "--json");
    return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  };
  const start = (...args: readonly string[]) => startFlights(args, { data: folder, env });
  return { run, consume, start };
}

/** Waits until the group has these members, by name, with so many partitions. */
async function sharedOut(
  group: string,
  { names, counts }: { readonly names: readonly string[]; readonly counts: readonly number[] },
): Promise<void> {
  const [host, port] = cluster!.bootstrap().split(":");
  const log = openKafkaLog({
    bootstrap: [{ host: host!, port: Number(port) }],
    clientId: "onlooker",
    instances: { directory: "unused", host: "unused" },
  });
  const expected = JSON.stringify([names.toSorted(), counts]);
  try {
    const deadline = systemClock.now() + shareTimeout;
    for (;;) {
      const { members } = await log.describeGroup(group);
      const held = members.map(({ partitions }) => partitions.length).sort();
      const found = JSON.stringify([members.map(({ description }) => description).sort(), held]);
      if (found === expected) return;
      const late = `${group} must be shared out as ${expected}, it is as ${found}`;
      assert.ok(systemClock.now() < deadline, late);
      await systemClock.sleep(50);
    }
  } finally {
    await log.close();
  }
}

Deno.test({
  ...permissions,
  name: "members of one process share the partitions, and SIGTERM ends all of them after a commit",
  fn: async () => {
    using folder = dataFolder();
    const { run, consume, start } = commandLine(folder.path);
    await run("datagen", "--create", "--count", "5000", "--rate", "max", "--seed", "21");
    for (const counts of [[2, 3], [1, 2, 2], [0, 1, 1, 1, 1, 1]]) {
      const job = start("merge", "--parallelism", String(counts.length));
      const host = `process ${job.pid} on ${Deno.hostname()}`;
      const names = counts.map((_, i) => `merge (${host}, member ${i + 1})`);
      try {
        await sharedOut("merge", { names, counts });
        await run("datagen", "--count", "500", "--rate", "max", "--seed", String(counts.length));
      } finally {
        job.kill("SIGTERM");
        const { code, stderr } = await job.result;
        assert.equal(code, 143, stderr);
      }
      await sharedOut("merge", { names: [], counts: [] });
    }
    await run("merge", "--until-end", "--parallelism", "2");
    const bookings = [...await consume("skyone"), ...await consume("sunset")];
    assert.equal(bookings.length, 13_000);
    const found = (await consume("flightdata")).map(recordText);
    assert.deepEqual(judge(expectedFlights(bookings), found), nothing);
  },
});

Deno.test({
  ...permissions,
  name: "semantics 11: bounded runs of two and three members give what the oracle gives",
  fn: async () => {
    using folder = dataFolder();
    const { run, consume } = commandLine(folder.path);
    // From a stated time on: the last window's end is far from the last record's time.
    const of = [
      "--count",
      "20000",
      "--rate",
      "max",
      "--seed",
      "22",
      "--start",
      "2026-01-31T00:00:30",
    ];
    await run("datagen", "--create", ...of);
    await run("merge", "--until-end");
    const found = await consume("flightdata");
    const bookings = [...await consume("skyone"), ...await consume("sunset")];
    const expected = expectedStatistics(found, { watermark: watermarkOfMerge(bookings) });
    let all: readonly string[] = [];
    for (const parallelism of ["2", "3", "6"]) {
      await run("stats", "--until-end", "--drain", "--parallelism", parallelism);
      all = [...all, ...expected];
      const statistics = (await consume("userstatistics")).map(recordText);
      assert.deepEqual(judge(all, statistics), nothing, `with ${parallelism} members`);
      assert.deepEqual(await consume("flightdata.late"), []);
      await run("reset", "stats");
    }
  },
});

Deno.test({
  ...permissions,
  ignore: permissions.ignore || Deno.build.os === "windows",
  name: "client properties that can be read only once reach all members",
  fn: async () => {
    using folder = dataFolder();
    const { run } = commandLine(folder.path);
    await run("datagen", "--create", "--count", "500", "--rate", "max", "--seed", "23");
    const pipe = join(folder.path, "properties");
    await new Deno.Command("mkfifo", { args: [pipe] }).output();
    const args = ["merge", "--until-end", "--parallelism", "2", "--command-config", pipe];
    const env = { XDG_STATE_HOME: folder.path };
    const job = flights(args, { data: folder.path, env });
    await Deno.writeTextFile(pipe, `bootstrap.servers=${cluster!.bootstrap()}\n`);
    const { code, stderr } = await job;
    assert.equal(code, 0, stderr);
    assert.match(stderr, /merge stopped after .*: 1000 records in/);
  },
});
