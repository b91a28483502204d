/** How often a status walks over a task's state. */

import assert from "node:assert/strict";
import { SimulatedClock } from "../base/clock.ts";
import { utf8 } from "../base/bytes.ts";
import type { RawRecord } from "../base/record.ts";
import { Task } from "../stream/task/task.ts";
import { sumJob } from "../stream/tests/test_jobs.ts";
import type { StartedTask } from "./task_start.ts";
import { taskStatus } from "./task_status.ts";

function recordOf(offset: number): RawRecord {
  const value = JSON.stringify({ key: `key ${offset}`, value: 1 });
  return {
    timestamp: offset,
    offset,
    key: () => null,
    value: () => utf8(value),
    valueText: () => value,
    headers: () => [],
  };
}

Deno.test("a status looks at open windows once a second, at many of them more seldom, and at the end anew", () => {
  const task = new Task(sumJob({ size: "1h" }), {
    partition: 0,
    partitions: 1,
    clock: new SimulatedClock(),
    outputs: { write: () => {}, forward: () => {} },
  });
  const started = {
    start: { stage: { name: "in" } },
    task,
    lanes: [],
    changelog: null,
    ended: null,
  };
  const keysAt = (pacedAt: number, { isFresh = false, now = 0 } = {}) =>
    taskStatus(started as unknown as StartedTask, { now, pacedAt, isFresh }).windows.earliest[0]
      ?.keys ?? 0;
  let offset = 0;
  const processTo = (count: number) => {
    for (; offset < count; offset++) task.process(0, recordOf(offset));
  };
  processTo(1);
  assert.deepEqual([keysAt(0)], [1]);
  processTo(2);
  assert.deepEqual([keysAt(999), keysAt(1_000)], [1, 2]);
  processTo(250_000);
  assert.deepEqual([keysAt(2_000), keysAt(3_400), keysAt(3_600)], [2, 2, 250_000]);
  processTo(250_001);
  assert.deepEqual([keysAt(3_700), keysAt(3_700, { isFresh: true })], [250_000, 250_001]);
  // A clock that is moved by hand brings another time at once.
  processTo(250_002);
  assert.deepEqual([keysAt(3_701), keysAt(3_701, { now: 10_000 })], [250_001, 250_002]);
});
