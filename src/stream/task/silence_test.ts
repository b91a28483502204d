/** When silence closes what is open: told ahead, and seen by letting the clock go on. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { utf8 } from "../../base/bytes.ts";
import { SimulatedClock } from "../../base/clock.ts";
import type { RawRecord } from "../../base/record.ts";
import { sumJob } from "../tests/test_jobs.ts";
import { Task } from "./task.ts";

const sources = ["in", "other"];
/** Behind it nothing closes by itself any more: above all times that come up here. */
const horizon = 400;

/** Times are milliseconds, from 0 on. */
interface Plan {
  readonly idleTimeouts: readonly number[];
  readonly outOfOrderness: number;
  readonly closesOnSilence: boolean;
  /** What comes, in this order. */
  readonly arrivals: readonly {
    readonly input: number;
    readonly timestamp: number;
    /** How much later than the one before. */
    readonly after: number;
  }[];
}

/** On a coarse grid much happens at the same time, on a fine one nothing does. */
const plans: fc.Arbitrary<Plan> = fc.constantFrom(1, 5).chain((grid) => {
  const time = (max: number) => fc.integer({ min: 0, max: max / grid }).map((one) => one * grid);
  return fc.record({
    idleTimeouts: fc.tuple(time(80), time(80)),
    outOfOrderness: time(30),
    closesOnSilence: fc.boolean(),
    arrivals: fc.array(
      fc.record({ input: fc.nat(1), timestamp: time(100), after: time(30) }),
      { maxLength: 6 },
    ),
  });
});

function recordAt(timestamp: number): RawRecord {
  const value = JSON.stringify({ key: "a", value: 1 });
  return {
    timestamp,
    offset: 0,
    key: () => null,
    value: () => utf8(value),
    valueText: () => value,
    headers: () => [],
  };
}

/** A task to which all has come that comes, and its clock. */
function taskAfter({ idleTimeouts, outOfOrderness, closesOnSilence, arrivals }: Plan) {
  const clock = new SimulatedClock(0);
  const topology = sumJob({ sources, size: 10, idleTimeouts, outOfOrderness, closesOnSilence });
  const outputs = { write: () => {}, forward: () => {} };
  const task = new Task(topology, { partition: 0, partitions: 1, clock, outputs });
  for (const input of sources.keys()) task.setCaughtUp(input, true);
  for (const { input, timestamp, after } of arrivals) {
    for (let ms = 0; ms < after; ms++) {
      clock.advance(1);
      task.tick();
    }
    task.tick();
    task.process(input, recordAt(timestamp));
  }
  return { task, clock };
}

function openEnds(task: Task): readonly number[] {
  return task.openWindows(100).flatMap(({ earliest }) => earliest.map(({ end }) => end!));
}

Deno.test("semantics 9: silence closes each window when it was told ahead, to the millisecond", () => {
  let told = 0;
  let never = 0;
  fc.assert(
    fc.property(plans, (plan) => {
      const { task, clock } = taskAfter(plan);
      task.tick();
      const expected = new Map(openEnds(task).map((end) => [end, task.silenceAt(end)]));
      const closed = new Map<number, number>();
      for (; clock.now() < horizon; clock.advance(1)) {
        task.tick();
        const open = openEnds(task);
        for (const end of expected.keys()) {
          if (!open.includes(end) && !closed.has(end)) closed.set(end, clock.now());
        }
        for (const end of open) assert.equal(task.silenceAt(end), expected.get(end), "it changed");
      }
      for (const [end, at] of expected) {
        assert.equal(closed.get(end) ?? null, at, `the window to ${end}`);
        if (at === null) never++;
        else told++;
      }
    }),
    { numRuns: 500 },
  );
  assert.ok(told > 100 && never > 20, `${told} closed by silence, ${never} never`);
});

Deno.test("semantics 9: nobody can tell when silence closes a window while an input has more to read", () => {
  const arrivals = [{ input: 0, timestamp: 1, after: 0 }, { input: 1, timestamp: 2, after: 0 }];
  const { task } = taskAfter({
    idleTimeouts: [5, 5],
    outOfOrderness: 0,
    closesOnSilence: true,
    arrivals,
  });
  assert.equal(task.silenceAt(10), 14);
  task.setCaughtUp(1, false);
  assert.equal(task.silenceAt(10), null);
  task.setCaughtUp(1, true);
  task.setWritersKnown(1, false);
  assert.equal(task.silenceAt(10), 14, "who is registered is found out when it comes to matter");
});
