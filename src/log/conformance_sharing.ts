/** What a log must do when several members share the partitions of a group. */

import assert from "node:assert/strict";
import {
  assertFails,
  assigned,
  commitOffsets,
  elapsed,
  heldBy,
  join,
  joined,
  type LogTest,
  output,
  patience,
  pollUntil,
  readTexts,
  sharedOut,
} from "./conformance_support.ts";
import { scheduleTest } from "./conformance_schedule.ts";
import type { Log, Member } from "./log.ts";

/** By what they show. */
export const sharingTests: Readonly<Record<string, LogTest>> = {
  "shares the partitions of co-partitioned topics between members": async ({ log, prefix }) => {
    const { group, topics } = await inputs(log, prefix, 3);
    const first = await joined(log, group, ...topics);
    const second = await join(log, group, { topics });
    await sharedOut([first, second], 3);
    assert.deepEqual(heldBy(first, second), [0, 1, 2]);
    const { members } = await log.describeGroup(group);
    for (const { id, assignment } of [first, second]) {
      assert.deepEqual(members.find((one) => one.id === id)!.partitions, assignment.partitions);
    }
    // Partition i of each input belongs to the same member.
    for (const member of [first, second]) {
      const own = topics.flatMap((topic) =>
        member.assignment.partitions.map((partition) => ({
          topic,
          partition,
          offset: 0,
          metadata: member.id,
        }))
      );
      await commitOffsets(member, ...own);
      assert.deepEqual(await member.committed(), own);
    }
    assert.equal((await log.describeGroup(group)).offsets.length, 6);
  },

  "moves no partition that need not move": async ({ log, prefix }) => {
    const { group, topics } = await inputs(log, prefix, 5);
    const members = [await joined(log, group, ...topics)];
    const isKept = (before: readonly number[], now: readonly number[]) =>
      (now.length < before.length ? now : before).every((partition) =>
        (now.length < before.length ? before : now).includes(partition)
      );
    const check = async (change: () => Promise<unknown>) => {
      const before = new Map(members.map(({ id, assignment }) => [id, assignment.partitions]));
      await change();
      await sharedOut(members, 5);
      for (const { id, assignment: { partitions } } of members) {
        const old = before.get(id) ?? [];
        assert(isKept(old, partitions), `${id} had ${old} and has ${partitions}`);
      }
    };
    const newcomer = async () => members.push(await join(log, group, { topics }));
    await check(newcomer);
    await check(newcomer);
    await check(async () => await members.shift()!.close());
    await check(async () => await members.pop()!.close());
    assert.deepEqual(heldBy(...members), [0, 1, 2, 3, 4]);
  },

  "lets who is to give up partitions commit what it has, and then no more": async (
    { log, prefix },
  ) => {
    const { group, topics: [topic] } = await inputs(log, prefix, 2);
    await log.append([output(topic!, ["a"])]);
    const at = (partition: number, metadata: string) => ({
      topic: topic!,
      partition,
      offset: 0,
      metadata,
    });
    const first = await joined(log, group, topic!);
    const { generation } = first.assignment;
    const second = await join(log, group, { topics: [topic!] });
    const waiting = assigned(second);
    while (!first.isRebalancing) {
      await first.poll([{ topic: topic!, partition: 0, offset: 1 }], { maxWaitMs: 100 });
    }
    assert.deepEqual(first.assignment, { generation, partitions: [0, 1], waitingFor: null });
    await commitOffsets(first, at(0, "last"), at(1, "last"));
    await commitOffsets(first, at(1, "the very last"));
    const late = first.begin();
    await late.append([output(topic!, ["never"])]);
    // It takes part, and gives no records: they are to be asked for by who has them now.
    assert.deepEqual(await first.poll([{ topic: topic!, partition: 0, offset: 0 }]), []);
    await Promise.all([sharedOut([first, second], 2), waiting]);
    assert(first.assignment.generation > generation);
    const [moved] = second.assignment.partitions;
    await assertFails(late.commit(() => [at(moved!, "too late")]), "fenced");
    assert.deepEqual(await second.committed(), [
      at(moved!, moved === 0 ? "last" : "the very last"),
    ]);
    await commitOffsets(second, at(moved!, "second"));
    await commitOffsets(first, at(1 - moved!, "first"));
    assert.deepEqual(await readTexts(log, topic!, 1), ["a"]);
  },

  "gives a silent member's partitions to the others, and fences it": async (underTest) => {
    const { log, prefix } = underTest;
    const { group, topics: [topic] } = await inputs(log, prefix, 2);
    const silent = await joined(log, group, topic!);
    const member = await join(log, group, { topics: [topic!] });
    await sharedOut([silent, member], 2);
    const [partition] = silent.assignment.partitions;
    const committed = { topic: topic!, partition: partition!, offset: 0, metadata: "before" };
    await commitOffsets(silent, committed);
    const late = silent.begin();
    await late.append([output(topic!, ["never"])]);
    await Promise.all([
      underTest.outlastSession(),
      pollUntil([member], () => member.assignment.partitions.length === 2),
    ]);
    await assertFails(late.commit(() => [{ ...committed, metadata: "overdue" }]), "fenced");
    await assertFails(silent.poll([]), "fenced");
    assert.deepEqual(await member.committed(), [committed]);
    assert.deepEqual(await readTexts(log, topic!, 0), []);
    await commitOffsets(member, { ...committed, metadata: "after" });
  },

  "lets members beyond the partitions stand by, and take over": async ({ log, prefix }) => {
    const { group, topics } = await inputs(log, prefix, 2);
    const members: Member[] = [];
    for (const description of ["one", "two", "three"]) {
      members.push(await join(log, group, { topics, description: `member ${description}` }));
      await sharedOut(members, 2);
    }
    const [first, second, third] = members as [Member, Member, Member];
    assert.deepEqual(heldBy(first, second), [0, 1]);
    assert.match(third.assignment.waitingFor!, /^member (one|two)$/);
    const moved = first.assignment.partitions;
    const took = await elapsed(async () => {
      await first.close();
      await sharedOut([second, third], 2);
    });
    assert(took < patience / 2, `taking over took ${took} ms`);
    assert.deepEqual(third.assignment.partitions, moved);
  },

  "keeps another version waiting until the last member of the old one is gone": async (
    { log, prefix },
  ) => {
    const { group, topics } = await inputs(log, prefix, 2);
    const member = (description: string, version: string) =>
      join(log, group, { topics, description, version });
    const old = await assigned(await member("old", "1"));
    const next = await member("next", "2");
    await pollUntil([old, next], () => next.assignment.waitingFor !== null);
    assert.deepEqual(old.assignment.partitions, [0, 1]);
    assert.match(next.assignment.waitingFor!, /old.*another version/);
    const late = await member("late", "1");
    await pollUntil([old, late, next], () => heldBy(late).length === 1 && heldBy(old).length === 1);
    assert.deepEqual(heldBy(old, late), [0, 1]);
    assert.deepEqual(next.assignment.partitions, []);
    await old.close();
    await pollUntil(
      [late, next],
      () => heldBy(late).length === 2 && next.assignment.waitingFor!.startsWith("late"),
    );
    assert.deepEqual(next.assignment.partitions, []);
    await late.close();
    await pollUntil([next], () => heldBy(next).length === 2);
    assert.equal(next.assignment.waitingFor, null);
  },

  "lets each partition be committed by its holder alone, whatever members do": (underTest) =>
    scheduleTest(underTest, { runs: 3 }),
};

/** Two topics of as many partitions, and a group to read them. */
async function inputs(log: Log, prefix: string, partitions: number) {
  const topics = [`${prefix}one`, `${prefix}two`];
  await log.createTopics(topics.map((name) => ({ name, partitions })));
  return { group: `${prefix}g`, topics };
}
