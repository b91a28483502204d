/** What a log must do with transactions. */

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  assertFails,
  commitOffsets,
  fetchOne,
  joined,
  type LogTest,
  output,
  readAll,
  readTexts,
} from "./conformance_support.ts";
import type { Log, Member } from "./log.ts";

/** By what they show. */
export const transactionTests: Readonly<Record<string, LogTest>> = {
  "shows a transaction on several topics at once, with its offsets": async ({ log, prefix }) => {
    const [input, one, two, group] = ["in", "one", "two", "g"].map((name) => prefix + name);
    await log.createTopics([input!, one!, two!].map((name) => ({ name, partitions: 1 })));
    const member = await joined(log, group!, input!);
    const transaction = member.begin();
    await transaction.append([output(one!, ["a", "b"])]);
    await transaction.append([output(two!, ["c"])]);
    await transaction.append([output(one!, ["d"])]);
    for (const topic of [one!, two!]) assert.deepEqual(await readTexts(log, topic, 0), []);
    assert.deepEqual((await log.describeGroup(group!)).offsets, []);
    const ends: number[] = [];
    await transaction.commit((endOf) => {
      ends.push(...[one!, two!].map((topic) => endOf({ topic, partition: 0 })));
      return [{ topic: input!, partition: 0, offset: 0, metadata: "µ" }];
    });
    assert.deepEqual(await readTexts(log, one!, 3), ["a", "b", "d"]);
    assert.deepEqual(await readTexts(log, two!, 1), ["c"]);
    const last = (await readAll(log, { topic: one!, partition: 0 }, { expected: 3 })).at(-1)!;
    assert.deepEqual(ends, [last.offset + 1, 1]);
    const offsets = [{ topic: input, partition: 0, offset: 0, metadata: "µ" }];
    assert.deepEqual((await log.describeGroup(group!)).offsets, offsets);
    assert.deepEqual(await log.openTransactions([one!, two!, `${prefix}missing`]), []);
    assert.deepEqual(await member.committed(), offsets);
  },

  "writes reports of where a transaction's records are behind them, marked as its own": async (
    { log, prefix },
  ) => {
    const [input, topic, reports] = ["in", "t", "reports"].map((name) => prefix + name);
    await log.createTopics([input!, topic!, reports!].map((name) => ({ name, partitions: 1 })));
    await log.append([output(topic!, ["another's"])]);
    const member = await joined(log, `${prefix}g`, input!);
    assert(member.producerId >= 0);
    for (const text of ["a", "b"]) {
      const transaction = member.begin();
      await transaction.append([output(topic!, [text])]);
      await transaction.commit(
        (endOf) => [{
          topic: input!,
          partition: 0,
          offset: endOf({ topic: reports!, partition: 0 }),
          metadata: "",
        }],
        (
          endOf,
        ) => [output(reports!, [`${text} ends at ${endOf({ topic: topic!, partition: 0 })}`])],
      );
    }
    const told = await readAll(log, { topic: reports!, partition: 0 }, { expected: 2 });
    const read = await readAll(log, { topic: topic!, partition: 0 }, { expected: 3 });
    const [, a, b] = read.map(({ offset }) => offset);
    const texts = told.map(({ value }) => new TextDecoder().decode(value!));
    assert.deepEqual(texts, [`a ends at ${a! + 1}`, `b ends at ${b! + 1}`]);
    assert.deepEqual((await member.committed()).map(({ offset }) => offset), [
      told.at(-1)!.offset + 1,
    ]);
    const marks: boolean[] = [];
    for (const { offset } of read) {
      const { batches: [batch] } = await fetchOne(log, { topic: topic!, partition: 0, offset });
      marks.push(batch!.isTransactional && batch!.producerId === member.producerId);
    }
    assert.deepEqual(marks, [false, true, true]);
  },

  "never shows a transaction that was not committed": async ({ log, prefix }) => {
    const [input, topic, group] = [`${prefix}in`, `${prefix}t`, `${prefix}g`];
    await log.createTopics([input, topic].map((name) => ({ name, partitions: 1 })));
    const member = await joined(log, group, input);
    await member.begin().append([output(topic, ["never"])]);
    await member.close();
    const next = await joined(log, group, input);
    const transaction = next.begin();
    await transaction.append([output(topic, ["seen"])]);
    await transaction.commit(() => []);
    assert.deepEqual(await readTexts(log, topic, 1), ["seen"]);
  },

  "commits a transaction once": async ({ log, prefix }) => {
    const [input, topic] = [`${prefix}in`, `${prefix}t`];
    await log.createTopics([input, topic].map((name) => ({ name, partitions: 1 })));
    const member = await joined(log, `${prefix}g`, input);
    const transaction = member.begin();
    await transaction.append([output(topic, ["a"])]);
    await transaction.commit(() => []);
    await assert.rejects(async () => await transaction.commit(() => []));
    const next = member.begin();
    await next.append([output(topic, ["b"])]);
    await next.commit(() => []);
    assert.deepEqual(await readTexts(log, topic, 2), ["a", "b"]);
  },

  "keeps offsets and 4,096 bytes of metadata, and no more": async ({ log, prefix }) => {
    const [topic, group] = [`${prefix}t`, `${prefix}g`];
    await log.createTopics([{ name: topic, partitions: 2 }]);
    await log.append([output(topic, ["a", "b", "c"])]);
    const member = await joined(log, group, topic);
    const longest = "ü".repeat(2_048);
    const offsets = [
      { topic, partition: 0, offset: 3, metadata: longest },
      { topic, partition: 1, offset: 0, metadata: "" },
    ];
    await commitOffsets(member, ...offsets);
    assert.deepEqual(await member.committed(), offsets);
    const moved = { topic, partition: 0, offset: 1, metadata: "back" };
    await commitOffsets(member, moved);
    assert.deepEqual(await member.committed(), [moved, offsets[1]]);
    const tooLong = { ...moved, metadata: `${longest}.` };
    await assertFails(commitOffsets(member, tooLong), "invalid-argument");
    assert.deepEqual((await log.describeGroup(group)).offsets, [moved, offsets[1]]);
  },

  "shows what was committed and appended, and nothing else, whatever the order": async (
    { log, prefix },
  ) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        const world = await World.create(log, `${prefix}${worlds++}-`);
        for (const each of steps) await world.take(each);
        await world.endTransactions();
        await world.check();
        await world.close();
      }),
      { numRuns: 25, endOnFailure: true },
    );
  },
};

let worlds = 0;
const writers = 3;
const partitions = 2;

const step = fc.record({
  writer: fc.nat(writers - 1),
  action: fc.constantFrom("add", "add", "add", "commit", "abandon", "append", "check"),
  partition: fc.nat(partitions - 1),
  records: fc.integer({ min: 1, max: 3 }),
});

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A writer's transaction under way, and what it would add to each partition. */
interface Pending {
  readonly transaction: ReturnType<Member["begin"]>;
  readonly texts: string[][];
}

/** Several writers on one topic, and a naive model of what readers must see. */
class World {
  readonly #log: Log;
  readonly #prefix: string;
  readonly #topic: string;
  readonly #members: Member[] = [];
  readonly #pending = new Map<number, Pending>();
  /** What is visible, by partition and writer, in the order that the writer wrote it. */
  readonly #visible = new Map<string, string[]>();
  #written = 0;

  private constructor(log: Log, prefix: string) {
    this.#log = log;
    this.#prefix = prefix;
    this.#topic = `${prefix}out`;
  }

  static async create(log: Log, prefix: string): Promise<World> {
    const world = new World(log, prefix);
    await log.createTopics([
      { name: `${prefix}in`, partitions: 1 },
      { name: world.#topic, partitions },
    ]);
    for (let writer = 0; writer < writers; writer++) await world.#join(writer);
    return world;
  }

  async #join(writer: number): Promise<void> {
    const group = `${this.#prefix}${writer}`;
    this.#members[writer] = await joined(this.#log, group, `${this.#prefix}in`);
  }

  async take({ writer, action, partition, records }: Step): Promise<void> {
    const texts = Array.from({ length: records }, () => `${writer}:${this.#written++}`);
    const added = output(this.#topic, texts, partition);
    if (action === "add") {
      const pending = this.#pending.get(writer) ?? {
        transaction: this.#members[writer]!.begin(),
        texts: [[], []],
      };
      this.#pending.set(writer, pending);
      await pending.transaction.append([added]);
      pending.texts[partition]!.push(...texts);
    } else if (action === "append") {
      await this.#log.append([added]);
      this.#see(`${partition} appended`, texts);
    } else if (action === "commit") {
      await this.#commit(writer);
    } else if (action === "abandon") {
      await this.#members[writer]!.close();
      this.#pending.delete(writer);
      await this.#join(writer);
    } else {
      await this.check();
    }
  }

  async #commit(writer: number): Promise<void> {
    const pending = this.#pending.get(writer);
    if (pending === undefined) return;
    await pending.transaction.commit(() => []);
    this.#pending.delete(writer);
    pending.texts.forEach((texts, partition) => this.#see(`${partition} ${writer}`, texts));
  }

  #see(key: string, texts: readonly string[]): void {
    this.#visible.set(key, [...this.#visible.get(key) ?? [], ...texts]);
  }

  /** Ends what is under way: commits of some writers, and leaves that of the others. */
  async endTransactions(): Promise<void> {
    for (const writer of [...this.#pending.keys()]) {
      const action = writer % 2 === 0 ? "commit" : "abandon";
      await this.take({ writer, action, partition: 0, records: 1 });
    }
  }

  /**
   * Offsets ascend, nothing is missing or too much, and each writer's records are in order. Where a
   * transaction is under way, what lies behind its records may be missing yet.
   */
  async check(): Promise<void> {
    for (let partition = 0; partition < partitions; partition++) {
      const written = [...this.#visible].filter(([key]) => key.startsWith(`${partition} `))
        .map(([_, texts]) => texts);
      const isHeldUp = [...this.#pending.values()].some(({ texts }) =>
        texts[partition]!.length > 0
      );
      const read = await readAll(this.#log, { topic: this.#topic, partition }, {
        expected: isHeldUp ? 0 : written.flat().length,
      });
      read.slice(1).forEach(({ offset }, i) => assert(offset > read[i]!.offset));
      const texts = read.map(({ value }) => new TextDecoder().decode(value!));
      for (const ofWriter of written) {
        const own = texts.filter((text) => ofWriter.includes(text));
        assert.deepEqual(own, isHeldUp ? ofWriter.slice(0, own.length) : ofWriter);
      }
      const known = new Set(written.flat());
      assert.deepEqual(texts.filter((text) => !known.has(text)), []);
    }
  }

  async close(): Promise<void> {
    for (const member of this.#members) await member.close();
  }
}
