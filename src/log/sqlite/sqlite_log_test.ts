import assert from "node:assert/strict";
import { SimulatedClock, systemClock } from "../../base/clock.ts";
import { needs } from "../../../tests/permissions.ts";
import { type LogUnderTest, testLogConformance } from "../conformance.ts";
import {
  assertFails,
  assigned,
  elapsed,
  joined,
  output,
  patience,
  readTexts,
} from "../conformance_support.ts";
import { openSqliteLog } from "./sqlite_log.ts";

const sessionTimeout = 10_000;

async function open(directory: string): Promise<Omit<LogUnderTest, "close">> {
  const clock = new SimulatedClock(1_700_000_000_000);
  const log = await openSqliteLog({ directory, clock, sessionTimeoutMs: sessionTimeout });
  return {
    log,
    prefix: "",
    outlastSession: () => Promise.resolve(clock.advance(sessionTimeout + 1)),
  };
}

testLogConformance("openSqliteLog in a folder", async () => {
  const directory = await Deno.makeTempDir();
  const underTest = await open(directory);
  return {
    ...underTest,
    close: async () => {
      await underTest.log.close();
      await Deno.remove(directory, { recursive: true });
    },
  };
}, needs("read", "write"));

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
    const { log, outlastSession } = await open(directory);
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
    await log.close();
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
