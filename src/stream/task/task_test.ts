/** What a runner sees of a task that the test driver does not show. */

import assert from "node:assert/strict";
import { utf8 } from "../../base/bytes.ts";
import { SimulatedClock } from "../../base/clock.ts";
import { hasCode } from "../../base/errors.ts";
import type { RawRecord } from "../../base/record.ts";
import { noOutcomes } from "./counts.ts";
import type { SavedInput } from "./input_progress.ts";
import { Task, type TaskOptions } from "./task.ts";
import { type JobSettings, sumJob } from "../tests/test_jobs.ts";

const twoSources: JobSettings = { sources: ["in", "other"], idleTimeouts: ["1h", "10s"] };

function taskOf(settings: JobSettings, options: Partial<TaskOptions> = {}): Task {
  return new Task(sumJob(settings), {
    partition: 0,
    partitions: 1,
    clock: new SimulatedClock(),
    outputs: { write: () => {}, forward: () => {} },
    ...options,
  });
}

function record(timestamp: number, offset = 0): RawRecord {
  const value = JSON.stringify({ key: "a", value: 1 });
  return {
    timestamp,
    offset,
    key: () => null,
    value: () => utf8(value),
    valueText: () => value,
    headers: () => [],
  };
}

const saved: SavedInput = {
  offset: 7,
  newest: 1_000,
  watermark: 999,
  idle: false,
  taskWatermark: 999,
  outcomes: noOutcomes(),
  upstream: {},
};

Deno.test("Task has changes to save after a record, and progress after the flow of time alone", () => {
  const clock = new SimulatedClock(1_000_000);
  const task = taskOf({}, { clock });
  assert.deepEqual([task.hasChanged, task.hasProgressed], [false, false]);
  task.process(0, record(1_000));
  assert.deepEqual([task.hasChanged, task.hasProgressed], [true, true]);
  task.takeChanges();
  assert.deepEqual([task.hasChanged, task.hasProgressed], [false, false]);
  task.setCaughtUp(0, true);
  clock.advance(20_000);
  task.tick();
  assert.deepEqual([task.hasChanged, task.hasProgressed], [false, true]);
});

Deno.test("Task saves of an input what restores it", () => {
  const task = taskOf({});
  assert.deepEqual(task.savedInput(0), {
    offset: 0,
    newest: null,
    watermark: null,
    idle: false,
    taskWatermark: null,
    outcomes: noOutcomes(),
    upstream: {},
  });
  task.process(0, record(1_000, 6));
  const after = { ...saved, outcomes: { ...noOutcomes(), windowed: 1 } };
  assert.deepEqual(task.savedInput(0), after);
  const other = taskOf({});
  other.restoreInput(0, after);
  assert.deepEqual(other.savedInput(0), after);
  assert.equal(other.hasProgressed, false);
});

Deno.test("Task.skipTo goes forward only, Task.startInput where it is told", () => {
  const task = taskOf({});
  task.startInput(0, 5);
  task.skipTo(0, 9);
  task.skipTo(0, 3);
  assert.deepEqual([task.inputs[0]!.position, task.hasChanged], [9, false]);
});

Deno.test("semantics 3: a larger out-of-orderness after a restart does not take the watermark back", () => {
  const task = taskOf({ outOfOrderness: "1m" });
  task.restoreInput(0, saved);
  task.process(0, record(2_000));
  assert.deepEqual([task.inputs[0]!.watermark, task.watermark], [999, 999]);
});

Deno.test("semantics 8: a record ends idleness, be it older than the newest, with no look at the clock", () => {
  const task = taskOf(twoSources);
  task.restoreInput(0, { ...saved, newest: 500_000, watermark: 499_999 });
  task.restoreInput(1, { ...saved, idle: true });
  task.process(1, record(500));
  assert.equal(task.inputs[1]!.idle, false);
  task.process(0, record(900_000));
  assert.equal(task.watermark, 999);
});

Deno.test("semantics 10: the future is judged by the clock of now, not of the last look at it", () => {
  const clock = new SimulatedClock();
  const task = taskOf({}, { clock, maxFuture: 1_000 });
  clock.advance(500);
  task.process(0, record(1_500));
  task.process(0, record(1_501));
  assert.deepEqual([task.outcomes.windowed, task.outcomes.deadLetter], [1, 1]);
});

Deno.test("semantics 11: Task.drain tells how far it moved the watermark", () => {
  const task = taskOf({});
  assert.equal(task.drain(), Number.NEGATIVE_INFINITY);
  task.process(0, record(1_000));
  assert.equal(task.drain(), 59_999);
  assert.equal(task.drain(), 59_999);
});

Deno.test("Task stops at a payload time function that throws, at the record's turn", () => {
  const task = taskOf({ payloadTime: true });
  const broken = { ...record(0), valueText: () => '{"value":1,"key":"a","at":null}' };
  task.process(0, broken);
  assert.equal(task.outcomes.deadLetter, 1);
  const explode = {
    ...record(0),
    valueText: () => {
      throw new Error("boom");
    },
  };
  assert.throws(() => task.process(0, explode), (error) => hasCode(error, "operator-failed"));
});
