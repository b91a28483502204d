/** What a status tells beside the counts: who holds back, what is open, how the member fared. */

import assert from "node:assert/strict";
import { SimulatedClock } from "../base/clock.ts";
import { StreamEnvironment } from "../stream/environment.ts";
import { json } from "../stream/json.ts";
import { WatermarkStrategy } from "../stream/watermark_strategy.ts";
import { EventTimeSessionWindows } from "../stream/windows/session_windows.ts";
import { runJob } from "./job.ts";
import type { JobOptions } from "./job_options.ts";
import type { InputStatus, JobStatus } from "./job_status.ts";
import { RestoreProgress } from "./restore_progress.ts";
import { faultyLog } from "./test_faults.ts";
import { openLog, type Sale, sales, sell, until, untilEnd } from "./test_sales.ts";

Deno.test("a status tells lag, holder, open windows, state and the commit's outcome", async () => {
  const log = await openLog();
  await sell(log, [0, 1], [61, 2]);
  const seen: JobStatus[] = [];
  await runJob(log, sales(), {
    build: "1.2.3",
    untilEnd: { drain: false, wait: 1_000 },
    observer: { status: (status) => seen.push(status) },
  });
  const last = seen.at(-1)!;
  const [task] = last.tasks;
  assert.equal(last.build, "1.2.3");
  assert.equal(task!.inputs[0]!.lag, 0);
  assert.equal(task!.inputs[0]!.outcomes.windowed, 2);
  assert.equal(task!.holder, task!.inputs[0]!.topic);
  assert.equal(task!.windows.count, 1);
  assert.equal(task!.windows.earliest[0]!.keys, 1);
  assert.ok(task!.stateBytes! > 0);
  assert.equal(last.commits.lastOutcome, "committed");
  const [member] = last.members;
  assert.deepEqual(member!.partitions, last.tasks.map(({ partition }) => partition));
  assert.equal(member!.rebalances, 1);
  assert.equal(member!.fences, 0);
  const restoring = seen.find(({ state }) => state === "restoring")!;
  assert.deepEqual(restoring.members[0]!.restore, { done: 0, total: 0, leftMs: null });
});

Deno.test("a restore tells how long the rest takes at the rate so far", () => {
  const clock = new SimulatedClock(0);
  const restore = new RestoreProgress(3, clock);
  restore.begin(100);
  assert.deepEqual(restore.status, { done: 0, total: 300, leftMs: null });
  clock.advance(1_000);
  restore.note(50);
  assert.deepEqual(restore.status, { done: 50, total: 300, leftMs: 5_000 });
  restore.note(50);
  restore.begin(0);
  assert.deepEqual(restore.status, { done: 100, total: 150, leftMs: 500 });
});

/** All statuses that a bounded run tells. */
async function statusesOf(run: (options: JobOptions) => Promise<unknown>): Promise<JobStatus[]> {
  const seen: JobStatus[] = [];
  await run(untilEnd({ observer: { status: (status) => seen.push(status) } }));
  return seen;
}

Deno.test("a status counts fences over the members of a run, with the last one's reason", async () => {
  const log = await openLog();
  await sell(log, [0, 1], [61, 2], [130, 4]);
  const faulty = faultyLog(log, [{ atCommit: 2, kind: "fenced" }]);
  const seen = await statusesOf((options) => runJob(faulty, sales(), options));
  const [member] = seen.at(-1)!.members;
  assert.deepEqual([member!.fences, member!.rebalances], [1, 2]);
  assert.match(member!.lastFence!.reason, /as planned/);
  assert.ok(seen.some(({ commits }) => commits.lastOutcome === "failed"), "a commit failed");
  assert.equal(seen.at(-1)!.commits.lastOutcome, "committed");
  await log.close();
});

Deno.test("a status lists the first eight of the open windows, and counts them all", async () => {
  const log = await openLog();
  await sell(log, ...Array.from({ length: 10 }, (_, i) => [i * 2, 1] as const));
  const env = new StreamEnvironment();
  env.fromSource<Sale>(
    { topic: "sales", deserializer: json((value) => value as Sale), partitionedBy: "shop" },
    WatermarkStrategy.forBoundedOutOfOrderness("1h"),
  ).keyBy("shop").window(EventTimeSessionWindows.withGap("1s")).reduce((a) => a)
    .sinkTo({ topic: "totals" });
  const job = { applicationId: "sales-job", topology: env.topology };
  const seen = await statusesOf((options) => runJob(log, job, options));
  const { windows } = seen.at(-1)!.tasks[0]!;
  assert.equal(windows.count, 10);
  assert.deepEqual(
    windows.earliest.map(({ start, keys }) => [start, keys]),
    Array.from({ length: 8 }, (_, i) => [i * 2_000, 1]),
  );
  await log.close();
});

Deno.test("semantics 8: a status tells when an input was quiet last, when it will be idle, and since when it is", async () => {
  const log = await openLog();
  const clock = new SimulatedClock(1_000);
  const seen: JobStatus[] = [];
  const stop = new AbortController();
  const running = runJob(log, sales(), {
    clock,
    commitInterval: 0,
    signal: stop.signal,
    observer: { status: (status) => seen.push(status) },
  });
  const inputOf = (status: JobStatus | undefined) => status?.tasks[0]?.inputs[0];
  const comesTo = async (condition: (input: InputStatus) => boolean) => {
    const isSo = (status: JobStatus | undefined) => {
      const input = inputOf(status);
      return input !== undefined && condition(input);
    };
    await until(() => isSo(seen.at(-1)));
    return inputOf(seen.at(-1))!;
  };
  clock.advance(2_000);
  await sell(log, [1, 1]);
  const busy = await comesTo(({ position, lag }) => position === 1 && lag === 0);
  const arrivedAt = busy.lastRecordAt!;
  assert.ok(arrivedAt === 3_000 || arrivedAt === 1_000, `it came at ${arrivedAt}`);
  const { idleAt } = await comesTo(({ idleAt }) => idleAt !== null);
  assert.equal(idleAt, arrivedAt + 10_000);
  clock.advance(60_000);
  const idle = await comesTo((input) => input.idle);
  assert.deepEqual([idle.idleSince, idle.idleAt], [idleAt, null]);
  assert.equal(idle.lastRecordAt, arrivedAt);
  assert.equal(inputOf(seen.at(-1))!.idleTimeoutMs, 10_000);
  await sell(log, [2, 1]);
  const awake = await comesTo(({ position, lag }) => position === 2 && lag === 0);
  assert.deepEqual([awake.idleSince, awake.lastRecordAt! >= 63_000], [null, true]);
  await comesTo(({ lastMovedAt }) => lastMovedAt === 63_000);
  stop.abort();
  await running;
  await log.close();
});

Deno.test("a status counts rebalances, and lists the partitions that a member holds now", async () => {
  const log = await openLog(2);
  const [first, second] = ["one", "two"].map((description) => {
    const seen: JobStatus[] = [];
    const stop = new AbortController();
    const start = () =>
      runJob(log, sales(), {
        description,
        signal: stop.signal,
        observer: { status: (status) => seen.push(status) },
      });
    const member = () => seen.at(-1)?.members[0];
    return { start, stop, member };
  });
  const one = first!.start();
  await until(() => first!.member()?.partitions.length === 2);
  assert.equal(first!.member()!.rebalances, 1);
  const two = second!.start();
  await until(() => second!.member()?.partitions.length === 1);
  await until(() => first!.member()?.partitions.length === 1);
  assert.ok(first!.member()!.rebalances >= 2);
  const held = [first!, second!].flatMap(({ member }) => member()!.partitions);
  assert.deepEqual(held.toSorted(), [0, 1]);
  second!.stop.abort();
  await two;
  await until(() => first!.member()?.partitions.length === 2);
  first!.stop.abort();
  await one;
  assert.equal(first!.member()!.fences, 0);
  await log.close();
});

Deno.test("a status names what a job reads and writes, in the order of its topology", async () => {
  const log = await openLog();
  const env = new StreamEnvironment();
  const source = (topic: string) =>
    env.fromSource<Sale>(
      { topic, deserializer: json((value) => value as Sale), partitionedBy: "shop" },
      WatermarkStrategy.forMonotonousTimestamps(),
    );
  const all = source("sales").union(source("returns"));
  all.sinkTo({ topic: "totals" });
  all.filter(({ sum }) => sum > 9).sinkTo({ topic: "large" });
  await log.createTopics(["returns", "large"].map((name) => ({ name, partitions: 1 })));
  const job = { applicationId: "sales-job", topology: env.topology };
  const seen = await statusesOf((options) => runJob(log, job, options));
  for (const { reads, writes } of seen) {
    assert.deepEqual([reads, writes], [["sales", "returns"], ["totals", "large"]]);
  }
  await log.close();
});
