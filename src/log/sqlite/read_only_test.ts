/** Who only looks at an embedded log leaves it as it is, and waits for nobody. */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { needs } from "../../../tests/permissions.ts";
import {
  assertFails,
  commitOffsets,
  elapsed,
  joined,
  output,
  recordsOf,
} from "../conformance_support.ts";
import { applicationId, migrations } from "./schema.ts";
import { openSqliteLog } from "./sqlite_log.ts";
import { withProcesses } from "./testdata/child_process.ts";

const allowed = needs("read", "write");

async function withFolder(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await work(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function open(directory: string) {
  return openSqliteLog({ directory, readOnly: true });
}

/** The files of a folder with what they hold, but for what SQLite keeps for those that are open. */
function contentsOf(directory: string): Readonly<Record<string, string>> {
  const names = [...Deno.readDirSync(directory)].filter(({ isFile }) => isFile)
    .map(({ name }) => name)
    .filter((name) => !name.endsWith("-shm") && !name.endsWith("-wal"));
  return Object.fromEntries(
    names.sort().map((name) => [name, Deno.readFileSync(`${directory}/${name}`).toBase64()]),
  );
}

Deno.test({
  ...allowed,
  name: "openSqliteLog to read only makes no log, neither a folder nor a file",
  fn: () =>
    withFolder(async (directory) => {
      for (const folder of [directory, `${directory}/nowhere`, ":memory:"]) {
        await assertFails(open(folder), "topic-missing");
      }
      assert.deepEqual([...Deno.readDirSync(directory)], []);
    }),
});

Deno.test({
  ...allowed,
  name: "a log that is opened to read only tells all that is there, and changes nothing",
  fn: () =>
    withFolder(async (directory) => {
      const log = await openSqliteLog({ directory });
      await log.createTopics([{ name: "t", partitions: 1, cleanup: "compact" }]);
      await log.append([output("t", ["a", "b"])]);
      const member = await joined(log, "g", "t");
      await commitOffsets(member, { topic: "t", partition: 0, offset: 1, metadata: "so far" });
      await member.close();
      const [topics, group] = [await log.describeTopics(), await log.describeGroup("g")];
      await log.close();
      const before = contentsOf(directory);
      const reader = await open(directory);
      assert.deepEqual(await reader.describeTopics(), topics);
      assert.deepEqual(await reader.listGroups(), ["g"]);
      assert.deepEqual(await reader.describeGroup("g"), group);
      assert.deepEqual(await reader.offsetsForTime("t", 1), [1]);
      assert.deepEqual(await reader.openTransactions(["t"]), []);
      const [fetched] = await reader.fetch([{ topic: "t", partition: 0, offset: 0 }]);
      assert.equal(recordsOf(fetched!).length, 2);
      const process = { description: "none", address: "http://127.0.0.1:9001" };
      for (
        const change of [
          reader.createTopics([{ name: "u", partitions: 1 }]),
          reader.deleteTopics(["t"]),
          reader.append([output("t", ["c"])]),
          reader.resetGroup("g", []),
          reader.announce("g", process),
          reader.join("g", { description: "none", topics: ["t"], version: "1" }),
        ]
      ) await assertFails(change, "log-forbidden");
      await reader.close();
      assert.deepEqual(contentsOf(directory), before);
      assert.deepEqual([...Deno.readDirSync(`${directory}/members`)], []);
    }),
});

Deno.test({
  ...allowed,
  name: "a log that is opened to read only follows who writes, and waits for no writer",
  fn: () =>
    withFolder(async (directory) => {
      const log = await openSqliteLog({ directory });
      await log.createTopics([{ name: "t", partitions: 1 }]);
      const reader = await open(directory);
      const position = { topic: "t", partition: 0, offset: 0 };
      const waiting = reader.fetch([position], { maxWaitMs: 20_000 });
      await log.append([output("t", ["a"])]);
      assert.equal(recordsOf((await waiting)[0]!).length, 1);
      // Somebody keeps the lock of writers, in the middle of a transaction.
      const writer = new DatabaseSync(`${directory}/flights.db`);
      writer.exec("BEGIN IMMEDIATE; UPDATE partitions SET end_offset = 9");
      const other = await open(directory);
      const took = await elapsed(async () => {
        for (const one of [log, reader, other]) {
          assert.equal((await one.describeTopics())[0]!.partitions[0]!.endOffset, 1);
          await one.describeGroup("g");
          await one.listGroups();
          assert.equal(recordsOf((await one.fetch([position]))[0]!).length, 1);
        }
      });
      // A writer would be waited for, for ten seconds.
      assert(took < 5_000, `looking took ${took} ms`);
      writer.exec("ROLLBACK");
      writer.close();
      for (const one of [log, reader, other]) await one.close();
    }),
});

Deno.test({
  ...allowed,
  name: "a log of an older program is not brought up to date by who only looks",
  fn: () =>
    withFolder(async (directory) => {
      const old = new DatabaseSync(`${directory}/flights.db`);
      for (const statement of migrations[0]!) old.exec(statement);
      old.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = 1`);
      old.close();
      const before = contentsOf(directory);
      await assertFails(open(directory), "log-version");
      assert.deepEqual(contentsOf(directory), before);
      await (await openSqliteLog({ directory })).close();
      await (await open(directory)).close();
    }),
});

Deno.test({
  ...needs("read", "write", "run", "env", "sys"),
  name: "a user who may only read looks at the log of a job that runs",
  ignore: needs("read", "write", "run", "env", "sys").ignore || Deno.uid() !== 0,
  fn: () =>
    withProcesses(async (directory, start) => {
      await Deno.chmod(directory, 0o755);
      const log = await openSqliteLog({ directory });
      await log.createTopics([{ name: "t", partitions: 1 }]);
      await log.announce("g", { description: "here", address: "http://127.0.0.1:9001" });
      const found = ["t", "g", "http://127.0.0.1:9001"];
      assert.deepEqual(await start("look").rest(), [found.join(" "), "done"]);
      await log.close();
    }),
});
