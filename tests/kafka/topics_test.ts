/** Topics on real brokers: made anew while others are at work, refused, and warned about. */

import assert from "node:assert/strict";
import { systemClock } from "../../src/base/clock.ts";
import { openKafkaLog } from "../../src/log/kafka/kafka_log.ts";
import { createTopics, type NewTopic } from "../../src/log/kafka/protocol/create_topics_v7.ts";
import type { Log } from "../../src/log/log.ts";
import { dataFolder, flights, startFlights } from "../flights.ts";
import { needs } from "../permissions.ts";
import { type Cluster, startCluster } from "./broker.ts";
import { Client, timeoutMs } from "./protocol_client.ts";
import { kafkaTool, startKafkaTool } from "./tool.ts";

const permissions = needs("net", "run", "read", "write", "env", "sys");
const hour = 3_600_000;
const few = ["--count", "50", "--rate", "max"];
const names = ["flightdata", "skyone", "sunset", "userstatistics"];

let cluster: Cluster;

// One broker for most tests; each of them begins with topics of its own.
Deno.test.beforeAll(async () => {
  if (permissions.ignore) return;
  cluster = await startCluster({
    properties: { "log.message.timestamp.before.max.ms": String(hour), "num.partitions": "1" },
  });
});
Deno.test.afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
});

/** The command line on a cluster. */
function commands(cluster: Cluster, folder: string) {
  const options = {
    data: folder,
    env: { BOOTSTRAP_SERVERS: cluster.bootstrap(), XDG_STATE_HOME: folder },
  };
  const run = (args: readonly string[], stdin = "") => flights(args, { ...options, stdin });
  const succeed = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await run(args);
    assert.equal(code, 0, `flights ${args.join(" ")}: ${stderr}`);
    return { stdout, stderr };
  };
  return { run, succeed, start: (args: readonly string[]) => startFlights(args, options) };
}

function logOf(cluster: Cluster, directory: string): Log {
  const bootstrap = cluster.bootstrap().split(",").map((address) => {
    const [host, port] = address.split(":");
    return { host: host!, port: Number(port) };
  });
  return openKafkaLog({ bootstrap, clientId: "test", instances: { directory, host: "test" } });
}

/** Creates topics with nothing but what is said: by hand, as an operator would. */
async function createByHand(cluster: Cluster, topics: readonly Partial<NewTopic>[]): Promise<void> {
  const client = new Client(cluster.bootstrap());
  try {
    client.node = (await client.connections.refreshMetadata()).controllerId;
    const all = topics.map((topic) => ({
      name: "",
      partitions: -1,
      replicationFactor: -1,
      configs: {},
      ...topic,
    }));
    const call = createTopics.call({ topics: all, timeoutMs, validateOnly: false });
    const answer = await client.send(call);
    assert.ok(answer.topics.every(({ errorCode }) => errorCode === 0));
  } finally {
    await client.connections.close();
  }
}

/** What a command told on stderr, by level. */
function told(stderr: string, level: string): readonly string[] {
  return stderr.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line))
    .filter((line) => line.level === level).map(({ message }) => message);
}

Deno.test({
  ...permissions,
  name: "INVALID_TIMESTAMP ends a job with exit code 3 and what to set, and nothing is lost by it",
  fn: async () => {
    using folder = dataFolder();
    const { run, succeed } = commands(cluster, folder.path);
    await succeed("datagen", "--create", ...few);
    // Made anew by hand: with the broker's hour ahead.
    await succeed("topics", "delete", "flightdata");
    await createByHand(cluster, [{ name: "flightdata", configs: { "retention.ms": "-1" } }]);
    const { stdout } = await succeed("consume", "skyone", "--count", "1", "--json");
    const booking = JSON.parse(stdout);
    const ahead = { ...booking, ts: systemClock.now() + 2 * hour };
    const timeAt = (time: number) => new Date(time).toISOString().slice(0, -1);
    const fresh = {
      flight_departure_time: timeAt(ahead.ts),
      flight_arrival_time: timeAt(ahead.ts + hour),
    };
    ahead.payload = JSON.stringify({ ...JSON.parse(booking.payload), ...fresh });
    assert.equal((await run(["produce", "skyone"], JSON.stringify(ahead))).code, 0);

    const merge = await run(["merge", "--until-end"]);
    assert.equal(merge.code, 3, merge.stderr);
    const command = "kafka-configs --alter --entity-type topics --entity-name flightdata " +
      "--add-config message.timestamp.after.max.ms=9223372036854775807";
    const warning = told(merge.stderr, "warning").find((text) => text.endsWith(command));
    assert.ok(warning?.includes("flightdata refuses records more than 1h ahead"), merge.stderr);
    const [error] = told(merge.stderr, "error");
    assert.match(
      error!,
      /flightdata\[\d\]: .*message\.timestamp\.after\.max\.ms.*INVALID_TIMESTAMP/,
    );

    const [, ...args] = command.split(" ");
    await kafkaTool("ConfigCommand", ["--bootstrap-server", cluster.bootstrap(), ...args]);
    const again = await succeed("merge", "--until-end");
    assert.deepEqual(told(again.stderr, "warning"), []);
    const found = await succeed("consume", "flightdata", "--until-end", "--json");
    const times = found.stdout.trim().split("\n").map((line) => JSON.parse(line).ts);
    assert.ok(times.includes(ahead.ts));
  },
});

Deno.test({
  ...permissions,
  name: "a job warns of each setting of its topics that may bring trouble, once, and runs",
  fn: async () => {
    using folder = dataFolder();
    const { succeed } = commands(cluster, folder.path);
    const log = logOf(cluster, folder.path);
    const before = (await log.describeTopics()).map(({ name }) => name);
    if (before.length > 0) await log.deleteTopics(before);
    await log.close();
    const atAppend = { "message.timestamp.type": "LogAppendTime" };
    await createByHand(cluster, [
      { name: "skyone", partitions: 2, configs: { "retention.ms": String(7 * 24 * hour) } },
      { name: "sunset", partitions: 2, configs: { "retention.ms": "-1", ...atAppend } },
      { name: "flightdata", partitions: 3, configs: { "retention.ms": "-1" } },
    ]);
    const { stderr } = await succeed("merge", "--until-end");
    const warnings = told(stderr, "warning");
    assert.deepEqual(warnings.map((text) => text.split(" ").slice(0, 4).join(" ")), [
      "skyone keeps records for",
      "the timestamps of sunset",
      "flightdata refuses records more",
    ]);
    assert.ok(told(stderr, "info").some((text) => text.startsWith("flightdata has 3 partitions")));
  },
});

Deno.test({
  ...permissions,
  name: "topics that the jobs own are created with the policy that each of them needs",
  fn: async () => {
    using folder = dataFolder();
    const { succeed } = commands(cluster, folder.path);
    // Old event times, on a cluster that refuses them by default.
    await succeed("datagen", "--create", ...few, "--partitions", "3", "--start", "2020-01-31");
    await succeed("merge", "--until-end");
    const { stderr } = await succeed("stats", "--until-end", "--drain");
    assert.deepEqual(told(stderr, "warning"), []);
    const { stdout } = await succeed("topics", "describe");
    const topics = stdout.trim().split("\n").map((line) => JSON.parse(line));
    const stray = ["flightdata.dead-letter", "flightdata.late", "skyone.dead-letter"];
    const reports = ["flightdata.watermarks", "userstatistics.watermarks"];
    const kept = ["stats-changelog-flightdata", "sunset.dead-letter"];
    const all = [...names, ...stray, ...reports, ...kept].sort();
    assert.deepEqual(topics.map(({ name }) => name), all);
    for (const topic of topics) {
      const isChangelog = topic.name === "stats-changelog-flightdata";
      assert.equal(topic.cleanup, isChangelog ? "compact" : "delete", topic.name);
      assert.equal(topic.partitions.length, 3, topic.name);
      const { retentionMs, retentionBytes, timestampType, maxAheadMs } = topic;
      assert.deepEqual(
        { retentionMs, retentionBytes, timestampType, maxAheadMs },
        { retentionMs: null, retentionBytes: null, timestampType: "create", maxAheadMs: null },
      );
    }
    const shown = await kafkaTool("ConfigCommand", [
      ...["--bootstrap-server", cluster.bootstrap(), "--describe", "--entity-type", "topics"],
      ...["--entity-name", "stats-changelog-flightdata"],
    ]);
    assert.match(shown, /cleanup\.policy=compact /);
    assert.match(shown, /segment\.bytes=16777216 /);
    assert.match(shown, /min\.cleanable\.dirty\.ratio=0\.1 /);
  },
});

Deno.test({
  ...permissions,
  name:
    "datagen --create makes topics anew on three brokers, while a consumer would create them, and after a restart",
  fn: async () => {
    await using three = await startCluster({
      brokers: 3,
      properties: { "auto.create.topics.enable": "true", "num.partitions": "1" },
    });
    using folder = dataFolder();
    const { run, succeed, start } = commands(three, folder.path);
    const log = logOf(three, folder.path);
    const ids = async () => (await log.describeTopics(names)).map(({ id }) => id);
    await succeed("datagen", "--create", ...few);
    await succeed("merge", "--until-end");

    // Java's consumer asks for its topic again and again, and the brokers make it when they are asked.
    await using consumer = await startKafkaTool("ConsoleConsumer", [
      ...["--bootstrap-server", three.bootstrap(), "--topic", "skyone", "--from-beginning"],
      ...["--consumer-property", "allow.auto.create.topics=true"],
      ...["--consumer-property", "metadata.max.age.ms=100", "--group", "another"],
    ]);
    await consumer.printed("{");
    const refused = await run(["datagen", "--create"]);
    assert.equal(refused.code, 3, refused.stderr);
    assert.match(
      refused.stderr,
      /no job on them may be alive, in group another a member of another/,
    );
    await consumer[Symbol.asyncDispose]();

    const merge = start(["merge"]);
    await merge.told("resumes sunset");
    const before = await ids();
    const alive = await run(["datagen", "--create"]);
    assert.equal(alive.code, 3, alive.stderr);
    assert.match(alive.stderr, /in group merge merge \(process \d+\) is; stop it first/);
    assert.deepEqual(await ids(), before);
    merge.kill("SIGTERM");
    await merge.result;

    // One that reads partitions by number is nobody's member: it may go on, and create what is gone.
    await using reader = await startKafkaTool("ConsoleConsumer", [
      ...["--bootstrap-server", three.bootstrap(), "--topic", "skyone", "--partition", "0"],
      ...["--offset", "earliest", "--consumer-property", "allow.auto.create.topics=true"],
      ...["--consumer-property", "metadata.max.age.ms=100"],
    ]);
    await reader.printed("{");
    for (const restart of [false, true]) {
      if (restart) {
        await three.brokers[1]!.kill();
        await three.brokers[1]!.restart();
      }
      const kept = await ids();
      const { stderr } = await succeed("datagen", "--create", ...few);
      const [deleted] = told(stderr, "info").filter((text) => text.startsWith("deleted "));
      for (const name of names) assert.ok(deleted!.includes(name), deleted);
      const made = await log.describeTopics(names);
      assert.deepEqual(made.map(({ partitions }) => partitions.length), [5, 5, 5, 5]);
      assert.ok(made.every(({ id }) => !kept.includes(id)));
      const written = made.map(({ partitions }) =>
        partitions.reduce((sum, { endOffset }) => sum + endOffset, 0)
      );
      assert.deepEqual(written, [0, 50, 50, 0]);
    }
    await log.close();
  },
});
