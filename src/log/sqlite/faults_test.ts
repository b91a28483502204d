/** What goes wrong with files: the right code, a message with the path, and a good start after it. */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { needs } from "../../../tests/permissions.ts";
import { type ErrorCode, FlightsError } from "../../base/errors.ts";
import { output, readTexts } from "../conformance_support.ts";
import type { Log } from "../log.ts";
import { openSqliteLog } from "./sqlite_log.ts";
import { withProcesses } from "./testdata/child_process.ts";

const allowed = needs("read", "write");
const allowedProcesses = needs("read", "write", "run", "env", "sys");
const topics = ["one", "two"].map((name) => ({ name, partitions: 1 }));

/** Runs `work` with the folder of a log that holds a record, and looks at it afterwards. */
async function withFolder(work: (directory: string, path: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await withLog(directory, async (log) => {
      await log.createTopics(topics);
      await log.append(topics.map(({ name }) => output(name, ["kept"])));
    });
    await work(directory, `${directory}/flights.db`);
    await withLog(directory, async (log) => {
      assert.deepEqual((await readTexts(log, "one", 1))[0], "kept");
      await log.append([output("two", ["next"])]);
      assert.equal((await readTexts(log, "two", 2)).at(-1), "next");
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function withLog(directory: string, work: (log: Log) => Promise<void>): Promise<void> {
  const log = await openSqliteLog({ directory, lockTimeoutMs: 100 });
  try {
    await work(log);
  } finally {
    await log.close();
  }
}

/** Works on the file as another program. */
function meddle(path: string, ...statements: string[]): void {
  const db = new DatabaseSync(path);
  for (const statement of statements) db.exec(statement);
  db.close();
}

async function assertFails(
  work: () => Promise<unknown>,
  { code, says }: { readonly code: ErrorCode; readonly says: string },
): Promise<void> {
  await assert.rejects(work, (error) => {
    assert(error instanceof FlightsError, `a FlightsError is due, it is ${error}`);
    assert.equal(error.code, code, error.message);
    assert.match(error.message, /^Cannot .+: .+, /s);
    assert(error.message.includes(says), `"${error.message}" must say ${says}`);
    return true;
  });
}

Deno.test({
  ...allowed,
  name: "append waits for a file that another process holds locked, but not forever",
  fn: () =>
    withFolder(async (directory, path) => {
      await withLog(directory, async (log) => {
        const other = new DatabaseSync(path);
        other.exec("BEGIN IMMEDIATE");
        const failing = () => log.append([output("one", ["x"])]);
        await assertFails(failing, { code: "log-unreachable", says: path });
        assert.deepEqual(await readTexts(log, "one", 1), ["kept"]);
        const waiting = log.append([output("one", ["waited"])]);
        other.exec("ROLLBACK");
        other.close();
        await waiting;
        assert.deepEqual(await readTexts(log, "one", 2), ["kept", "waited"]);
      });
    }),
});

Deno.test({
  ...allowed,
  name: "openSqliteLog gives up on a file that another process keeps for itself",
  fn: () =>
    withFolder(async (directory, path) => {
      const other = new DatabaseSync(path);
      other.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; SELECT * FROM topics; COMMIT");
      await assertFails(
        () => withLog(directory, () => Promise.resolve()),
        { code: "log-unreachable", says: path },
      );
      other.close();
    }),
});

const strangers: Readonly<Record<string, { code: ErrorCode; spoil: (path: string) => void }>> = {
  "is no database": {
    code: "log-corrupt",
    spoil: (path) => Deno.writeTextFileSync(path, "flights, one a line\n".repeat(1_000)),
  },
  "belongs to another program": {
    code: "log-corrupt",
    spoil: (path) => meddle(path, "PRAGMA application_id = 42"),
  },
  "belongs to a program without an application id": {
    code: "log-corrupt",
    spoil: (path) => meddle(path, "PRAGMA application_id = 0"),
  },
  "was written by a newer version": {
    code: "log-version",
    spoil: (path) => meddle(path, "PRAGMA user_version = 99"),
  },
  "is a folder": {
    code: "log-forbidden",
    spoil: (path) => {
      Deno.removeSync(path);
      Deno.mkdirSync(path);
    },
  },
};

for (const [what, { code, spoil }] of Object.entries(strangers)) {
  Deno.test({
    ...allowed,
    name: `openSqliteLog refuses a file that ${what}, and leaves it alone`,
    fn: () =>
      withFolder(async (directory, path) => {
        Deno.copyFileSync(path, `${path}.copy`);
        spoil(path);
        const isFile = Deno.statSync(path).isFile;
        const before = isFile ? Deno.readFileSync(path) : null;
        await assertFails(() => withLog(directory, () => Promise.resolve()), { code, says: path });
        if (isFile) assert.deepEqual(Deno.readFileSync(path), before);
        Deno.removeSync(path);
        Deno.renameSync(`${path}.copy`, path);
      }),
  });
}

Deno.test({
  ...allowed,
  name: "openSqliteLog refuses a folder that cannot be made",
  fn: () =>
    withFolder(async (_, path) => {
      const inFile = `${path}/log`;
      await assertFails(
        () => withLog(inFile, () => Promise.resolve()),
        { code: "invalid-argument", says: inFile },
      );
    }),
});

Deno.test({
  ...allowed,
  name: "fetch finds a changed byte in a batch, and names its place",
  fn: () =>
    withFolder(async (directory, path) => {
      const flip = "UPDATE batches SET bytes = CAST(substr(bytes, 1, 70) || x'7f' || " +
        "substr(bytes, 72) AS BLOB) WHERE id = 1";
      const db = new DatabaseSync(path);
      const { bytes } = db.prepare("SELECT bytes FROM batches WHERE id = 1").get()!;
      db.exec(flip);
      const changed = db.prepare("SELECT bytes FROM batches WHERE id = 1").get()!.bytes;
      assert.notDeepEqual(changed, bytes);
      await withLog(directory, async (log) => {
        await assertFails(
          () => log.fetch([{ topic: "one", partition: 0, offset: 0 }]),
          { code: "log-corrupt", says: "one[0] at offset 0" },
        );
        assert.deepEqual(await readTexts(log, "two", 1), ["kept"]);
        await log.append([output("one", ["next"])]);
        const [after] = await log.fetch([{ topic: "one", partition: 0, offset: 1 }]);
        assert.equal(after!.batches.length, 1);
      });
      db.prepare("UPDATE batches SET bytes = ? WHERE id = 1").run(bytes as Uint8Array);
      db.close();
    }),
});

Deno.test({
  ...allowed,
  name: "a file that was cut off is found out, wherever it is cut",
  fn: () =>
    withFolder(async (directory, path) => {
      await withLog(directory, async (log) => {
        for (let i = 0; i < 5; i++) await log.append([output("one", ["x".repeat(20_000)])]);
      });
      Deno.copyFileSync(path, `${path}.copy`);
      const { size } = Deno.statSync(path);
      for (const length of [100, 5_000, size / 4, size / 2, size - 1].map(Math.floor)) {
        Deno.truncateSync(path, length);
        const readAndWrite = () =>
          withLog(directory, async (log) => {
            await readTexts(log, "one", 6);
            await log.append([output("one", ["x"])]);
          });
        await assertFails(readAndWrite, { code: "log-corrupt", says: path });
        Deno.copyFileSync(`${path}.copy`, path);
      }
    }),
});

Deno.test({
  ...allowedProcesses,
  name: "append on a full disk writes nothing, and works again once there is room",
  fn: () =>
    withProcesses(async (directory, start) => {
      await withLog(directory, async (log) => {
        await log.createTopics(topics);
      });
      const limited = 'trap "" XFSZ; ulimit -f 1000; exec "$@"';
      const lines = await start("fill", { by: ["bash", "-c", limited, "bash"] }).rest();
      const { code, message } = JSON.parse(lines.at(-1)!);
      assert.equal(code, "log-full", message);
      assert(message.includes(`${directory}/flights.db`), message);
      const appended = lines.length - 1;
      assert(appended > 5);
      await withLog(directory, async (log) => {
        const numbers = async (topic: string, expected: number) =>
          (await readTexts(log, topic, expected)).map((text) => Number.parseInt(text));
        const kept = Array.from({ length: appended }, (_, i) => i);
        for (const { name } of topics) assert.deepEqual(await numbers(name, appended), kept);
        await log.append([output("one", [`${appended}`])]);
        assert.deepEqual(await numbers("one", appended + 1), [...kept, appended]);
      });
    }),
});

Deno.test({
  ignore: allowedProcesses.ignore || Deno.uid() !== 0,
  name: "openSqliteLog says so when it may not write",
  fn: () =>
    withProcesses(async (directory, start) => {
      await withLog(directory, (log) => log.createTopics(topics));
      for (const mode of [0o755, 0o700]) {
        Deno.chmodSync(directory, mode);
        const [line] = await start("intrude").rest();
        const { code, message } = JSON.parse(line!);
        assert.equal(code, "log-forbidden", message);
        assert(message.includes(directory), message);
      }
      await withLog(directory, (log) => log.createTopics([{ name: "new", partitions: 1 }]));
    }),
});
