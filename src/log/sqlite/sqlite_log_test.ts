import assert from "node:assert/strict";
import { SimulatedClock, systemClock } from "../../base/clock.ts";
import { needs } from "../../../tests/permissions.ts";
import { type LogUnderTest, testLogConformance } from "../conformance.ts";
import { scheduleTest } from "../conformance_schedule.ts";
import {
  assertFails,
  assigned,
  commitOffsets,
  elapsed,
  join,
  joined,
  output,
  patience,
  readTexts,
  sharedOut,
} from "../conformance_support.ts";
import type { Member } from "../log.ts";
import { openSqliteLog } from "./sqlite_log.ts";

const sessionTimeout = 10_000;

async function open(directory: string): Promise<Omit<LogUnderTest, "close">> {
  const clock = new SimulatedClock(1_700_000_000_000);
  const options = { directory, clock, sessionTimeoutMs: sessionTimeout };
  const log = await openSqliteLog(options);
  return {
    log,
    peers: directory === ":memory:" ? [] : [await openSqliteLog(options)],
    prefix: "",
    outlastSession: () => Promise.resolve(clock.advance(sessionTimeout + 1)),
  };
}

async function openFolder(): Promise<LogUnderTest> {
  const directory = await Deno.makeTempDir();
  const underTest = await open(directory);
  return {
    ...underTest,
    close: async () => {
      for (const log of [underTest.log, ...underTest.peers!]) await log.close();
      await Deno.remove(directory, { recursive: true });
    },
  };
}

testLogConformance("openSqliteLog in a folder", openFolder, needs("read", "write"));

testLogConformance("openSqliteLog in memory", async () => {
  const underTest = await open(":memory:");
  return { ...underTest, close: () => underTest.log.close() };
});

Deno.test("close ends all waits, without records and without an error", async () => {
  const log = await openSqliteLog({ directory: ":memory:" });
  await log.createTopics([{ name: "t", partitions: 1 }]);
  const holder = await joined(log, "g", "t");
  const standby = await log.join("g", { description: "second", topics: ["t"], version: "1" });
  await standby.poll([]);
  const positions = [{ topic: "t", partition: 0, offset: 0 }];
  const options = { maxWaitMs: patience };
  const took = await elapsed(async () => {
    const waits = [
      log.fetch(positions, options),
      holder.poll(positions, options),
      standby.poll([], options),
    ];
    await systemClock.sleep(20);
    await log.close();
    for (const fetched of await Promise.all(waits)) {
      assert(fetched.every(({ batches }) => batches.length === 0));
    }
  });
  assert(took < patience / 2, `closing must end the waits, it took ${took} ms`);
});

Deno.test({
  ...needs("read", "write"),
  name: "announce tells of a process before any topic is there, and until it takes that back",
  fn: async () => {
    for (const directory of [await Deno.makeTempDir(), ":memory:"]) {
      const { log, peers } = await open(directory);
      const process = { description: "waits", address: "http://127.0.0.1:9001" };
      const announcement = await log.announce("g", process);
      for (const reader of [log, ...peers!]) {
        assert.deepEqual(await reader.listGroups(), ["g"]);
        const nothing = { members: [], offsets: [] };
        assert.deepEqual(await reader.describeGroup("g"), { ...nothing, processes: [process] });
      }
      await announcement.close();
      assert.deepEqual(await log.listGroups(), []);
      await log.announce("g", process);
      await log.close();
      // A log that is closed has taken back all of it.
      for (const reader of peers!) assert.deepEqual(await reader.listGroups(), []);
      for (const reader of peers!) await reader.close();
      if (directory === ":memory:") continue;
      assert.deepEqual([...Deno.readDirSync(`${directory}/members`)], []);
      await Deno.remove(directory, { recursive: true });
    }
  },
});

Deno.test({
  ...needs("read", "write"),
  name: "describeGroup of a copied folder tells of no process of the one it was copied from",
  fn: async () => {
    const [directory, copy] = [await Deno.makeTempDir(), await Deno.makeTempDir()];
    const log = await openSqliteLog({ directory });
    await log.announce("g", { description: "here", address: "http://127.0.0.1:9001" });
    for (const { name, isFile } of Deno.readDirSync(directory)) {
      if (isFile) Deno.copyFileSync(`${directory}/${name}`, `${copy}/${name}`);
    }
    const other = await openSqliteLog({ directory: copy });
    assert.deepEqual((await other.describeGroup("g")).processes, []);
    for (const one of [log, other]) await one.close();
    for (const folder of [directory, copy]) await Deno.remove(folder, { recursive: true });
  },
});

Deno.test("close of a log or a member does nothing the second time", async () => {
  const log = await openSqliteLog({ directory: ":memory:" });
  await log.createTopics([{ name: "t", partitions: 1 }]);
  const member = await joined(log, "g", "t");
  await Promise.all([member.close(), member.close()]);
  await Promise.all([log.close(), log.close()]);
  await assertFails(log.describeTopics(), "internal");
});

Deno.test("commit writes nothing where one of its topics is missing", async () => {
  const log = await openSqliteLog({ directory: ":memory:" });
  await log.createTopics([{ name: "t", partitions: 1 }]);
  const member = await joined(log, "g", "t");
  const transaction = member.begin();
  await transaction.append([output("t", ["never"])]);
  await transaction.append([output("missing", ["never"])]);
  const offset = { topic: "t", partition: 0, offset: 0, metadata: "" };
  await assertFails(transaction.commit(() => [offset]), "topic-missing");
  assert.deepEqual(await readTexts(log, "t", 0), []);
  assert.deepEqual(await member.committed(), []);
  await log.append([output("t", ["next"])]);
  assert.deepEqual(await readTexts(log, "t", 1), ["next"]);
  await log.close();
});

Deno.test({
  ...needs("read", "write"),
  name: "poll judges a member whose lock file is gone by its lease alone",
  fn: async () => {
    const directory = await Deno.makeTempDir();
    const { log, peers, outlastSession } = await open(directory);
    await log.createTopics([{ name: "t", partitions: 1 }]);
    const holder = await joined(log, "g", "t");
    await Deno.remove(`${directory}/members`, { recursive: true });
    const standby = await log.join("g", { description: "second", topics: ["t"], version: "1" });
    await standby.poll([]);
    assert.deepEqual(standby.assignment.partitions, []);
    await holder.poll([]);
    await outlastSession();
    await assigned(standby);
    await assertFails(holder.poll([]), "fenced");
    for (const one of [log, ...peers!]) await one.close();
    await Deno.remove(directory, { recursive: true });
  },
});

Deno.test("poll keeps a membership alive, of who holds and of who stands by", async () => {
  const clock = new SimulatedClock(1_700_000_000_000);
  const log = await openSqliteLog({
    directory: ":memory:",
    clock,
    sessionTimeoutMs: sessionTimeout,
  });
  await log.createTopics([{ name: "t", partitions: 1 }]);
  const holder = await joined(log, "g", "t");
  const standby = await log.join("g", { description: "second", topics: ["t"], version: "1" });
  for (let i = 0; i < 10; i++) {
    clock.advance(sessionTimeout / 2);
    await holder.poll([]);
    await standby.poll([]);
    assert.equal((await log.describeGroup("g")).members.length, 2);
    assert.deepEqual(standby.assignment.partitions, []);
  }
  clock.advance(sessionTimeout);
  assert.deepEqual((await log.describeGroup("g")).members, []);
  await holder.poll([]);
  await standby.poll([]);
  assert.deepEqual(holder.assignment.partitions, [0], "nobody has replaced it yet");
  await log.close();
});

Deno.test({
  ...needs("read", "write"),
  name: "commit is for a partition's holder alone, whatever members of many schedules do",
  fn: async () => {
    const underTest = await openFolder();
    await scheduleTest(underTest, { runs: 40 });
    await underTest.close();
  },
});

/** A log in memory with a topic of some partitions, and what lets its members' leases run. */
async function withTopic(partitions: number) {
  const clock = new SimulatedClock(1_700_000_000_000);
  const log = await openSqliteLog({
    directory: ":memory:",
    clock,
    sessionTimeoutMs: sessionTimeout,
  });
  await log.createTopics([{ name: "t", partitions }]);
  return { log, clock, newMember: () => join(log, "g", { topics: ["t"] }) };
}

/** Takes part for the first time, and does not wait for what comes of it. */
async function enter(member: Member): Promise<Member> {
  await member.poll([], { signal: AbortSignal.abort() });
  return member;
}

Deno.test("poll of a member that is to get no partitions disturbs nobody", async () => {
  const { log, newMember } = await withTopic(1);
  const holder = await assigned(await newMember());
  const before = holder.assignment;
  const others = [await newMember(), await join(log, "g", { topics: ["t"], version: "2" })];
  for (const other of others) await other.poll([]);
  for (const other of others) {
    assert.notEqual(other.assignment.waitingFor, null);
    await other.close();
  }
  await holder.poll([]);
  assert(!holder.isRebalancing);
  assert.equal(holder.assignment, before);
  await log.close();
});

Deno.test("poll must give up partitions before the session ends, commits do not put that off", async () => {
  const { log, clock, newMember } = await withTopic(2);
  const offset = { topic: "t", partition: 0, offset: 0, metadata: "kept" };
  const holder = await assigned(await newMember());
  const newcomer = await enter(await newMember());
  assert.deepEqual(newcomer.assignment.partitions, []);
  const waiting = assigned(newcomer);
  for (const _ of [1, 2]) {
    await commitOffsets(holder, offset);
    clock.advance(sessionTimeout / 2);
  }
  await waiting;
  await assertFails(commitOffsets(holder, { ...offset, metadata: "late" }), "fenced");
  assert.deepEqual(newcomer.assignment.partitions, [0, 1]);
  assert.deepEqual(await newcomer.committed(), [offset]);
  await log.close();
});

Deno.test("poll that has given up partitions waits for the others, until the signal", async () => {
  const { log, newMember } = await withTopic(3);
  const [first, second] = [await newMember(), await newMember()];
  await sharedOut([first, second], 3);
  const before = first.assignment;
  const third = await enter(await newMember());
  await first.poll([]);
  assert(first.isRebalancing);
  assert.equal(first.assignment, before);
  const ending = new AbortController();
  const waiting = first.poll([], { signal: ending.signal });
  const held = async () =>
    (await log.describeGroup("g")).members.find(({ id }) => id === first.id)!.partitions;
  while ((await held()).length > 0) await systemClock.sleep(1);
  ending.abort();
  assert.deepEqual(await waiting, []);
  assert(!first.isRebalancing);
  assert.deepEqual(first.assignment.partitions, []);
  const { generation } = first.assignment;
  assert(generation > before.generation);
  const offset = { topic: "t", partition: before.partitions[0]!, offset: 0, metadata: "" };
  await assertFails(commitOffsets(first, offset), "fenced");
  await sharedOut([first, second, third], 3);
  assert(first.assignment.generation > generation);
  assert(before.partitions.includes(first.assignment.partitions[0]!), "it keeps what it had");
  await log.close();
});

Deno.test("close ends the wait of who has given up partitions", async () => {
  const { log, newMember } = await withTopic(3);
  const [first, second] = [await newMember(), await newMember()];
  await sharedOut([first, second], 3);
  const third = await enter(await newMember());
  await first.poll([]);
  assert(first.isRebalancing);
  assert.deepEqual(await Promise.all([first.poll([]), first.close()]), [[], undefined]);
  await second.close();
  await assigned(third);
  assert.deepEqual(third.assignment.partitions, [0, 1, 2]);
  await log.close();
});

Deno.test("poll takes up what it was given, though that is to be shared out anew already", async () => {
  const { log, newMember } = await withTopic(4);
  const [first, second] = [await newMember(), await newMember()];
  await sharedOut([first, second], 4);
  await enter(await newMember());
  const fourth = await newMember();
  await first.poll([]);
  await second.poll([]);
  const waiting = first.poll([], { signal: AbortSignal.timeout(patience) });
  // Both write before the first can look: the second's poll shares out, the fourth's begins anew.
  const polls = [second.poll([]), enter(fourth)];
  await waiting;
  assert(first.assignment.partitions.length > 0);
  await first.poll([]);
  assert(first.isRebalancing);
  await Promise.all(polls);
  await log.close();
});

Deno.test("commit refuses offsets of partitions that are not held, and writes nothing", async () => {
  const { log, newMember } = await withTopic(2);
  const [first, second] = [await newMember(), await newMember()];
  await sharedOut([first, second], 2);
  const transaction = first.begin();
  await transaction.append([output("t", ["never"])]);
  const offsets = [0, 1].map((partition) => ({ topic: "t", partition, offset: 0, metadata: "" }));
  await assertFails(transaction.commit(() => offsets), "fenced");
  assert.deepEqual((await log.describeGroup("g")).offsets, []);
  assert.deepEqual(await readTexts(log, "t", 0), []);
  await log.close();
});
