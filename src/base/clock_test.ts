import assert from "node:assert/strict";
import fc from "fast-check";
import { ScaledClock, SimulatedClock, systemClock } from "./clock.ts";

/** Lets everything that was woken run. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

Deno.test("SimulatedClock starts at 0 or where it is told, and stands still", () => {
  assert.equal(new SimulatedClock().now(), 0);
  const clock = new SimulatedClock(1_000);
  assert.equal(clock.now(), 1_000);
  assert.equal(clock.now(), 1_000);
});

Deno.test("SimulatedClock never goes back", () => {
  const clock = new SimulatedClock(1_000);
  clock.advanceTo(999);
  assert.equal(clock.now(), 1_000);
  clock.advance(-5);
  assert.equal(clock.now(), 1_000);
  clock.advance(1);
  assert.equal(clock.now(), 1_001);
});

Deno.test("SimulatedClock wakes a sleeper at its time and not a millisecond before", async () => {
  const clock = new SimulatedClock(100);
  let awake = false;
  clock.sleep(50).then(() => awake = true);
  clock.advanceTo(149);
  await settle();
  assert.equal(awake, false);
  clock.advanceTo(150);
  await settle();
  assert.equal(awake, true);
});

Deno.test("SimulatedClock wakes sleepers in the order of their times, ties in that of their calls", async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 20 })), async (waits) => {
    const clock = new SimulatedClock();
    const woken: number[] = [];
    waits.forEach((wait, index) => clock.sleep(wait).then(() => woken.push(index)));
    clock.advance(20);
    await settle();
    const expected = waits.map((_, index) => index).sort((a, b) => waits[a]! - waits[b]! || a - b);
    assert.deepEqual(woken, expected);
  }));
});

Deno.test("SimulatedClock lets a sleep of no length pass at once", async () => {
  await new SimulatedClock().sleep(0);
  await new SimulatedClock().sleep(-1);
});

Deno.test("SimulatedClock ends a sleep that is aborted, before it and in it", async () => {
  const clock = new SimulatedClock();
  const abort = new AbortController();
  const waiting = clock.sleep(1_000, abort.signal);
  abort.abort();
  await waiting;
  await clock.sleep(1_000, abort.signal);
  assert.equal(clock.now(), 0);
});

Deno.test("systemClock ends a sleep that is aborted, before it and in it", async () => {
  const abort = new AbortController();
  const waiting = systemClock.sleep(60_000, abort.signal);
  abort.abort();
  await waiting;
  await systemClock.sleep(60_000, abort.signal);
});

Deno.test("systemClock does not cut a sleep short that is longer than a timer can hold", async () => {
  const abort = new AbortController();
  let awake = false;
  const waiting = systemClock.sleep(2 ** 31, abort.signal).then(() => awake = true);
  await systemClock.sleep(20);
  assert.equal(awake, false);
  abort.abort();
  await waiting;
});

Deno.test("systemClock tells the machine's time", () => {
  const before = Date.now();
  const now = systemClock.now();
  assert.ok(before <= now && now <= Date.now());
});

Deno.test("ScaledClock runs at a multiple of another clock's rate", () => {
  const real = new SimulatedClock(500);
  const clock = new ScaledClock(1_000_000, 2.5, real);
  assert.equal(clock.now(), 1_000_000);
  real.advance(1);
  assert.equal(clock.now(), 1_000_002);
  real.advance(1);
  assert.equal(clock.now(), 1_000_005);
});

Deno.test("ScaledClock ends a sleep once so much scaled time has passed and no sooner", async () => {
  const real = new SimulatedClock();
  const clock = new ScaledClock(0, 3, {
    now: () => real.now(),
    // Drops the fraction, as the machine's timers do.
    sleep: (milliseconds) => real.sleep(Math.trunc(milliseconds)),
  });
  let awake = false;
  clock.sleep(1_000).then(() => awake = true);
  real.advance(333);
  await settle();
  assert.deepEqual([clock.now(), awake], [999, false]);
  real.advance(1);
  await settle();
  assert.deepEqual([clock.now(), awake], [1_002, true]);
});

Deno.test("ScaledClock hands a sleeper's signal on", async () => {
  const abort = new AbortController();
  const waiting = new ScaledClock(0, 3, new SimulatedClock()).sleep(1_000, abort.signal);
  abort.abort();
  await waiting;
});
