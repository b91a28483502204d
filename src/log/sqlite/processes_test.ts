/** Several processes on one file: what each commits is kept, and who dies is replaced. */

import assert from "node:assert/strict";
import { needs } from "../../../tests/permissions.ts";
import { systemClock } from "../../base/clock.ts";
import {
  assigned,
  elapsed,
  joined,
  output,
  patience,
  readAll,
  readTexts,
} from "../conformance_support.ts";
import type { Log } from "../log.ts";
import { commitSteps } from "./fault_point.ts";
import { openSqliteLog } from "./sqlite_log.ts";
import { type Child, withProcesses } from "./testdata/child_process.ts";

const allowed = needs("read", "write", "run", "env", "sys");

async function createTopics(log: Log): Promise<void> {
  const names = ["in", "one", "two", "appended"];
  await log.createTopics(names.map((name) => ({ name, partitions: 1 })));
}

Deno.test({
  ...allowed,
  name: "openSqliteLog makes one log of a folder that processes open at the same time",
  fn: () =>
    withProcesses(async (directory, start) => {
      const names = ["a", "b", "c", "d"];
      const children = names.map((argument) => start("create", { argument }));
      for (const child of children) assert.deepEqual(await child.rest(), ["done"]);
      const log = await openSqliteLog({ directory });
      assert.deepEqual((await log.describeTopics()).map(({ name }) => name), names);
      await log.close();
    }),
});

Deno.test({
  ...allowed,
  name: "openSqliteLog neither loses nor doubles what processes commit at the same time",
  fn: () =>
    withProcesses(async (directory, start) => {
      const log = await openSqliteLog({ directory });
      await createTopics(log);
      const writers = ["a", "b", "c"];
      const children = writers.map((argument) => start("commit", { argument }));
      for (const child of children) assert.deepEqual(await child.rest(), ["done"]);
      const ofWriter = (writer: string) => Array.from({ length: 40 }, (_, i) => `${writer}:${i}`);
      for (const topic of ["one", "two", "appended"]) {
        const records = await readAll(log, { topic, partition: 0 }, { expected: 120 });
        assert.deepEqual(records.map(({ offset }) => offset), records.map((_, i) => i));
        const texts = records.map(({ value }) => new TextDecoder().decode(value!));
        for (const writer of writers) {
          assert.deepEqual(texts.filter((text) => text.startsWith(writer)), ofWriter(writer));
        }
        assert.equal(texts.length, 120);
      }
      assert.deepEqual(await readTexts(log, "one", 120), await readTexts(log, "two", 120));
      for (const writer of writers) {
        const [offset] = (await log.describeGroup(writer)).offsets;
        assert.equal(offset!.metadata, `${writer}:39,${writer}:39`);
      }
      await log.close();
    }),
});

Deno.test({
  ...allowed,
  name: "poll takes over from a process that was killed, long before its lease has run out",
  fn: () =>
    withProcesses(async (directory, start) => {
      const sessionTimeoutMs = 60_000;
      const log = await openSqliteLog({ directory, sessionTimeoutMs });
      await createTopics(log);
      const child = start("hold", { argument: `${sessionTimeoutMs}` });
      await child.expect("holds");
      child.send("");
      await child.expect("committed");
      const member = await log.join("g", {
        description: "this process",
        topics: ["in"],
        version: "1",
      });
      await member.poll([]);
      assert.match(member.assignment.waitingFor!, /^process \d+$/);
      const took = await elapsed(async () => {
        const waiting = assigned(member);
        child.signal("SIGKILL");
        await waiting;
      });
      assert(took < 5_000, `taking over took ${took} ms`);
      assert.equal((await member.committed())[0]!.metadata, "0");
      assert.equal((await log.describeGroup("g")).members.length, 1);
      await log.close();
      assert.deepEqual([...Deno.readDirSync(`${directory}/members`)], []);
    }),
});

Deno.test({
  ...allowed,
  name: "poll replaces a process that stands still once its lease has run out, and fences it",
  fn: () =>
    withProcesses(async (directory, start) => {
      const sessionTimeoutMs = 500;
      const log = await openSqliteLog({ directory, sessionTimeoutMs });
      await createTopics(log);
      const child = start("hold", { argument: `${sessionTimeoutMs}` });
      await child.expect("holds");
      child.send("");
      await child.expect("committed");
      // It waits for the next line now, and holds no lock of the file.
      child.signal("SIGSTOP");
      const member = await joined(log, "g", "in");
      const transaction = member.begin();
      await transaction.append([output("one", ["here"])]);
      await transaction.commit(() => [{ topic: "in", partition: 0, offset: 0, metadata: "here" }]);
      child.send("");
      child.signal("SIGCONT");
      const lines = await child.rest();
      assert.equal(lines.length, 1);
      assert.equal(JSON.parse(lines[0]!).code, "fenced");
      assert.deepEqual(await readTexts(log, "one", 2), ["0", "here"]);
      assert.equal((await member.committed())[0]!.metadata, "here");
      await log.close();
    }),
});

Deno.test({
  ...allowed,
  name:
    "poll shares partitions between processes, and those of one that is killed among the others",
  fn: () =>
    withProcesses(async (directory, start) => {
      const log = await openSqliteLog({ directory });
      await log.createTopics([{ name: "in", partitions: 6 }, { name: "one", partitions: 1 }]);
      const held = new Map<Child, readonly string[]>();
      const listen = async (child: Child) => {
        held.set(child, []);
        for (let line = await child.line(); line !== null; line = await child.line()) {
          held.set(child, line.split(" "));
        }
      };
      const children = [1, 2, 3].map(() => start("share"));
      for (const child of children) void listen(child);
      const shared = (each: number) => {
        const all = [...held.values()];
        return all.every(({ length }) => length === each) && new Set(all.flat()).size === 6;
      };
      await until(() => shared(2));
      const [killed, ...others] = children as [Child, Child, Child];
      const before = others.map((child) => held.get(child)!);
      held.delete(killed);
      const took = await elapsed(async () => {
        killed.signal("SIGKILL");
        await until(() => shared(3));
      });
      // Their leases are of a minute. It takes a tenth of a second on a machine that is not busy.
      assert(took < 5_000, `taking over took ${took} ms`);
      others.forEach((child, i) =>
        assert(before[i]!.every((partition) => held.get(child)!.includes(partition)))
      );
      for (const child of others) child.signal("SIGKILL");
      // Each partition was counted on by one after the other.
      const heir = await joined(log, "g", "in");
      const [description] = await log.describeTopics(["one"]);
      const told = await readTexts(log, "one", description!.partitions[0]!.endOffset);
      assert(told.length > 0);
      for (const { partition, metadata } of await heir.committed()) {
        const counts = told.filter((text) => text.startsWith(`${partition}:`));
        assert.deepEqual(counts, counts.map((_, i) => `${partition}:${i + 1}`));
        assert.equal(counts.length, Number(metadata));
      }
      await log.close();
    }),
});

Deno.test({
  ...allowed,
  name: "describeGroup tells of the processes that live, and of none that was killed",
  fn: () =>
    withProcesses(async (directory, start) => {
      const log = await openSqliteLog({ directory });
      const addresses = ["http://127.0.0.1:9001", "http://127.0.0.1:9001", "http://127.0.0.1:9002"];
      const children = addresses.map((argument) => start("announce", { argument }));
      for (const child of children) await child.expect("announced");
      const told = async () =>
        (await log.describeGroup("g")).processes.map(({ address }) => address);
      assert.deepEqual(await told(), [...new Set(addresses)]);
      const [killed, twin, other] = children as [Child, Child, Child];
      killed.signal("SIGKILL");
      await killed.rest();
      assert.deepEqual(await told(), [...new Set(addresses)], "another one has its address");
      twin.signal("SIGKILL");
      await twin.rest();
      assert.deepEqual(await told(), [addresses[2]]);
      other.send("");
      assert.deepEqual(await other.rest(), ["done"]);
      assert.deepEqual(await told(), []);
      assert.deepEqual(await log.listGroups(), []);
      // Who comes next clears away what they left.
      await log.announce("g", { description: "this process", address: "http://127.0.0.1:9003" });
      assert.deepEqual(await told(), ["http://127.0.0.1:9003"]);
      assert.equal([...Deno.readDirSync(`${directory}/members`)].length, 1);
      await log.close();
    }),
});

async function until(isSo: () => boolean): Promise<void> {
  const deadline = systemClock.now() + patience;
  while (!isSo()) {
    assert(systemClock.now() < deadline, `not so within ${patience} ms: ${isSo}`);
    await systemClock.sleep(2);
  }
}

for (const step of commitSteps) {
  const survives = step === "commit-durable";
  Deno.test({
    ...allowed,
    name: `commit of a process that is killed at ${step} is kept ${
      survives ? "whole" : "not at all"
    }`,
    fn: () =>
      withProcesses(async (directory, start) => {
        const before = await openSqliteLog({ directory });
        await createTopics(before);
        await before.close();
        const child = start("crash", { argument: step });
        assert.deepEqual(await child.rest(), []);
        const log = await openSqliteLog({ directory });
        const kept = survives ? ["first", "second"] : ["first"];
        const member = await joined(log, "g", "in");
        assert.equal((await member.committed())[0]!.metadata, `${kept.at(-1)},${kept.at(-1)}`);
        const transaction = member.begin();
        for (const topic of ["one", "two"]) await transaction.append([output(topic, ["next"])]);
        await transaction.commit(() => []);
        for (const topic of ["one", "two"]) {
          assert.deepEqual(await readTexts(log, topic, kept.length + 1), [...kept, "next"]);
        }
        await log.close();
      }),
  });
}
