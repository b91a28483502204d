/** Reports are read in step with the records that they are about (semantics 24). */

import assert from "node:assert/strict";
import type { Log } from "../log/log.ts";
import { runJob } from "./job.ts";
import type { InputStatus, JobStatus } from "./job_status.ts";
import {
  draining,
  fails,
  openLog,
  read,
  sales,
  total,
  untilEnd,
  withMembers,
} from "./test_sales.ts";
import { forget, Writer } from "./test_writers.ts";

const input = (status: JobStatus): InputStatus => status.tasks[0]!.inputs[0]!;
const bounded = (log: Log, own = {}) => runJob(log, sales(), untilEnd(own));

/** A log with a writer of two tasks that has registered both. */
async function written() {
  const log = await openLog();
  const writer = await Writer.join(log, { tasks: 2 });
  await writer.commit([], { task: 0, upTo: null }, { task: 1, upTo: null });
  return { log, writer };
}

/** What a reader has committed of its reports' position, and all that belongs to it. */
async function saved(log: Log): Promise<{ reports?: number; upstream?: Record<string, string> }> {
  const { offsets } = await log.describeGroup("sales-job");
  return JSON.parse(offsets[0]!.metadata);
}

Deno.test("semantics 24: a report counts when its place has been passed, and what is before it comes first", async () => {
  const { log, writer } = await written();
  await writer.commit([{ second: 10, sum: 1 }], { task: 0, upTo: 10 }, { task: 1, upTo: 500 });
  await writer.commit([{ second: 70, sum: 2 }]);
  // Of a place that is not written yet; the one behind it would count already.
  await writer.commit([], { task: 0, upTo: 71, next: 3 });
  await writer.commit([], { task: 0, upTo: 400, next: 0 });
  const first = await bounded(log);
  assert.equal(input(first).watermark, 9_999);
  assert.equal((await saved(log)).reports, 4);
  await writer.commit([{ second: 80, sum: 4 }]);
  const second = await bounded(log);
  assert.equal(input(second).watermark, 399_999);
  assert.equal((await saved(log)).reports, 6);
  assert.deepEqual(await read(log, "totals"), [total(60, 1), total(120, 7)]);
  await log.close();
});

Deno.test("semantics 24: the results are the same wherever the reader was restarted in between", async () => {
  const commits = [
    { second: 100, task: 0 },
    { second: 10, task: 1 },
    { second: 190, task: 0 },
    { second: 130, task: 1 },
    { second: 300, task: 0 },
    { second: 250, task: 1 },
  ];
  const expected = [total(60, 2), total(120, 3), total(180, 11), total(240, 15)];
  for (let restarts = 0; restarts < 2 ** commits.length; restarts += 3) {
    const { log, writer } = await written();
    for (const [i, { second, task }] of commits.entries()) {
      await writer.commit([{ second, sum: 2 ** i }], { task, upTo: second });
      if (restarts & 2 ** i) await bounded(log);
    }
    await bounded(log);
    assert.deepEqual(await read(log, "totals"), expected, `restarts ${restarts}`);
    assert.deepEqual(await read(log, "sales.late"), []);
    await log.close();
  }
});

Deno.test("semantics 24: a job with another number of tasks is refused, and goes on when it was taken out before", async () => {
  const { log, writer } = await written();
  await writer.commit([{ second: 10, sum: 1 }], { task: 0, upTo: 10 }, { task: 1, upTo: 10 });
  await bounded(log);
  await writer.close();
  const grown = await Writer.join(log, { tasks: 3 });
  await forget(log, "writer");
  await bounded(log);
  for (const task of [0, 1, 2]) await grown.commit([], { task, upTo: 61 });
  assert.equal(input(await bounded(log)).watermark, 60_999);
  await grown.close();
  const shrunk = await Writer.join(log, { tasks: 1 });
  await shrunk.commit([], { task: 0, upTo: 62 });
  const error = await fails("upstream-changed", bounded(log));
  assert.match(error.message, /3 tasks as before, it has 1/);
  await log.close();
});

Deno.test("semantics 24: a job that is taken out holds nothing back any more", async () => {
  const { log, writer } = await written();
  const other = await Writer.join(log, { job: "other" });
  await other.commit([], { upTo: null });
  await writer.commit([{ second: 70, sum: 1 }], { task: 0, upTo: 70 }, { task: 1, upTo: 90 });
  assert.deepEqual(input(await bounded(log)).heldBy, { job: "other", task: 0, watermark: null });
  await forget(log, "other");
  const status = await bounded(log);
  assert.deepEqual(input(status).heldBy, { job: "writer", task: 0, watermark: 69_999 });
  await log.close();
});

Deno.test("semantics 24: of two jobs that write a topic the slower one decides", async () => {
  const log = await openLog();
  const [fast, slow] = [
    await Writer.join(log, { job: "fast" }),
    await Writer.join(log, { job: "slow" }),
  ];
  await fast.commit([], { upTo: null });
  await slow.commit([], { upTo: null });
  await fast.commit([{ second: 300, sum: 1 }], { upTo: 300 });
  await slow.commit([{ second: 10, sum: 2 }], { upTo: 10 });
  await slow.commit([{ second: 70, sum: 4 }], { upTo: 70 });
  const status = await bounded(log);
  assert.deepEqual(input(status).heldBy, { job: "slow", task: 0, watermark: 69_999 });
  assert.deepEqual(await read(log, "totals"), [total(60, 2)]);
  assert.deepEqual(await read(log, "sales.late"), []);
  await log.close();
});

Deno.test("semantics 24: reports about a topic of the same name that was deleted do not count", async () => {
  const { log, writer } = await written();
  await writer.commit([{ second: 500, sum: 1 }], { task: 0, upTo: 500 }, { task: 1, upTo: 500 });
  await log.deleteTopics(["sales"]);
  await log.createTopics([{ name: "sales", partitions: 1 }]);
  await writer.close();
  const again = await Writer.join(log, { tasks: 3 });
  await again.commit([{ second: 10, sum: 2 }], { task: 0, upTo: 10 });
  const status = await bounded(log);
  // With two tasks before it would have been refused.
  assert.deepEqual(input(status).heldBy, { job: "writer", task: 1, watermark: null });
  await log.close();
});

Deno.test("semantics 24: a slow reader holds one fetch of reports, and reads on when these have counted", async () => {
  const log = await openLog();
  const writer = await Writer.join(log);
  await writer.commit([], { upTo: null });
  for (let i = 1; i <= 300; i++) await writer.commit([{ second: i, sum: 1 }], { upTo: i });
  let asked = 0;
  let answered = 0;
  let ahead = 0;
  const counted = withMembers(log, (member) => ({
    poll: async (positions, options) => {
      const records = positions.find(({ topic }) => topic === "sales");
      const reports = positions.find(({ topic }) => topic === "sales.watermarks");
      if (reports !== undefined) {
        asked++;
        // The report at an offset is about one record less.
        if (records !== undefined) ahead = Math.max(ahead, reports.offset - 1 - records.offset);
      }
      const fetched = await member.poll(positions, { ...options, maxPartitionBytes: 500 });
      const answer = fetched.find(({ topic }) => topic === "sales.watermarks");
      if (answer !== undefined && answer.batches.length > 0) answered++;
      return fetched;
    },
  }));
  const status = await runJob(counted, sales(), untilEnd());
  assert.equal(input(status).watermark, 299_999);
  assert.equal((await saved(log)).reports, 301);
  assert.ok(answered > 30, `all reports came in ${answered} of ${asked} fetches`);
  assert.ok(ahead <= 10, `reports were read ${ahead} records ahead`);
  await log.close();
});

Deno.test("semantics 24: what was committed with reports goes on without them, and with them again", async () => {
  const { log, writer } = await written();
  await writer.commit([{ second: 10, sum: 1 }], { task: 0, upTo: 10 }, { task: 1, upTo: 10 });
  assert.equal(input(await bounded(log)).watermark, 9_999);
  await writer.commit([{ second: 70, sum: 2 }], { task: 0, upTo: 60 });
  const alone = await bounded(log, { watermarks: "record" });
  assert.deepEqual([input(alone).carried, input(alone).watermark], [false, 69_999]);
  assert.deepEqual(await read(log, "totals"), [total(60, 1)]);
  assert.deepEqual([(await saved(log)).reports, (await saved(log)).upstream], [
    undefined,
    undefined,
  ]);
  const again = await bounded(log);
  assert.deepEqual([input(again).carried, input(again).watermark], [true, 69_999]);
  assert.deepEqual(input(again).heldBy, { job: "writer", task: 1, watermark: 9_999 });
  await log.close();
});

Deno.test("semantics 24: a reader whose topic of reports is gone stops and names the way out", async () => {
  const { log, writer } = await written();
  await writer.commit([{ second: 10, sum: 1 }], { task: 0, upTo: 10 });
  await bounded(log);
  await log.deleteTopics(["sales.watermarks"]);
  const error = await fails("topic-missing", bounded(log));
  assert.match(error.message, /--watermarks record/);
  await bounded(log, { watermarks: "record" });
  await log.close();
});

Deno.test("semantics 11: a partition without a record that a writer holds does so at a bounded run's end", async () => {
  const log = await openLog(2);
  const writer = await Writer.join(log);
  for (const partition of [0, 1]) await writer.commit([], { upTo: null, partition });
  await writer.commit([{ second: 70, sum: 1 }], { upTo: 70 });
  const status = await bounded(log);
  assert.deepEqual(status.tasks.map(({ inputs }) => inputs[0]!.idle), [false, false]);
  await log.close();
});

Deno.test("semantics 9: when all writers are idle a bounded reader waits for a drain", async () => {
  const { log, writer } = await written();
  await writer.commit([{ second: 10, sum: 1 }], { task: 0, upTo: 10 }, { task: 1, upTo: 10 });
  await writer.commit([], { task: 0, upTo: "idle" }, { task: 1, upTo: "idle" });
  const status = await bounded(log);
  assert.deepEqual([input(status).idle, input(status).heldBy], [true, null]);
  assert.deepEqual(await read(log, "totals"), []);
  await runJob(log, sales(), draining);
  assert.deepEqual(await read(log, "totals"), [total(60, 1, "drain")]);
  await log.close();
});
