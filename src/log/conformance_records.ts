/** What a log must do with topics and records. */

import assert from "node:assert/strict";
import { systemClock } from "../base/clock.ts";
import { utf8 } from "../base/bytes.ts";
import {
  assertFails,
  commitOffsets,
  elapsed,
  encode,
  fetchOne,
  joined,
  type LogTest,
  output,
  patience,
  type PlainRecord,
  readAll,
  readTexts,
  recordsOf,
} from "./conformance_support.ts";

/** By what they show. */
export const recordTests: Readonly<Record<string, LogTest>> = {
  "describes the topics it creates, by name": async ({ log, prefix }) => {
    const [a, b, c] = [`${prefix}a`, `${prefix}b`, `${prefix}c`];
    await log.createTopics([
      { name: b!, partitions: 2, cleanup: "compact" },
      { name: a!, partitions: 1, retentionMs: 3_600_000, retentionBytes: 1_000_000 },
      { name: c!, partitions: 1 },
    ]);
    const empty = { startOffset: 0, endOffset: 0 };
    const described = await log.describeTopics([c!, b!, a!, `${prefix}missing`]);
    assert.deepEqual(described.map(({ id: _, settings: __, ...rest }) => rest), [
      {
        name: a,
        cleanup: "delete",
        retentionMs: 3_600_000,
        retentionBytes: 1_000_000,
        partitions: [empty],
      },
      {
        name: b,
        cleanup: "compact",
        retentionMs: null,
        retentionBytes: null,
        partitions: [empty, empty],
      },
      { name: c, cleanup: "delete", retentionMs: null, retentionBytes: null, partitions: [empty] },
    ]);
    assert.equal(new Set(described.map(({ id }) => id)).size, 3);
    const all = (await log.describeTopics()).filter(({ name }) => name.startsWith(prefix));
    assert.deepEqual(all, described);
    assert.deepEqual(await log.describeTopics([]), []);
  },

  "creates all of the topics or none": async ({ log, prefix }) => {
    await log.createTopics([{ name: `${prefix}old`, partitions: 1 }]);
    const topics = ["new", "old"].map((name) => ({ name: prefix + name, partitions: 1 }));
    await assertFails(log.createTopics(topics), "topic-exists");
    assert.deepEqual(await log.describeTopics([`${prefix}new`]), []);
  },

  "creates topics anew in place of those of the same names": async ({ log, prefix }) => {
    const [a, b, other] = [`${prefix}a`, `${prefix}b`, `${prefix}other`];
    await log.createTopics([a, other].map((name) => ({ name, partitions: 1 })));
    await log.append([output(a, ["old"])]);
    await log.resetGroup(
      `${prefix}g`,
      [a, other].map((topic) => {
        return { topic, partition: 0, offset: 0, metadata: "" };
      }),
    );
    const [before] = await log.describeTopics([a]);
    const anew = [a, b].map((name) => ({ name, partitions: 2 }));
    await log.createTopics(anew, { anew: true });
    const empty = { startOffset: 0, endOffset: 0 };
    const after = await log.describeTopics([a, b]);
    assert.deepEqual(after.map(({ partitions }) => partitions), [[empty, empty], [empty, empty]]);
    assert.notEqual(after[0]!.id, before!.id);
    const { offsets } = await log.describeGroup(`${prefix}g`);
    assert.deepEqual(offsets.map(({ topic }) => topic), [other]);
    await assertFails(
      log.createTopics([{ name: a, partitions: 0 }, ...anew.slice(1)], { anew: true }),
      "invalid-argument",
    );
    assert.equal((await log.describeTopics([a]))[0]!.id, after[0]!.id);
  },

  "takes the names that Kafka takes, and no others": async ({ log, prefix }) => {
    const longest = (prefix + "x".repeat(249)).slice(0, 249);
    await log.createTopics([
      { name: longest, partitions: 1 },
      { name: `${prefix}A.b_c-9`, partitions: 1 },
    ]);
    assert.equal((await log.describeTopics([longest])).length, 1);
    for (const name of ["", ".", "..", "a/b", "a b", "ä", "x".repeat(250), "a\n"]) {
      await assertFails(log.createTopics([{ name, partitions: 1 }]), "invalid-argument");
    }
    for (const partitions of [0, -1, 1.5]) {
      await assertFails(log.createTopics([{ name: "t", partitions }]), "invalid-argument");
    }
  },

  "deletes a topic with its records and committed offsets": async ({ log, prefix }) => {
    const [topic, other, group] = [`${prefix}t`, `${prefix}other`, `${prefix}g`];
    const specs = [{ name: topic, partitions: 1 }, { name: other, partitions: 1 }];
    await log.createTopics(specs);
    await log.append([output(topic, ["a", "b"])]);
    const member = await joined(log, group, topic, other);
    const metadata = "";
    await commitOffsets(
      member,
      { topic, partition: 0, offset: 2, metadata },
      { topic: other, partition: 0, offset: 0, metadata },
    );
    await member.close();
    const [before] = await log.describeTopics([topic]);
    await log.deleteTopics([topic]);
    assert.deepEqual(await log.describeTopics([topic]), []);
    assert.deepEqual((await log.describeGroup(group)).offsets.map((one) => one.topic), [other]);
    await log.createTopics([specs[0]!]);
    const [after] = await log.describeTopics([topic]);
    assert.notEqual(after!.id, before!.id);
    assert.deepEqual(after!.partitions, [{ startOffset: 0, endOffset: 0 }]);
    assert.deepEqual((await log.describeGroup(group)).offsets.map((one) => one.topic), [other]);
    await assertFails(log.deleteTopics([`${prefix}missing`]), "topic-missing");
  },

  "gives each batch appended the next offsets of its partition": async ({ log, prefix }) => {
    const topic = `${prefix}t`;
    await log.createTopics([{ name: topic, partitions: 2 }]);
    const again = output(topic, ["again"], 1);
    const offsets = await log.append([
      output(topic, ["a", "b"]),
      output(topic, ["c"], 1),
      output(topic, ["d"]),
      again,
    ]);
    assert.deepEqual(offsets, [0, 0, 2, 1]);
    assert.deepEqual(await log.append([again]), [2]);
    assert.deepEqual(await log.append([]), []);
    assert.deepEqual(await readTexts(log, topic, 3), ["a", "b", "d"]);
    const second = await readAll(log, { topic, partition: 1 }, { expected: 3 });
    assert.deepEqual(second.map(({ offset }) => offset), [0, 1, 2]);
    const [described] = await log.describeTopics([topic]);
    assert.deepEqual(described!.partitions.map(({ endOffset }) => endOffset), [3, 3]);
    for (const missing of [output(`${prefix}missing`, ["x"]), output(topic, ["x"], 2)]) {
      await assertFails(log.append([missing]), "topic-missing");
    }
  },

  "reads whole batches from the one that holds the position": async ({ log, prefix }) => {
    const topic = `${prefix}t`;
    await log.createTopics([{ name: topic, partitions: 1 }]);
    for (const values of [["0", "1", "2"], ["3", "4", "5"], ["6"]]) {
      await log.append([output(topic, values)]);
    }
    const fetched = await fetchOne(log, { topic, partition: 0, offset: 4 }, patience);
    assert.equal(fetched.batches[0]!.baseOffset, 3);
    assert.equal(fetched.batches[0]!.firstAt(4), 1);
    assert.deepEqual(recordsOf(fetched, 4).map(({ offset }) => offset), [4, 5, 6]);
    assert.equal(fetched.nextOffset, 7);
    assert.equal(fetched.endOffset, 7);
    const [described] = await log.describeTopics([topic]);
    assert.equal(fetched.topicId, described!.id);
    const atEnd = await fetchOne(log, { topic, partition: 0, offset: 7 });
    assert.deepEqual([atEnd.batches, atEnd.nextOffset, atEnd.endOffset], [[], 7, 7]);
  },

  "takes no more than a partition's share, but the first batch whole": async ({ log, prefix }) => {
    const topic = `${prefix}t`;
    await log.createTopics([{ name: topic, partitions: 2 }]);
    for (let i = 0; i < 4; i++) {
      await log.append([0, 1].map((partition) => output(topic, ["x".repeat(1_000)], partition)));
    }
    const size = output(topic, ["x".repeat(1_000)]).batch.bytes.length;
    const positions = [0, 1].map((partition) => ({ topic, partition, offset: 1 }));
    const shares = [[1, 1], [size - 1, 1], [2 * size - 1, 1], [2 * size, 2], [9 * size, 3]];
    for (const [maxPartitionBytes, batches] of shares) {
      const fetched = await log.fetch(positions, {
        maxPartitionBytes: maxPartitionBytes!,
        maxWaitMs: patience,
      });
      assert.deepEqual(fetched.map((one) => one.batches.length), [batches, batches]);
      assert.deepEqual(fetched.map((one) => one.nextOffset), [1 + batches!, 1 + batches!]);
    }
  },

  "answers for every position, in order": async ({ log, prefix }) => {
    const [a, b] = [`${prefix}a`, `${prefix}b`];
    await log.createTopics([{ name: a, partitions: 2 }, { name: b, partitions: 1 }]);
    await log.append([output(a, ["a1"], 1)]);
    const positions = [
      { topic: b, partition: 0, offset: 0 },
      { topic: a, partition: 1, offset: 0 },
      { topic: a, partition: 0, offset: 0 },
    ];
    const fetched = await log.fetch(positions, { maxWaitMs: patience });
    assert.deepEqual(
      fetched.map(({ topic, partition, nextOffset }) => ({ topic, partition, offset: nextOffset })),
      [positions[0], { ...positions[1], offset: 1 }, positions[2]],
    );
    assert.deepEqual(await log.fetch([]), []);
  },

  "waits for a first record, until there is one": async ({ log, prefix }) => {
    const topic = `${prefix}t`;
    await log.createTopics([{ name: topic, partitions: 2 }]);
    const positions = [0, 1].map((partition) => ({ topic, partition, offset: 0 }));
    const took = await elapsed(async () => {
      const fetching = log.fetch(positions, { maxWaitMs: patience });
      await systemClock.sleep(20);
      await log.append([output(topic, ["a"], 1)]);
      const fetched = await fetching;
      assert.deepEqual(fetched.map(({ batches }) => batches.length), [0, 1]);
    });
    assert(took < patience / 2, `the append must end the wait, it took ${took} ms`);
    const waited = await elapsed(() =>
      log.fetch([{ topic, partition: 0, offset: 0 }], { maxWaitMs: 60 })
    );
    assert(waited >= 55, `it must wait for 60 ms, it took ${waited}`);
  },

  "stops waiting on a signal": async ({ log, prefix }) => {
    const topic = `${prefix}t`;
    await log.createTopics([{ name: topic, partitions: 1 }]);
    const position = { topic, partition: 0, offset: 0 };
    const ending = new AbortController();
    const took = await elapsed(async () => {
      const options = { maxWaitMs: patience, signal: ending.signal };
      const fetching = log.fetch([position], options);
      await systemClock.sleep(20);
      ending.abort();
      assert.deepEqual((await fetching)[0]!.batches, []);
      assert.deepEqual((await log.fetch([position], options))[0]!.batches, []);
    });
    assert(took < patience / 2, `the signal must end the wait, it took ${took} ms`);
  },

  "refuses positions that are not there": async ({ log, prefix }) => {
    const topic = `${prefix}t`;
    await log.createTopics([{ name: topic, partitions: 1 }]);
    await log.append([output(topic, ["a"])]);
    const [old] = await log.describeTopics([topic]);
    const position = { topic, partition: 0, offset: 1, topicId: old!.id };
    assert.equal((await fetchOne(log, position)).nextOffset, 1);
    for (const offset of [2, 1_000_000, -1]) {
      await assertFails(log.fetch([{ ...position, offset }]), "offset-out-of-range");
    }
    for (const missing of [{ topic: `${prefix}missing` }, { partition: 1 }]) {
      const { topicId: _, ...rest } = position;
      await assertFails(log.fetch([{ ...rest, ...missing }]), "topic-missing");
    }
    await log.deleteTopics([topic]);
    await assertFails(log.fetch([position]), "topic-changed");
    await log.createTopics([{ name: topic, partitions: 1 }]);
    await log.append([output(topic, ["new"])]);
    await assertFails(log.fetch([position]), "topic-changed");
  },

  "finds the first offset of a time": async ({ log, prefix }) => {
    const topic = `${prefix}t`;
    await log.createTopics([{ name: topic, partitions: 2 }]);
    const at = (...times: number[]) => ({
      topic,
      partition: 0,
      batch: encode(
        times.map((timestamp) => ({ timestamp, key: null, value: null, headers: [] })),
      ),
    });
    await log.append([at(100, 300, 200)]);
    await log.append([at(250, 400)]);
    const expected = [[0, 0], [100, 0], [101, 1], [300, 1], [301, 4], [400, 4], [401, 5]];
    for (const [time, offset] of expected) {
      assert.deepEqual(await log.offsetsForTime(topic, time!), [offset, 0], `time ${time}`);
    }
    await assertFails(log.offsetsForTime(`${prefix}missing`, 0), "topic-missing");
  },

  "gives records back byte for byte": async ({ log, prefix }) => {
    const topic = `${prefix}t`;
    await log.createTopics([{ name: topic, partitions: 1 }]);
    const record = (timestamp: number, rest: Partial<PlainRecord> = {}): PlainRecord => ({
      timestamp,
      key: null,
      value: null,
      headers: [],
      ...rest,
    });
    const everyByte = Uint8Array.from({ length: 256 }, (_, i) => i);
    const written = [
      record(0),
      record(-1, { key: utf8(""), value: utf8("") }),
      record(-60_001, { key: utf8("Zürich"), value: utf8("✈ 東京 🛫") }),
      record(1_700_000_000_123, { key: everyByte, value: everyByte }),
      record(1, {
        headers: [
          { name: "reason", value: utf8("späte") },
          { name: "reason", value: null },
          { name: "ü", value: utf8("") },
          { name: "bytes", value: everyByte },
        ],
      }),
    ];
    await log.append([{ topic, partition: 0, batch: encode(written) }]);
    for (const one of written) await log.append([{ topic, partition: 0, batch: encode([one]) }]);
    const read = await readAll(log, { topic, partition: 0 }, { expected: 2 * written.length });
    assert.deepEqual(
      read,
      [...written, ...written].map((one, offset) => ({ ...one, offset })),
    );
  },
};
