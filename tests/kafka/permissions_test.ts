/** Who has the permissions of docs/kafka.md can run the commands; who lacks one is told which. */

import assert from "node:assert/strict";
import { systemClock } from "../../src/base/clock.ts";
import { hasCode } from "../../src/base/errors.ts";
import { BookingWriter } from "../../src/cli/booking_writer.ts";
import { recreateTopics } from "../../src/cli/recreate_topics.ts";
import { generateBookings } from "../../src/flights/generator.ts";
import { mergeTopology } from "../../src/flights/merge.ts";
import { statsTopology } from "../../src/flights/stats.ts";
import { openKafkaLog } from "../../src/log/kafka/kafka_log.ts";
import type { Log } from "../../src/log/log.ts";
import { runJob } from "../../src/runtime/job.ts";
import { resetJob } from "../../src/runtime/reset.ts";
import type { TopicWarning } from "../../src/runtime/topic_warnings.ts";
import type { Topology } from "../../src/stream/topology.ts";
import { dataFolder, flights } from "../flights.ts";
import { isFull } from "../full.ts";
import { needs } from "../permissions.ts";
import { documentedLines, grant, type Permission } from "./acls.ts";
import { carryOut } from "./confluent.ts";
import { javaLogin, type SecuredBroker, startSecuredBroker } from "./secured_broker.ts";
import { kafkaTool } from "./tool.ts";

const permissions = needs("net", "run", "read", "write", "env", "sys");
const guide = new URL("../../docs/kafka.md", import.meta.url);
const password = "Pw-acl-8d1";
const names = ["skyone", "sunset", "flightdata", "userstatistics"];
const jobs = { merge: mergeTopology(), stats: statsTopology() } as const;

/** Makes the topics anew and writes a few bookings. */
async function fill(log: Log): Promise<void> {
  await recreateTopics(log, names, { partitions: 1 });
  await write(log);
}

async function write(log: Log): Promise<void> {
  const writer = new BookingWriter(log, await log.describeTopics(["skyone", "sunset"]));
  const settings = { seed: 1, rate: undefined, users: 5, lateShare: 0, badShare: 0 };
  for (const booking of generateBookings({ ...settings, count: 5, start: systemClock.now() })) {
    writer.add(booking);
  }
  await writer.flush();
}

/** Runs a job over what is there, and returns what it was warned of. */
async function run(log: Log, job: keyof typeof jobs): Promise<readonly TopicWarning[]> {
  const topology: Topology = jobs[job];
  const warnings: TopicWarning[] = [];
  await runJob(log, { applicationId: job, topology }, {
    untilEnd: { drain: false, wait: 3_000 },
    observer: { warned: (warning) => warnings.push(warning) },
  });
  return warnings;
}

/** What a user does, by the part of the guide that lists its permissions. */
const actions: Readonly<Record<string, (log: Log) => Promise<unknown>>> = {
  "datagen --create": fill,
  "merge": (log) => run(log, "merge"),
  "stats": (log) => run(log, "stats"),
  "reset stats": async (log) => {
    await resetJob(log, "stats", { to: systemClock.now() });
    await resetJob(log, "stats");
  },
};

/** What another user does before, so that it is all needed. */
const before: Readonly<Record<string, (log: Log) => Promise<unknown>>> = {
  "datagen --create": fill,
  "merge": fill,
  "stats": async (log) => {
    await fill(log);
    await run(log, "merge");
  },
  "reset stats": async (log) => {
    await before["stats"]!(log);
    await run(log, "stats");
  },
};

/** A part without one of its permissions, and what is said then. */
interface Lack extends Pick<Permission, "operation" | "resource" | "name"> {
  readonly part: string;
  readonly told: RegExp;
  /** Given in its stead; default: nothing. */
  readonly instead?: Permission["operation"];
  /** Whether the job has run and has more to do; default false. */
  readonly again?: boolean;
}

function lack(
  part: string,
  what: `${Permission["operation"]} ${Permission["resource"]} ${string}`,
  options: Omit<Lack, "part" | "operation" | "resource" | "name">,
): Lack {
  const [operation, resource, name] = what.split(" ") as [
    Permission["operation"],
    Permission["resource"],
    string,
  ];
  return { part, operation, resource, name, ...options };
}

const lacks: readonly Lack[] = [
  lack("datagen --create", "Write topic skyone", {
    told: /^Cannot write to skyone\[0\]: the user must have Write on the topic/,
  }),
  lack("datagen --create", "Create topic flightdata", {
    told: /^Cannot create topic flightdata: the user must have Create on the topic/,
  }),
  lack("datagen --create", "Delete topic flightdata", {
    instead: "Describe",
    told: /^Cannot delete topic flightdata: the user must have Delete on the topic/,
  }),
  lack("merge", "Read topic skyone", {
    told: /^Cannot look at topic skyone: the user must have Describe on the topic/,
  }),
  lack("merge", "Read topic skyone", {
    instead: "Describe",
    told: /skyone.*: the user must have .*Read/,
  }),
  lack("merge", "Read group merge", {
    told: /group "?merge"?: the user must have Describe and Read on the group/,
  }),
  lack("merge", "Read group merge", {
    instead: "Describe",
    told: /group "?merge"?: the user must have Describe and Read on the group/,
  }),
  lack("merge", "Write topic flightdata", {
    instead: "Describe",
    told: /flightdata.*: the user must have .*Write/,
  }),
  lack("merge", "Create topic skyone.dead-letter", {
    told: /^Cannot create topic skyone\.dead-letter: the user must have Create on the topic/,
  }),
  lack("merge", "Write topic skyone.dead-letter", {
    told: /^Cannot look at topic skyone\.dead-letter: the user must have Describe on the topic/,
  }),
  lack("merge", "Read topic skyone.watermarks", {
    told: /^Cannot look at topic skyone\.watermarks: the user must have Describe on the topic/,
  }),
  lack("merge", "Create topic flightdata.watermarks", {
    told: /^Cannot create topic flightdata\.watermarks: the user must have Create on the topic/,
  }),
  lack("merge", "Write topic flightdata.watermarks", {
    instead: "Describe",
    told: /flightdata\.watermarks.*: the user must have .*Write/,
  }),
  lack("merge", "Write transactional-id merge-", {
    told: /"merge-.*": the user must have Describe and Write on the transactional id/,
  }),
  lack("stats", "Read topic flightdata.watermarks", {
    instead: "Describe",
    told: /flightdata\.watermarks.*: the user must have .*Read/,
  }),
  lack("stats", "Create topic stats-changelog-", {
    told: /^Cannot create topic stats-changelog-flightdata: the user must have Create on the topic/,
  }),
  lack("stats", "Write topic stats-changelog-", {
    told: /stats-changelog-flightdata.*: the user must have .*Write/,
  }),
  lack("stats", "Read topic stats-changelog-", {
    again: true,
    told: /stats-changelog-flightdata.*: the user must have .*Read/,
  }),
  lack("reset stats", "Read topic flightdata", {
    instead: "Describe",
    told: /flightdata.*: the user must have .*Read/,
  }),
  lack("reset stats", "Delete group stats", {
    told: /group stats.*: the user must have .*Delete/,
  }),
  lack("reset stats", "Read group stats", {
    told: /the offset of stats in flightdata\[0\]: the user must have .*Read on the group/,
  }),
  lack("reset stats", "Delete topic stats-changelog-", {
    instead: "Describe",
    told: /^Cannot delete topic stats-changelog-flightdata: the user must have Delete on the topic/,
  }),
];

const users = [
  ...["datagen", "merge", "stats", "guest", "onlooker", "reader", "writer"],
  ...lacks.map((_, i) => `lacking-${i}`),
];

let broker: SecuredBroker;
let home: ReturnType<typeof dataFolder>;
let parts: ReadonlyMap<string, readonly Permission[]>;
let admin: Log;

Deno.test.beforeAll(async () => {
  if (permissions.ignore) return;
  home = dataFolder();
  const lines = documentedLines(await Deno.readTextFile(guide));
  parts = new Map(
    [...Map.groupBy(lines, ({ part }) => part)].map(([part, lines]) => [
      part,
      lines.flatMap(({ permissions }) => permissions),
    ]),
  );
  broker = await startSecuredBroker({
    plainUsers: Object.fromEntries(users.map((name) => [name, password])),
  });
  admin = logOf(null);
});
Deno.test.afterAll(async () => {
  if (permissions.ignore) return;
  await admin.close();
  await broker[Symbol.asyncDispose]();
  home[Symbol.dispose]();
});

/** The log as a user sees it; null: one that may do everything. */
function logOf(username: string | null): Log {
  const listener = username === null ? "PLAINTEXT" : "SASLPLAIN";
  const [host, port] = broker.cluster.bootstrap(listener).split(":");
  return openKafkaLog({
    bootstrap: [{ host: host!, port: Number(port) }],
    clientId: username ?? "admin",
    instances: { directory: home.path, host: "permissions" },
    ...(username !== null && { sasl: { mechanism: "plain", username, password } }),
  });
}

/** Gives permissions and waits until the broker heeds them: it takes them up in their order. */
async function give(user: string, given: readonly Permission[]): Promise<void> {
  const name = `last-of-${user}`;
  const last: Permission = { operation: "Describe", resource: "topic", name, pattern: "literal" };
  await grant(broker.cluster.bootstrap(), user, { permissions: [...given, last] });
  const log = logOf(user);
  try {
    while (!await log.describeTopics([name]).then(() => true, isNotYet)) {
      await systemClock.sleep(10);
    }
  } finally {
    await log.close();
  }
}

function isNotYet(error: unknown): false {
  if (hasCode(error, "log-forbidden")) return false;
  throw error;
}

Deno.test({
  ...permissions,
  name: "the commands run with exactly the permissions that docs/kafka.md lists",
  fn: async () => {
    for (const [user, part] of [["datagen", "datagen --create"], ["merge"], ["stats"]] as const) {
      await give(user, parts.get(part ?? user)!);
    }
    await give("guest", [
      { operation: "Read", resource: "topic", name: "userstatistics", pattern: "literal" },
    ]);
    await give("onlooker", parts.get("status, why, ui")!);
    const few = ["--count", "30", "--rate", "max"];
    for (
      const [user, ...args] of [
        ["datagen", "datagen", "--create", ...few],
        ["merge", "merge", "--until-end"],
        ["stats", "stats", "--until-end", "--drain"],
        ["guest", "consume", "userstatistics", "--until-end"],
        ["onlooker", "status", "--json"],
        ["datagen", "datagen", "--create", ...few],
      ] as const
    ) {
      const config = await broker.propertiesFile("SASLPLAIN", {
        "security.protocol": "SASL_PLAINTEXT",
        ...javaLogin("PLAIN", user, { password }),
      });
      const options = { data: home.path, env: { XDG_STATE_HOME: home.path } };
      const ran = await flights([...args, "--command-config", config], options);
      const { code, stdout, stderr } = ran;
      assert.equal(code, 0, `flights ${args.join(" ")}: ${stderr}`);
      if (user === "onlooker") assert.match(stdout, /"merge".*"stats"/s);
      assert.ok(!stderr.includes("warning"), stderr);
    }
    // The second creation has seen, and deleted, all that the jobs had kept.
    const left = (await admin.describeTopics()).map(({ name }) => name);
    assert.deepEqual(left, [...names].sort());
    assert.deepEqual(await admin.listGroups(), []);
  },
});

Deno.test({
  ...permissions,
  name: "who lacks one of them is told which, and on what",
  fn: async () => {
    const wrong: string[] = [];
    for (const [i, { part, operation, resource, name, instead, again, told }] of lacks.entries()) {
      const what = `${part} without ${operation} on ${resource} ${name}`;
      const all = parts.get(part)!;
      const isLacked = (one: Permission) =>
        one.operation === operation && one.resource === resource && one.name === name;
      const lacked = all.filter(isLacked);
      assert.ok(lacked.length > 0, `${what}: it is not in the guide`);
      const given = all.filter((one) => !isLacked(one));
      if (instead) given.push(...lacked.map((one) => ({ ...one, operation: instead })));
      await before[part]!(admin);
      if (again) {
        await run(admin, "stats");
        await write(admin);
        await run(admin, "merge");
      }
      await give(`lacking-${i}`, given);
      const log = logOf(`lacking-${i}`);
      const outcome = await actions[part]!(log).then(() => "it went well", (error) => error);
      await log.close();
      if (hasCode(outcome, "log-forbidden") && told.test(outcome.message)) continue;
      wrong.push(`${what}: ${outcome}`);
    }
    assert.deepEqual(wrong, []);
  },
});

Deno.test({
  ...permissions,
  name: "a job that may not look at its topics' settings runs, and says what it cannot tell",
  fn: async () => {
    await before["stats"]!(admin);
    const settings = (one: Permission) => one.operation === "DescribeConfigs";
    await give("guest", parts.get("stats")!.filter((one) => !settings(one)));
    const log = logOf("guest");
    const warnings = await run(log, "stats");
    const [flightData] = await log.describeTopics(["flightdata"]);
    await log.close();
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!.message, /flightdata.* cannot be looked at: .* DescribeConfigs/);
    assert.equal(flightData!.settings, "hidden");
  },
});

Deno.test({
  ...permissions,
  name: "openTransactions tells each user as much as it may know, and is refused to nobody",
  fn: async () => {
    const names = ["hidden", "read", "seen"];
    await admin.createTopics(names.map((name) => ({ name, partitions: 1 })));
    const record = { partition: 0, ts: 0, key: null, value: null, headers: [] };
    await carryOut(broker.cluster.bootstrap(), [
      { producer: "w", settings: { "transactional.id": "w" } },
      { do: "begin", by: "w" },
      ...names.map((topic) => ({ send: { topic, ...record }, by: "w" })),
    ]);
    const topics = [...names, "missing"];
    const all = await admin.openTransactions(topics);
    const owners = all.map(({ topic, transactionalId }) => [topic, transactionalId]);
    assert.deepEqual(owners, names.map((name) => [name, "w"]));
    const [, read, seen] = all;
    const unknown = { transactionalId: null, startedAt: null };
    const nobody = { ...seen, ...unknown, producerId: null };
    const permitted = [
      { operation: "Read", resource: "topic", name: "read", pattern: "literal" },
      { operation: "Describe", resource: "topic", name: "seen", pattern: "literal" },
    ] as const;
    const id = { operation: "Describe", resource: "transactional-id", name: "w" } as const;
    await give("reader", permitted);
    await give("writer", [...permitted, { ...id, pattern: "literal" }]);
    for (
      const [user, expected] of [
        ["reader", [{ ...read, ...unknown }, nobody]],
        ["writer", [read, nobody]],
      ] as const
    ) {
      const log = logOf(user);
      assert.deepEqual(await log.openTransactions(topics), expected);
      await log.close();
    }
    await admin.deleteTopics(names);
  },
});

Deno.test({
  ...permissions,
  ignore: permissions.ignore || !isFull(),
  name: "kafka-acls takes the lines of docs/kafka.md as they are",
  fn: async () => {
    const server = ["--bootstrap-server", broker.cluster.bootstrap()];
    for (const { words } of documentedLines(await Deno.readTextFile(guide))) {
      const added = await kafkaTool("AclCommand", [
        ...server,
        "--add",
        ...["--allow-principal", "User:from-the-guide"],
        ...words,
      ]);
      assert.match(added, /ALLOW/);
    }
  },
});
