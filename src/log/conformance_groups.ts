/** What a log must do with groups and their members. */

import assert from "node:assert/strict";
import {
  assertFails,
  assigned,
  commitOffsets,
  elapsed,
  join,
  joined,
  type LogTest,
  output,
  patience,
  readTexts,
  recordsOf,
  sharedOut,
} from "./conformance_support.ts";

/** By what they show. */
export const groupTests: Readonly<Record<string, LogTest>> = {
  "gives a member all partitions, and lets it read by polling": async ({ log, prefix }) => {
    const [one, two] = [`${prefix}one`, `${prefix}two`];
    await log.createTopics([one, two].map((name) => ({ name, partitions: 3 })));
    const member = await join(log, `${prefix}g`, { topics: [one, two] });
    assert.deepEqual(member.assignment, { generation: 0, partitions: [], waitingFor: null });
    await assigned(member);
    assert.deepEqual(member.assignment.partitions, [0, 1, 2]);
    assert(member.assignment.generation > 0);
    assert.equal(member.assignment.waitingFor, null);
    assert.deepEqual(await member.committed(), []);
    const took = await elapsed(async () => {
      const polling = member.poll([{ topic: two, partition: 2, offset: 0 }], {
        maxWaitMs: patience,
      });
      await log.append([output(two, ["a"], 2)]);
      assert.equal(recordsOf((await polling)[0]!).length, 1);
    });
    assert(took < patience / 2, `the append must end the wait, it took ${took} ms`);
    await assertFails(
      member.poll([{ topic: two, partition: 2, offset: 9 }], { maxWaitMs: patience }),
      "offset-out-of-range",
    );
  },

  "refuses to join for topics that do not fit": async ({ log, prefix }) => {
    const [one, two] = [`${prefix}one`, `${prefix}two`];
    await log.createTopics([{ name: one, partitions: 1 }, { name: two, partitions: 2 }]);
    const joining = (...topics: string[]) => join(log, `${prefix}g`, { topics });
    await assertFails(joining(one, `${prefix}missing`), "topic-missing");
    await assertFails(joining(one, two), "partitions-changed");
    assert.deepEqual(await log.describeGroup(`${prefix}g`), {
      members: [],
      offsets: [],
      processes: [],
    });
  },

  "lets a second member stand by and take over once the first has left": async (
    { log, prefix },
  ) => {
    const [topic, group] = [`${prefix}t`, `${prefix}g`];
    await log.createTopics([{ name: topic, partitions: 1 }]);
    const topics = [topic];
    const first = await assigned(await join(log, group, { topics, description: "the first" }));
    const committed = { topic, partition: 0, offset: 0, metadata: "so far" };
    await commitOffsets(first, committed);
    const second = await join(log, group, { topics, description: "the second" });
    assert.notEqual(second.id, first.id);
    await sharedOut([first, second], 1);
    assert.deepEqual(second.assignment.partitions, []);
    assert(second.assignment.waitingFor?.includes("the first"), second.assignment.waitingFor!);
    assert.deepEqual(await second.committed(), []);
    const { members } = await log.describeGroup(group);
    const byDescription = members.map(({ id, description, partitions }) => ({
      id,
      description,
      partitions,
    })).sort((a, b) => a.description < b.description ? -1 : 1);
    assert.deepEqual(byDescription, [
      { id: first.id, description: "the first", partitions: [0] },
      { id: second.id, description: "the second", partitions: [] },
    ]);
    const took = await elapsed(async () => {
      const waiting = assigned(second);
      await first.close();
      await waiting;
    });
    assert(took < patience / 2, `leaving must end the wait, it took ${took} ms`);
    assert(second.assignment.generation > first.assignment.generation);
    assert.equal(second.assignment.waitingFor, null);
    assert.deepEqual(await second.committed(), [committed]);
    await commitOffsets(second, { ...committed, metadata: "further" });
    await first.close();
    await second.poll([]);
  },

  "fences a member that has been replaced": async (underTest) => {
    const { log, prefix } = underTest;
    const [topic, group] = [`${prefix}t`, `${prefix}g`];
    await log.createTopics([{ name: topic, partitions: 1 }]);
    const first = await joined(log, group, topic);
    const committed = { topic, partition: 0, offset: 0, metadata: "first" };
    await commitOffsets(first, committed);
    const late = first.begin();
    await late.append([output(topic, ["never"])]);
    await underTest.outlastSession();
    const second = await joined(log, group, topic);
    assert(second.assignment.generation > first.assignment.generation);
    const overdue = { ...committed, metadata: "overdue" };
    await assertFails(late.commit(() => [overdue]), "fenced");
    await assertFails(first.poll([{ topic, partition: 0, offset: 0 }]), "fenced");
    assert.deepEqual(await second.committed(), [committed]);
    const transaction = second.begin();
    await transaction.append([output(topic, ["seen"])]);
    await transaction.commit(() => [{ ...committed, metadata: "second" }]);
    assert.deepEqual(await readTexts(log, topic, 1), ["seen"]);
    await first.close();
    assert.equal((await second.committed())[0]!.metadata, "second");
    await second.poll([{ topic, partition: 0, offset: 0 }]);
  },

  "ends a member's wait on a signal": async ({ log, prefix }) => {
    const [topic, group] = [`${prefix}t`, `${prefix}g`];
    await log.createTopics([{ name: topic, partitions: 1 }]);
    const holder = await joined(log, group, topic);
    const standby = await join(log, group, { topics: [topic] });
    await sharedOut([holder, standby], 1);
    const polls: [typeof holder, Parameters<typeof holder.poll>[0]][] = [
      [holder, [{ topic, partition: 0, offset: 0 }]],
      [standby, []],
    ];
    for (const [member, positions] of polls) {
      const ending = new AbortController();
      const took = await elapsed(async () => {
        const polling = member.poll(positions, { maxWaitMs: patience, signal: ending.signal });
        ending.abort();
        assert(!(await polling).some(({ batches }) => batches.length > 0));
      });
      assert(took < patience / 2, `the signal must end the wait, it took ${took} ms`);
    }
  },

  "lists groups in use, and describes them": async ({ log, prefix }) => {
    const [topic, group, unused] = [`${prefix}t`, `${prefix}g`, `${prefix}unused`];
    const listed = async () => (await log.listGroups()).filter((one) => one.startsWith(prefix));
    await log.createTopics([{ name: topic, partitions: 1 }]);
    assert.deepEqual(await log.describeGroup(unused), { members: [], offsets: [], processes: [] });
    const passing = await joined(log, unused, topic);
    const member = await joined(log, group, topic);
    assert.deepEqual((await listed()).toSorted(), [group, unused]);
    await passing.close();
    assert.deepEqual(await listed(), [group]);
    await commitOffsets(member, { topic, partition: 0, offset: 0, metadata: "" });
    await member.close();
    assert.deepEqual(await listed(), [group]);
    assert.deepEqual((await log.describeGroup(group)).members, []);
  },

  "tells where the processes of a group's members answer, each address once": async (
    { log, prefix, peers },
  ) => {
    const [topic, group, other] = [`${prefix}t`, `${prefix}g`, `${prefix}other`];
    await log.createTopics([{ name: topic, partitions: 2 }]);
    const [one, two] = ["http://127.0.0.1:9001", "http://127.0.0.1:9002"].map((address, i) => ({
      description: `process ${i}`,
      address,
    }));
    const announcements = [
      await log.announce(group, two!),
      await log.announce(group, one!),
      await log.announce(group, one!),
    ];
    const members = [await join(log, group, { topics: [topic] })];
    members.push(
      await join(log, group, { topics: [topic] }),
      await join(log, other, { topics: [topic] }),
    );
    await Promise.all([sharedOut(members.slice(0, 2), 2), assigned(members[2]!)]);
    for (const reader of [log, ...peers ?? []]) {
      assert.deepEqual((await reader.describeGroup(group)).processes, [one, two]);
      assert.deepEqual((await reader.describeGroup(other)).processes, []);
    }
    await announcements[1]!.close();
    await announcements[1]!.close();
    assert.deepEqual((await log.describeGroup(group)).processes, [one, two]);
    for (const one of [...members, ...announcements]) await one.close();
    assert.deepEqual((await log.describeGroup(group)).processes, []);
    assert(!(await log.listGroups()).includes(group));
  },

  "lets a group be reset, and its topics made anew, while a process only announces itself": async (
    { log, prefix },
  ) => {
    const [topic, group] = [`${prefix}t`, `${prefix}g`];
    await log.announce(group, { description: "waits", address: "http://127.0.0.1:9001" });
    await log.createTopics([{ name: topic, partitions: 1 }]);
    const committed = { topic, partition: 0, offset: 0, metadata: "" };
    await log.resetGroup(group, [committed]);
    const { members, offsets } = await log.describeGroup(group);
    assert.deepEqual([members, offsets], [[], [committed]]);
    await log.createTopics([{ name: topic, partitions: 1 }], { anew: true });
  },

  "replaces the offsets of a group without members": async ({ log, prefix }) => {
    const [one, two, group] = [`${prefix}one`, `${prefix}two`, `${prefix}g`];
    await log.createTopics([one, two].map((name) => ({ name, partitions: 1 })));
    await log.append([output(one, ["a", "b"])]);
    const at = (topic: string, offset: number) => ({ topic, partition: 0, offset, metadata: "" });
    const member = await joined(log, group, one, two);
    await commitOffsets(member, at(one, 2), at(two, 0));
    await assertFails(log.resetGroup(group, []), "members-alive");
    assert.deepEqual(await member.committed(), [at(one, 2), at(two, 0)]);
    const { generation } = member.assignment;
    await member.close();
    await log.resetGroup(group, [at(one, 1)]);
    assert.deepEqual((await log.describeGroup(group)).offsets, [at(one, 1)]);
    await assertFails(log.resetGroup(group, [at(`${prefix}missing`, 0)]), "topic-missing");
    assert.deepEqual((await log.describeGroup(group)).offsets, [at(one, 1)]);
    const next = await joined(log, group, one, two);
    assert(next.assignment.generation > generation, "generations must grow over a reset");
    assert.deepEqual(await next.committed(), [at(one, 1)]);
    await next.close();
    await log.resetGroup(group, []);
    assert(!(await log.listGroups()).includes(group));
    await log.resetGroup(`${prefix}new`, [at(one, 0)]);
    assert.deepEqual((await log.describeGroup(`${prefix}new`)).offsets, [at(one, 0)]);
  },

  "fences a silent member whose group was reset": async (underTest) => {
    const { log, prefix } = underTest;
    const [topic, group] = [`${prefix}t`, `${prefix}g`];
    await log.createTopics([{ name: topic, partitions: 1 }]);
    const member = await joined(log, group, topic);
    const committed = { topic, partition: 0, offset: 0, metadata: "before" };
    await commitOffsets(member, committed);
    const late = member.begin();
    await late.append([output(topic, ["never"])]);
    await underTest.outlastSession();
    const reset = { ...committed, metadata: "reset" };
    await log.resetGroup(group, [reset]);
    await assertFails(late.commit(() => [committed]), "fenced");
    await assertFails(member.poll([]), "fenced");
    assert.deepEqual((await log.describeGroup(group)).offsets, [reset]);
    assert.deepEqual(await readTexts(log, topic, 0), []);
  },
};
