import assert from "node:assert/strict";
import fc from "fast-check";
import { utf8 } from "../../base/bytes.ts";
import { encode, recordsOf } from "../conformance_support.ts";
import { CompactionPass } from "./compaction.ts";
import { Database } from "./database.ts";
import { appendBatch, readPartition } from "./partitions.ts";
import { createTopics } from "./topics.ts";

const where = { topic: "t", partition: 0 };
/** More than compaction's time for records that delete a key. */
const longTime = 3_600_000;
/** A batch of this size is a step of its own. */
const large = 1_100_000;

/** Reads from start to end, in as many fetches as it likes. */
interface TestReader {
  offset: number;
  readonly values: Map<string, string>;
}

/** A compacted partition, and what it must say. */
class World {
  readonly #db: Database;
  readonly #written: { key: string; value: string | null }[] = [];
  readonly #expected = new Map<string, string>();
  #passes: CompactionPass[] = [];
  #readers: TestReader[] = [];
  #now = 1_700_000_000_000;

  private constructor(db: Database) {
    this.#db = db;
  }

  static async create(): Promise<World> {
    const db = await Database.open(":memory:");
    const topics = [{ name: "t", partitions: 1, cleanup: "compact" as const }];
    await db.write("create", () => createTopics(db, topics));
    return new World(db);
  }

  /** Appends a batch, the last value of `size`; an entry without a value deletes its key. */
  async append(entries: readonly (readonly [string, boolean])[], size = 0): Promise<void> {
    const records = entries.map(([key, hasValue], i) => {
      const value = hasValue
        ? `${this.#written.length}`.padEnd(i < entries.length - 1 ? 0 : size, ".")
        : null;
      this.#written.push({ key, value });
      if (value === null) this.#expected.delete(key);
      else this.#expected.set(key, value);
      return {
        timestamp: 7,
        key: utf8(key),
        value: value === null ? null : utf8(value),
        headers: [],
      };
    });
    await this.#db.write(
      "append",
      () => appendBatch(this.#db, { ...where, batch: encode(records) }),
    );
  }

  /** Begins a pass, as another process may while one is under way. */
  begin(): void {
    const row = this.#db.get("SELECT * FROM partitions")!;
    this.#passes.push(new CompactionPass(this.#db, where, { row, now: this.#now }));
  }

  /** Takes a step of a pass; returns whether there is another. */
  async step(number = 0): Promise<boolean> {
    if (this.#passes.length === 0) return false;
    const pass = this.#passes[number % this.#passes.length]!;
    const more = await pass.step();
    if (!more) this.#passes = this.#passes.filter((one) => one !== pass);
    return more;
  }

  /** A pass from beginning to end. */
  async compact(): Promise<void> {
    this.#passes = [];
    this.begin();
    while (await this.step());
  }

  /** All processes end, and what they had under way. */
  restart(): void {
    this.#passes = [];
  }

  beginReader(): void {
    this.#readers.push({ offset: 0, values: new Map() });
  }

  /** Reads one batch; returns whether there is more. */
  readOn(reader = this.#readers[0]): boolean {
    if (reader === undefined) return false;
    const fetched = readPartition(this.#db, { ...where, offset: reader.offset }, 1);
    let previous = reader.offset - 1;
    for (const { offset, key, value } of recordsOf(fetched, reader.offset)) {
      assert(offset > previous);
      previous = offset;
      const [name, text] = [key, value].map((bytes) => bytes && new TextDecoder().decode(bytes));
      assert.deepEqual({ key: name, value: text }, this.#written[offset]);
      if (text === null) reader.values.delete(name!);
      else reader.values.set(name!, text!);
    }
    assert(fetched.nextOffset > reader.offset || fetched.nextOffset === fetched.endOffset);
    reader.offset = fetched.nextOffset;
    assert.equal(fetched.endOffset, this.#written.length);
    return reader.offset < fetched.endOffset;
  }

  /** Whoever reads to the end knows the newest value of each key. */
  check(): void {
    this.beginReader();
    for (const reader of this.#readers) {
      while (this.readOn(reader));
      assert.deepEqual(shortened(reader.values), shortened(this.#expected));
    }
    this.#readers = [];
  }

  /** Lets so much time pass that no reader is under way any more. */
  wait(): void {
    this.check();
    this.#now += longTime;
  }

  /** How many records are left, and how many bytes the partition is said to have. */
  size(): { readonly records: number; readonly bytes: number } {
    const fetched = readPartition(this.#db, { ...where, offset: 0 }, Infinity);
    const { bytes } = this.#db.get("SELECT bytes FROM partitions")!;
    const total = fetched.batches.reduce((sum, batch) => sum + batch.size, 0);
    assert.equal(Number(bytes), total);
    return { records: recordsOf(fetched).length, bytes: total };
  }

  close(): void {
    this.#db.close();
  }
}

function shortened(values: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...values].map(([key, value]) => [key, value.slice(0, 8)] as const).sort());
}

async function inWorld(work: (world: World) => Promise<void>): Promise<void> {
  const world = await World.create();
  try {
    await work(world);
  } finally {
    world.close();
  }
}

const keys = fc.constantFrom("a", "b", "c", "d");
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("append" as const),
      entries: fc.array(fc.tuple(keys, fc.boolean()), { minLength: 1, maxLength: 3 }),
      size: fc.constantFrom(0, 0, large),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant("step" as const), number: fc.nat(2) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom("begin", "begin", "reader", "read", "read", "restart", "wait", "compact"),
    }),
  },
);

async function take(world: World, one: typeof step extends fc.Arbitrary<infer T> ? T : never) {
  switch (one.do) {
    case "append":
      return await world.append(one.entries as [string, boolean][], one.size);
    case "step":
      return await world.step(one.number);
    case "begin":
      return world.begin();
    case "reader":
      return world.beginReader();
    case "read":
      return world.readOn();
    case "restart":
      return world.restart();
    case "wait":
      return world.wait();
    case "compact":
      return await world.compact();
  }
}

Deno.test("CompactionPass changes nothing for who reads to the end, whatever the order of things", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      await inWorld(async (world) => {
        for (const one of steps) await take(world, one);
        world.check();
        for (let i = 0; i < 3; i++) {
          await world.compact();
          world.wait();
        }
        world.size();
      });
    }),
    { numRuns: 100 },
  );
});

Deno.test("CompactionPass leaves the newest record of each key, and a deletion for a while", () =>
  inWorld(async (world) => {
    await world.append([["a", true], ["b", true], ["a", true]]);
    await world.append([["b", false], ["c", true]]);
    await world.compact();
    assert.equal(world.size().records, 3);
    await world.compact();
    assert.equal(world.size().records, 3, "a deletion must stay for those who read");
    world.wait();
    await world.compact();
    await world.compact();
    assert.equal(world.size().records, 2);
    world.check();
  }));

Deno.test("CompactionPass sweeps what another pass has merged across the place where it is", () =>
  inWorld(async (world) => {
    await world.append([["a", true], ["x", true]], large);
    await world.append([["k", true]]);
    await world.append([["x", true]]);
    world.begin();
    await world.append([["k", false]]);
    world.begin();
    const [early, late] = [0, 1];
    for (let i = 0; i < 3; i++) await world.step(late);
    while (await world.step(early));
    while (await world.step());
    world.wait();
    await world.compact();
    world.check();
  }));
