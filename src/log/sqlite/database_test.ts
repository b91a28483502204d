import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { needs } from "../../../tests/permissions.ts";
import { systemClock } from "../../base/clock.ts";
import { FlightsError, hasCode } from "../../base/errors.ts";
import { Database } from "./database.ts";
import { applicationId, migrations } from "./schema.ts";

const insert = "INSERT INTO groups (name, generation) VALUES (?, 0)";
const large = "x".repeat(200_000);

function names(db: Database): unknown[] {
  return db.all("SELECT name FROM groups ORDER BY name").map(({ name }) => name);
}

Deno.test("Database.write undoes all when its body throws", async () => {
  const db = await Database.open(":memory:");
  const failing = db.write("test", () => {
    db.run(insert, "a");
    throw new FlightsError("topic-missing", "Cannot test: it must fail, it does");
  });
  await assert.rejects(failing, (error) => hasCode(error, "topic-missing"));
  await db.write("test", () => db.run(insert, "b"));
  assert.deepEqual(names(db), ["b"]);
  db.close();
});

Deno.test("Database.write undoes all when there is no room, and works again once there is", async () => {
  const db = await Database.open(":memory:");
  const pages = Number(db.get("PRAGMA page_count")!.page_count);
  db.get(`PRAGMA max_page_count = ${pages + 2}`);
  const failing = db.write("test", () => {
    db.run(insert, "a");
    db.run(insert, large);
  });
  await assert.rejects(failing, (error) => hasCode(error, "log-full"));
  assert.deepEqual(names(db), []);
  db.get("PRAGMA max_page_count = 1000000");
  await db.write("test", () => db.run(insert, "b"));
  assert.deepEqual(names(db), ["b"]);
  db.close();
});

Deno.test("Database.write calls a defect of its body an internal error", async () => {
  const db = await Database.open(":memory:");
  for (const body of [() => db.run("NONSENSE"), () => db.run(insert, null)]) {
    await assert.rejects(db.write("test", body), (error) => hasCode(error, "internal"));
  }
  await db.write("test", () => db.run(insert, "b"));
  assert.deepEqual(names(db), ["b"]);
  db.close();
});

Deno.test({
  ...needs("read", "write"),
  name: "Database folds the write-ahead log into the file once nobody reads old states",
  fn: async () => {
    const directory = await Deno.makeTempDir();
    const path = `${directory}/flights.db`;
    const db = await Database.open(path);
    const fill = async (prefix: string, mebibytes: number) => {
      for (let i = 0; i < 5 * mebibytes; i++) {
        await db.write("test", () => db.run(insert, `${prefix}${i}${large}`));
        await db.write("test", () => db.run("DELETE FROM groups"));
      }
    };
    const walMebibytes = () => Deno.statSync(`${path}-wal`).size / 1024 ** 2;
    const reader = new DatabaseSync(path);
    reader.exec("BEGIN");
    reader.prepare("SELECT * FROM groups").all();
    await fill("a", 40);
    assert(walMebibytes() > 35, "what the reader sees must be kept");
    reader.close();
    await fill("b", 40);
    assert(walMebibytes() <= 34, `the write-ahead log must shrink, it has ${walMebibytes()} MiB`);
    db.close();
    await Deno.remove(directory, { recursive: true });
  },
});

Deno.test({
  ...needs("read", "write"),
  name: "Database.write runs its body once, however long others keep the file locked",
  fn: async () => {
    const directory = await Deno.makeTempDir();
    const path = `${directory}/flights.db`;
    const db = await Database.open(path);
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    let runs = 0;
    const writing = db.write("test", () => {
      runs++;
      db.run(insert, "a");
    });
    await systemClock.sleep(50);
    assert.equal(runs, 0);
    other.exec("COMMIT");
    other.close();
    await writing;
    assert.equal(runs, 1);
    assert.deepEqual(names(db), ["a"]);
    db.close();
    await Deno.remove(directory, { recursive: true });
  },
});

Deno.test({
  ...needs("read", "write"),
  name: "Database.open brings a file of the first version up to date, and keeps what it held",
  fn: async () => {
    const directory = await Deno.makeTempDir();
    const path = `${directory}/flights.db`;
    const old = new DatabaseSync(path);
    for (const statement of migrations[0]!) old.exec(statement);
    old.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = 1`);
    old.exec("INSERT INTO groups (name, generation) VALUES ('a', 7)");
    old.exec(
      `INSERT INTO members (id, group_name, description, topics, generation, lease_until)
       VALUES ('m', 'a', 'old', '["t"]', 7, 9)`,
    );
    old.close();
    const db = await Database.open(path);
    assert.deepEqual({ ...db.get("SELECT * FROM groups") }, {
      name: "a",
      generation: 7,
      is_rebalancing: 0,
    });
    // Its members are to join again, and find themselves replaced before.
    assert.equal(db.get("SELECT * FROM members"), undefined);
    db.close();
    await (await Database.open(path)).close();
    await Deno.remove(directory, { recursive: true });
  },
});
