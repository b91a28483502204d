import assert from "node:assert/strict";
import { SimulatedClock } from "../../base/clock.ts";
import { utf8 } from "../../base/bytes.ts";
import { encode } from "../conformance_support.ts";
import type { TopicSpec } from "../log.ts";
import { ChangeSignal } from "./change_signal.ts";
import { Database } from "./database.ts";
import { Maintenance } from "./maintenance.ts";
import { appendBatch } from "./partitions.ts";
import { createTopics, findPartition } from "./topics.ts";

const where = { topic: "t", partition: 0 };
const start = 1_700_000_000_000;
const mebibyte = 1024 * 1024;

/** A partition that is looked after once for each append. */
class Kept {
  readonly db: Database;
  readonly clock = new SimulatedClock(start);
  readonly #maintenance: Maintenance;

  private constructor(db: Database) {
    this.db = db;
    this.#maintenance = new Maintenance(db, new ChangeSignal(db), { clock: this.clock });
  }

  static async create(spec: Partial<TopicSpec>): Promise<Kept> {
    const db = await Database.open(":memory:");
    await db.write("create", () => createTopics(db, [{ name: "t", partitions: 1, ...spec }]));
    return new Kept(db);
  }

  /** Appends a batch of one record, and returns how many bytes it has. */
  async append(key: string, { size = 10, timestamp = start } = {}): Promise<number> {
    const value = new Uint8Array(size);
    const batch = encode([{ timestamp, key: utf8(key), value, headers: [] }]);
    await this.db.write("append", () => appendBatch(this.db, { ...where, batch }));
    this.#maintenance.after([where]);
    await this.#maintenance.settled();
    return batch.bytes.length;
  }

  get ends(): readonly [number, number] {
    const { startOffset, endOffset } = findPartition(this.db, where)!;
    return [startOffset, endOffset];
  }

  /** The first offsets of the batches that are left. */
  get batches(): readonly number[] {
    return this.db.all("SELECT base_offset FROM batches ORDER BY 1").map((row) =>
      Number(row.base_offset)
    );
  }
}

Deno.test("Maintenance keeps records up to their topic's age, to the millisecond", async () => {
  const kept = await Kept.create({ retentionMs: 5_000 });
  await kept.append("a", { timestamp: start });
  await kept.append("b", { timestamp: start + 1 });
  kept.clock.advance(5_000);
  await kept.append("c", { timestamp: start + 5_000 });
  assert.deepEqual(kept.ends, [0, 3]);
  kept.clock.advance(1_001);
  await kept.append("d", { timestamp: start + 6_000 });
  assert.deepEqual(kept.ends, [2, 4]);
  kept.clock.advance(60_000);
  await kept.append("e", { timestamp: start });
  assert.deepEqual(kept.ends, [5, 5]);
  assert.deepEqual(kept.batches, []);
  kept.db.close();
});

Deno.test("Maintenance keeps a partition at its topic's size, to the byte", async () => {
  const size = await (await Kept.create({})).append("a");
  for (const [retentionBytes, left] of [[3 * size, 3], [3 * size - 1, 2], [0, 0]] as const) {
    const kept = await Kept.create({ retentionBytes });
    for (let i = 0; i < 100; i++) await kept.append("a");
    assert.equal(kept.ends[1], 100);
    kept.clock.advance(1_000);
    await kept.append("a");
    assert.deepEqual(kept.ends, [101 - left, 101]);
    assert.equal(Number(kept.db.get("SELECT bytes FROM partitions")!.bytes), left * size);
    kept.db.close();
  }
});

Deno.test("Maintenance looks after a partition's retention once a second at most", async () => {
  const kept = await Kept.create({ retentionBytes: 0 });
  await kept.append("a");
  assert.deepEqual(kept.batches, []);
  await kept.append("b");
  kept.clock.advance(999);
  await kept.append("c");
  assert.deepEqual(kept.batches, [1, 2]);
  kept.clock.advance(1);
  await kept.append("d");
  assert.deepEqual(kept.batches, []);
  kept.db.close();
});

Deno.test("Maintenance leaves topics without a limit alone", async () => {
  const kept = await Kept.create({});
  for (let i = 0; i < 3; i++) {
    await kept.append("a", { size: mebibyte, timestamp: 0 });
    kept.clock.advance(100_000_000);
  }
  assert.deepEqual(kept.batches, [0, 1, 2]);
  kept.db.close();
});

Deno.test("Maintenance compacts once as much has come as was left, and a mebibyte at least", async () => {
  const kept = await Kept.create({ cleanup: "compact" });
  const half = { size: mebibyte / 2 };
  await kept.append("a", half);
  assert.deepEqual(kept.batches, [0]);
  await kept.append("a", half);
  assert.deepEqual(kept.batches, [1], "a mebibyte has come");
  await kept.append("b", { size: 2 * mebibyte });
  assert.deepEqual(kept.batches, [1, 2]);
  await kept.append("b", { size: mebibyte });
  assert.deepEqual(kept.batches, [1, 2, 3], "less has come than the 2.5 MiB that were left");
  await kept.append("b", { size: 2 * mebibyte });
  assert.deepEqual(kept.batches, [1, 4]);
  kept.db.close();
});

Deno.test("Maintenance that fails does not fail who wrote", async () => {
  const kept = await Kept.create({ cleanup: "compact" });
  await kept.append("a");
  kept.db.run("UPDATE batches SET bytes = x'00'");
  await kept.append("b", { size: 2 * mebibyte });
  await kept.append("c", { size: 2 * mebibyte });
  assert.deepEqual(kept.batches, [0, 1, 2]);
  kept.db.close();
});
