import assert from "node:assert/strict";
import { hasCode } from "../../base/errors.ts";
import { noWatermark } from "./progress.ts";
import { type ProgressReport, Upstream } from "./upstream.ts";

const report = (task: number, own: Partial<ProgressReport> = {}): ProgressReport => ({
  job: "merge",
  task,
  tasks: 2,
  producerId: 100 + task,
  watermark: noWatermark,
  idle: false,
  nextOffset: 0,
  ...own,
});

Deno.test("semantics 24: the watermark is the minimum over the tasks that are not idle", () => {
  const upstream = new Upstream();
  upstream.apply(report(0, { watermark: 50 }));
  upstream.apply(report(1, { watermark: 30 }));
  assert.equal(upstream.watermark, 30);
  assert.deepEqual(upstream.slowest, { job: "merge", task: 1, watermark: 30 });
  upstream.apply(report(1, { watermark: 30, idle: true }));
  assert.equal(upstream.watermark, 50);
  upstream.apply(report(0, { watermark: 50, idle: true }));
  assert.equal(upstream.watermark, null);
  assert.equal(upstream.slowest, null);
});

Deno.test("semantics 24: a task that is missing holds the watermark back, and is named", () => {
  const upstream = new Upstream();
  upstream.apply(report(0, { watermark: 50 }));
  assert.equal(upstream.watermark, noWatermark);
  assert.deepEqual(upstream.slowest, { job: "merge", task: 1, watermark: noWatermark });
});

Deno.test("semantics 24: of a task the newest report counts, be it lower", () => {
  const upstream = new Upstream();
  upstream.apply(report(1, { watermark: 90 }));
  upstream.apply(report(0, { watermark: 50 }));
  upstream.apply(report(0, { watermark: 20 }));
  assert.equal(upstream.watermark, 20);
});

Deno.test("semantics 24: all jobs that write a partition hold it back, until they are taken out", () => {
  const upstream = new Upstream();
  for (const task of [0, 1]) upstream.apply(report(task, { watermark: 50 }));
  upstream.register(report(0, { job: "other", tasks: 1 }));
  assert.deepEqual(upstream.slowest, { job: "other", task: 0, watermark: noWatermark });
  upstream.forget("other");
  assert.equal(upstream.watermark, 50);
  upstream.forget("merge");
  assert.equal(upstream.isCarried, false);
});

Deno.test("semantics 24: a registration carries the partition before its report counts", () => {
  const upstream = new Upstream();
  assert.equal(upstream.isCarried, false);
  upstream.register(report(0, { watermark: 50 }));
  assert.equal(upstream.isCarried, true);
  assert.equal(upstream.knows(100), true);
  assert.equal(upstream.knows(101), false);
  assert.equal(upstream.watermark, noWatermark);
});

Deno.test("semantics 24: a job with another number of tasks is refused with a way out", () => {
  const upstream = new Upstream();
  upstream.register(report(0));
  assert.throws(
    () => upstream.register(report(0, { tasks: 3 })),
    (error) => hasCode(error, "upstream-changed") && /2 tasks.*has 3.*--forget/.test(error.message),
  );
});

Deno.test("semantics 24: what is known comes back as it was saved", () => {
  const upstream = new Upstream();
  upstream.apply(report(1, { watermark: 30, idle: true }));
  upstream.register(report(0, { job: "other", tasks: 1 }));
  const again = new Upstream(JSON.parse(JSON.stringify(upstream.save())));
  assert.deepEqual(again.save(), upstream.save());
  assert.deepEqual(again.slowest, upstream.slowest);
  assert.equal(again.knows(101), true);
});
