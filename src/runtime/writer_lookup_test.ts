/** Who wrote what a reader meets, and in which order it comes to know of it (semantics 24). */

import assert from "node:assert/strict";
import type { Log } from "../log/log.ts";
import { SimulatedClock } from "../base/clock.ts";
import { runJob } from "./job.ts";
import type { InputStatus, JobStatus } from "./job_status.ts";
import {
  draining,
  openLog,
  overlay,
  read,
  sales,
  sell,
  total,
  until,
  untilEnd,
  withMembers,
} from "./test_sales.ts";
import { heldBack, Writer } from "./test_writers.ts";

/** The reader, running, and its input as it was told last. */
function reading(log: Log, clock = new SimulatedClock(10_000_000)) {
  const stop = new AbortController();
  const seen: JobStatus[] = [];
  const ended = runJob(log, sales(), {
    clock,
    commitInterval: 1,
    signal: stop.signal,
    observer: { status: (status) => seen.push(status) },
  });
  ended.catch(() => {});
  return {
    clock,
    input: (): InputStatus | undefined => seen.at(-1)?.tasks[0]?.inputs[0],
    at: (offset: number) => until(() => seen.at(-1)?.tasks[0]?.inputs[0]?.position === offset),
    stop: () => {
      stop.abort();
      return ended;
    },
  };
}

const late = (log: Log) => read(log, "sales.late");

Deno.test("semantics 24: a reader that was there before its writer follows it from the first record on", async () => {
  const log = await openLog();
  const reader = reading(log);
  await until(() => reader.input() !== undefined);
  const writer = await Writer.join(log, { tasks: 2 });
  await writer.commit([], { task: 0, upTo: null }, { task: 1, upTo: null });
  await writer.commit([{ second: 100, sum: 1 }], { task: 0, upTo: 100 });
  await writer.commit([{ second: 10, sum: 2 }], { task: 1, upTo: 10 });
  await reader.at(2);
  assert.deepEqual(reader.input()!.heldBy, { job: "writer", task: 1, watermark: 9_999 });
  await writer.commit([{ second: 70, sum: 4 }], { task: 1, upTo: 70 });
  await until(async () => (await read(log, "totals")).length === 1);
  await reader.stop();
  assert.deepEqual(await read(log, "totals"), [total(60, 2)]);
  assert.deepEqual(await late(log), []);
  await log.close();
});

Deno.test("semantics 24: records that can be read before their reports wait for nothing but the registration", async () => {
  const log = await openLog();
  const writer = await Writer.join(log, { tasks: 2 });
  await writer.commit([], { task: 0, upTo: null }, { task: 1, upTo: null });
  await writer.commit([{ second: 100, sum: 1 }], { task: 0, upTo: 100 });
  await writer.commit([{ second: 10, sum: 2 }], { task: 1, upTo: 10 });
  let answers = 0;
  // The reader is told of reports by nobody, but can look for them.
  const reader = reading(withMembers(log, (member) => ({
    poll: async (...args) => {
      const fetched = await member.poll(...args);
      if (fetched.length > 0) answers++;
      return fetched.filter(({ topic }) => topic === "sales");
    },
  })));
  await reader.at(2);
  assert.ok(answers > 0);
  const { carried, unreported } = reader.input()!;
  assert.deepEqual({ carried, unreported }, { carried: true, unreported: 0 });
  await reader.stop();
  await log.close();
});

Deno.test("semantics 24: reports that can be read before their records count when these have been", async () => {
  const log = await openLog();
  const writer = await Writer.join(log);
  await writer.commit([], { upTo: null });
  await writer.commit([{ second: 10, sum: 1 }], { upTo: 10 });
  await writer.commit([{ second: 100, sum: 2 }], { upTo: 100 });
  let stable = 1;
  const reader = reading(heldBack(log, (topic) => topic === "sales" ? stable : null));
  await reader.at(1);
  await until(() => reader.input()!.watermark !== null);
  assert.equal(reader.input()!.watermark, 9_999);
  stable = 2;
  await reader.at(2);
  await reader.stop();
  assert.deepEqual(await read(log, "totals"), [total(60, 1)]);
  await log.close();
});

Deno.test("semantics 24: a registration that an unfinished transaction holds back is waited for", async () => {
  const log = await openLog();
  const slow = await Writer.join(log, { job: "slow" });
  const writer = await Writer.join(log, { tasks: 2 });
  await slow.commit([], { upTo: 1_000 });
  await writer.commit([], { task: 0, upTo: null }, { task: 1, upTo: null });
  await writer.commit([{ second: 100, sum: 1 }, { second: 10, sum: 2 }], { upTo: 100 });
  let stable: number | null = 0;
  let polls = 0;
  const held = heldBack(log, (topic) => topic === "sales.watermarks" ? stable : null);
  const reader = reading(withMembers(held, (member) => ({
    poll: (...args) => {
      polls++;
      return member.poll(...args);
    },
  })));
  await until(() => reader.input() !== undefined);
  const before = polls;
  await until(() => polls > before + 5);
  assert.equal(reader.input()!.position, 0, "who wrote it is not known");
  stable = null;
  await reader.at(2);
  assert.deepEqual(reader.input()!.heldBy, { job: "writer", task: 1, watermark: null });
  await reader.stop();
  assert.deepEqual(await late(log), []);
  await log.close();
});

Deno.test("semantics 24: a writer that registers behind reports that count later is found", async () => {
  const log = await openLog();
  // Offsets 0 to 2 hold no record, as after transactions that were aborted.
  await sell(log, [0, 1], [0, 1], [0, 1]);
  const other = await Writer.join(log, { job: "other" });
  await other.commit([], { upTo: 1_000, next: 2 });
  const writer = await Writer.join(log, { tasks: 2 });
  await writer.commit([], { task: 0, upTo: null, next: 2 }, { task: 1, upTo: null, next: 2 });
  await writer.commit([{ second: 100, sum: 1 }], { upTo: 100 });
  const gap = withMembers(
    overlay(log, {
      // A look finds one report at a time.
      fetch: (positions) => log.fetch(positions, { maxPartitionBytes: 1 }),
    }),
    (member) => ({
      poll: async (positions, options) => {
        const fetched = await member.poll(positions, { ...options, maxPartitionBytes: 1 });
        return fetched.flatMap((one) => {
          if (one.topic !== "sales" || one.nextOffset > 3) return [one];
          return [];
        });
      },
    }),
  );
  const behindGap = withMembers(gap, (member) => ({
    poll: async (positions, options) => {
      const moved = positions.map((one) =>
        one.topic === "sales" && one.offset < 3 ? { ...one, offset: 3 } : one
      );
      return await member.poll(moved, options);
    },
  }));
  const status = await runJob(behindGap, sales(), untilEnd());
  const { unreported, heldBy } = status.tasks[0]!.inputs[0]!;
  assert.equal(unreported, 0);
  assert.deepEqual(heldBy, { job: "writer", task: 1, watermark: null });
  await log.close();
});

Deno.test("semantics 24: what a stranger writes in transactions is counted, and moves nothing", async () => {
  const log = await openLog();
  const writer = await Writer.join(log);
  const stranger = await Writer.stranger(log);
  await writer.commit([], { upTo: null });
  await stranger.commit([{ second: 300, sum: 1, shop: "s" }]);
  await stranger.commit([{ second: 301, sum: 1, shop: "s" }]);
  await writer.commit([{ second: 10, sum: 2 }], { upTo: 10 });
  await writer.commit([{ second: 61, sum: 4 }], { upTo: 61 });
  await stranger.commit([{ second: 30, sum: 8, shop: "s" }]);
  const status = await runJob(log, sales(), untilEnd());
  assert.equal(status.tasks[0]!.inputs[0]!.unreported, 3);
  assert.equal(status.tasks[0]!.watermark, 60_999);
  assert.deepEqual(await read(log, "totals"), [total(60, 2)]);
  // Its own records can be late.
  assert.equal((await late(log)).length, 1);
  await log.close();
});

Deno.test("semantics 24: what is written without a transaction is counted, and moves nothing", async () => {
  const log = await openLog();
  const writer = await Writer.join(log);
  await writer.commit([], { upTo: null });
  await sell(log, [300, 1, "s"]);
  await writer.commit([{ second: 10, sum: 2 }], { upTo: 10 });
  const status = await runJob(log, sales(), untilEnd());
  assert.equal(status.tasks[0]!.inputs[0]!.unreported, 1);
  assert.deepEqual(await late(log), []);
  await writer.commit([{ second: 61, sum: 4 }], { upTo: 61 });
  await runJob(log, sales(), untilEnd());
  assert.deepEqual(await read(log, "totals"), [total(60, 2)]);
  await log.close();
});

for (const kind of ["in transactions", "without"]) {
  Deno.test(`semantics 24: a stranger's records (${kind}) do not overtake a registration that was there before them`, async () => {
    const log = await openLog();
    const stranger = await Writer.stranger(log);
    const write = async (second: number) => {
      if (kind === "without") await sell(log, [second, 1, "s"]);
      else await stranger.commit([{ second, sum: 1, shop: "s" }]);
    };
    await log.createTopics([{ name: "sales.watermarks", partitions: 1 }]);
    await write(0);
    // Reports are told of last.
    const reader = reading(withMembers(log, (member) => ({
      poll: async (...args) =>
        (await member.poll(...args)).filter(({ topic }) => topic === "sales"),
    })));
    await reader.at(1);
    assert.equal(reader.input()!.carried, false);
    const writer = await Writer.join(log);
    await writer.commit([], { upTo: null });
    await write(300);
    await writer.commit([{ second: 10, sum: 2 }], { upTo: 10 });
    await reader.at(3);
    await reader.stop();
    assert.deepEqual(await late(log), []);
    await log.close();
  });
}

Deno.test("semantics 24: a bounded run does not ask who wrote what lies behind its stop", async () => {
  const log = await openLog();
  const writer = await Writer.join(log);
  await writer.commit([], { upTo: null });
  await writer.commit([{ second: 10, sum: 1 }], { upTo: 10 });
  const stranger = await Writer.stranger(log);
  // Written after the stop was fixed, and fetched with what lies before it; reports come later.
  let isWritten = false;
  let polls = 0;
  const oneByOne = overlay(log, {
    fetch: (positions) => log.fetch(positions, { maxPartitionBytes: 1 }),
  });
  const growing = withMembers(oneByOne, (member) => ({
    poll: async (positions, options) => {
      if (!isWritten && positions.length > 0) {
        isWritten = true;
        await stranger.commit([{ second: 500, sum: 8 }]);
      }
      const fetched = await member.poll(positions, options);
      return fetched.filter(({ topic }) => topic === "sales" || ++polls > 3);
    },
  }));
  const status = await runJob(growing, sales(), draining);
  assert.equal(status.tasks[0]!.inputs[0]!.position, 1);
  assert.deepEqual(await read(log, "totals"), [total(60, 1, "drain")]);
  await log.close();
});

Deno.test("semantics 24: silence counts only once it is known that nobody is registered", async () => {
  const log = await openLog();
  let looks = 0;
  const watched = overlay(log, {
    describeTopics: (names) => {
      if (names?.includes("sales.watermarks")) looks++;
      return log.describeTopics(names);
    },
  });
  const reader = reading(watched);
  await until(() => reader.input() !== undefined);
  const writer = await Writer.join(log);
  await writer.commit([], { upTo: null });
  const before = looks;
  // It has met no record of the writer and was not told of its topic of reports.
  reader.clock.advance(60_000);
  await until(() => looks > before);
  await sell(log, [0, 1]);
  await reader.at(1);
  const { carried, idle } = reader.input()!;
  assert.deepEqual({ carried, idle }, { carried: true, idle: false });
  await reader.stop();
  await log.close();
});
