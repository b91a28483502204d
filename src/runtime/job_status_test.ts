/** What a status tells beside the counts: who holds back, what is open, how the member fared. */

import assert from "node:assert/strict";
import { SimulatedClock } from "../base/clock.ts";
import { runJob } from "./job.ts";
import type { JobStatus } from "./job_status.ts";
import { RestoreProgress } from "./restore_progress.ts";
import { openLog, sales, sell } from "./test_sales.ts";

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
  assert.ok(task!.stateBytes > 0);
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
