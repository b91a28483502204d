/**
 * Members that join, poll, commit, leave and die as chance will have it. Each counts on where the
 * holder before it had come to: of two holders one would repeat, or leave out, a number.
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { systemClock } from "../base/clock.ts";
import { hasCode } from "../base/errors.ts";
import {
  assertFails,
  joined,
  type LogUnderTest,
  output,
  patience,
  readAll,
} from "./conformance_support.ts";
import type { CommittedOffset, Member, Transaction } from "./log.ts";

const partitions = 3;
let schedules = 0;

/** What one member does. */
const actor = fc.record({
  version: fc.constantFrom("1", "1", "1", "2"),
  /** How many commits of all members it lets pass before it joins. */
  joinsAfter: fc.nat(8),
  /** The partitions it commits, if it holds them, one commit after the other; then it ends. */
  commits: fc.array(fc.subarray([0, 1, 2]), { minLength: 1, maxLength: 8 }),
  /** Whether it commits when it is asked to give up what it holds. */
  savesLast: fc.boolean(),
  ending: fc.constantFrom("leaves", "leaves", "leaves", "dies"),
});

type Actor = typeof actor extends fc.Arbitrary<infer T> ? T : never;

/** Runs random schedules. */
export async function scheduleTest(
  underTest: LogUnderTest,
  { runs }: { readonly runs: number },
): Promise<void> {
  const actors = fc.array(actor, { minLength: 2, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(actors, async (plan) => {
      const world = new World(underTest, `${underTest.prefix}s${schedules++}-`);
      await world.play(plan);
      await world.judge();
    }),
    { numRuns: runs, endOnFailure: true },
  );
}

/** What the members of one schedule share. */
class World {
  readonly #underTest: LogUnderTest;
  readonly #group: string;
  readonly #topic: string;
  readonly #output: string;
  /** How many commits each partition saw succeed. */
  readonly #acknowledged = new Array<number>(partitions).fill(0);
  /** Transactions of the dead, begun while they lived. */
  readonly #late: (() => Promise<void>)[] = [];
  readonly #deadline = systemClock.now() + 10 * patience;
  #living = 0;
  #members = 0;

  constructor(underTest: LogUnderTest, prefix: string) {
    this.#underTest = underTest;
    this.#group = `${prefix}g`;
    this.#topic = `${prefix}in`;
    this.#output = `${prefix}out`;
  }

  async play(plan: readonly Actor[]): Promise<void> {
    const { log } = this.#underTest;
    await log.createTopics([this.#topic, this.#output].map((name) => ({ name, partitions })));
    let isOver = false;
    const playing = Promise.all(plan.map((actor) => this.#live(actor)))
      .finally(() => isOver = true);
    while (!isOver) {
      const { members } = await log.describeGroup(this.#group);
      const held = members.flatMap((member) => member.partitions);
      assert.equal(held.length, new Set(held).size, "a partition is held by two members");
      await this.#pause();
    }
    await playing;
  }

  async #live({ version, joinsAfter, commits, savesLast, ending }: Actor): Promise<void> {
    const total = () => this.#acknowledged.reduce((sum, one) => sum + one, 0);
    while (total() < joinsAfter && this.#living > 0) await this.#pause();
    this.#living++;
    let life = await this.#join(version);
    for (let done = 0; done < commits.length;) {
      assert(systemClock.now() < this.#deadline, "a schedule must come to its end");
      try {
        await life.poll();
        if (life.member.isRebalancing && !savesLast) continue;
        if (life.member.assignment.partitions.length === 0) continue;
        await this.#commit(life, commits[done]!);
        done++;
      } catch (error) {
        if (!hasCode(error, "fenced")) throw error;
        await life.member.close();
        life = await this.#join(version);
      }
    }
    this.#living--;
    if (ending === "leaves") return await life.member.close();
    const transaction = life.member.begin();
    await this.#add(transaction, life, [0, 1, 2]);
    this.#late.push(() => transaction.commit(() => life.offsets([0, 1, 2])));
    await this.#underTest.outlastSession();
  }

  async #join(version: string): Promise<Life> {
    const { log, peers = [] } = this.#underTest;
    const logs = [log, ...peers];
    const number = this.#members++;
    const options = { description: `member ${number}`, topics: [this.#topic], version };
    return new Life(await logs[number % logs.length]!.join(this.#group, options), this.#topic);
  }

  #pause(): Promise<void> {
    assert(systemClock.now() < this.#deadline, "a schedule must come to its end");
    return systemClock.sleep(1);
  }

  async #commit(life: Life, wanted: readonly number[]): Promise<void> {
    const held = wanted.filter((partition) => life.counts.has(partition));
    const transaction = life.member.begin();
    await this.#add(transaction, life, held);
    await transaction.commit(() => life.offsets(held));
    for (const partition of held) {
      this.#acknowledged[partition]!++;
      life.counts.set(partition, life.counts.get(partition)! + 1);
    }
  }

  #add(transaction: Transaction, life: Life, wanted: readonly number[]): Promise<void> {
    const { member: { id, assignment }, counts } = life;
    const held = wanted.filter((partition) => counts.has(partition));
    return transaction.append(held.map((partition) => {
      const text = `${counts.get(partition)! + 1} ${assignment.generation} ${id}`;
      return output(this.#output, [text], partition);
    }));
  }

  /** Every count is there once and in order, each generation had one holder, and the dead are fenced. */
  async judge(): Promise<void> {
    const { log } = this.#underTest;
    const heir = await joined(log, this.#group, this.#topic);
    for (const commit of this.#late) await assertFails(commit(), "fenced");
    const committed = await heir.committed();
    await heir.close();
    for (const [partition, expected] of this.#acknowledged.entries()) {
      const records = await readAll(log, { topic: this.#output, partition }, { expected });
      const told = records.map(({ value }) => new TextDecoder().decode(value!).split(" "));
      const counts = told.map(([count]) => Number(count));
      assert.deepEqual(counts, Array.from({ length: expected }, (_, i) => i + 1));
      const offset = committed.find((one) => one.partition === partition);
      assert.equal(Number(offset?.metadata ?? 0), expected);
      const generations = told.map(([_, generation]) => Number(generation));
      assert.deepEqual(generations, generations.toSorted((a, b) => a - b));
      const holders = new Map(told.map(([_, generation, id]) => [generation, id]));
      for (const [_, generation, id] of told) assert.equal(holders.get(generation), id);
    }
  }
}

/** A membership, and the counts of the partitions it holds. */
class Life {
  readonly member: Member;
  readonly counts = new Map<number, number>();
  readonly #topic: string;
  #generation = 0;

  constructor(member: Member, topic: string) {
    this.member = member;
    this.#topic = topic;
  }

  /** Polls, and takes up what the holder before had counted. */
  async poll(): Promise<void> {
    const { member } = this;
    const positions = [...this.counts.keys()].map((partition) => ({
      topic: this.#topic,
      partition,
      offset: 0,
    }));
    assert.deepEqual(countRecords(await member.poll(positions, { maxWaitMs: 10 })), 0);
    const { generation, partitions } = member.assignment;
    if (generation === this.#generation) return;
    assert(generation > this.#generation);
    this.#generation = generation;
    this.counts.clear();
    for (const partition of partitions) this.counts.set(partition, 0);
    for (const { partition, metadata } of await member.committed()) {
      this.counts.set(partition, Number(metadata));
    }
  }

  /** What a commit of these partitions, so far as they are held, says. */
  offsets(wanted: readonly number[]): readonly CommittedOffset[] {
    return wanted.filter((partition) => this.counts.has(partition)).map((partition) => ({
      topic: this.#topic,
      partition,
      offset: 0,
      metadata: `${this.counts.get(partition)! + 1}`,
    }));
  }
}

function countRecords(fetched: Awaited<ReturnType<Member["poll"]>>): number {
  return fetched.reduce((sum, { batches }) => sum + batches.length, 0);
}
