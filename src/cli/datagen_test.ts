import assert from "node:assert/strict";
import { SimulatedClock } from "../base/clock.ts";
import { generateBookings, spanOfBookings } from "../flights/generator.ts";
import { openSqliteLog } from "../log/sqlite/sqlite_log.ts";
import type { OutputBatch } from "../log/log.ts";
import { BookingWriter } from "./booking_writer.ts";
import { type DatagenPlan, DatagenRun, planOf } from "./datagen.ts";

const options = {
  data: "",
  logLevel: "info",
  logFormat: "text",
  color: false,
  partitions: 5,
  users: 100,
  seed: 3,
  speed: 1,
  lateShare: 0,
  badShare: 0,
} as const;

const now = 1_000_000_000;

Deno.test("planOf begins at now, or where it is asked to", () => {
  assert.equal(planOf(options, now).start, now);
  assert.equal(planOf({ ...options, start: 5, count: 10 }, now).start, 5);
});

Deno.test("planOf with a count has the last record at now, when it is written", () => {
  const span = spanOfBookings({ seed: 3, start: 0, count: 10 });
  assert.ok(span > 0);
  assert.equal(planOf({ ...options, count: 10, rate: "max" }, now).start, now - span);
  assert.equal(planOf({ ...options, count: 10 }, now).start, now);
  const twice = planOf({ ...options, count: 10, speed: 2 }, now);
  assert.equal(twice.start, Math.floor(now + span / 2 - span));
});

Deno.test("planOf takes a random seed when none is stated", () => {
  const { seed: _, ...seedless } = options;
  const seeds = new Set(Array.from({ length: 5 }, () => planOf(seedless, now).seed));
  assert.ok(seeds.size > 1);
});

/** A log with both topics that notes how many records each append holds, and when it came. */
async function watchedRun(plan: DatagenPlan, clock: SimulatedClock) {
  const log = await openSqliteLog({ directory: ":memory:" });
  await log.createTopics(["skyone", "sunset"].map((name) => ({ name, partitions: 2 })));
  const appends: { readonly at: number; readonly skyone: number; readonly sunset: number }[] = [];
  const watched = {
    append: (outputs: readonly OutputBatch[]) => {
      const records = (topic: string) =>
        outputs.filter((one) => one.topic === topic)
          .reduce((sum, { batch }) => sum + batch.count, 0);
      appends.push({ at: clock.now(), skyone: records("skyone"), sunset: records("sunset") });
      return log.append(outputs);
    },
  };
  const writer = new BookingWriter(watched, await log.describeTopics());
  return { log, appends, run: new DatagenRun(plan, writer, clock) };
}

Deno.test("DatagenRun writes both airlines' records of one instant in one append, when due", async () => {
  const clock = new SimulatedClock(0);
  const plan = { seed: 1, start: 500, rate: 2, count: 4, speed: 2 };
  const { log, appends, run } = await watchedRun(plan, clock);
  const done = run.run(new AbortController().signal);
  // Half a second of event time apart, at twice the speed: a quarter of real time.
  for (let at = 0; at <= 1_000; at += 50) {
    clock.advanceTo(at);
    await new Promise((resolve) => setTimeout(resolve));
  }
  await done;
  const due = [0, 250, 500, 750].map((at) => ({ at, skyone: 1, sunset: 1 }));
  assert.deepEqual(appends, due);
  await log.close();
});

Deno.test("DatagenRun that does not wait writes chunks and never parts an instant", async () => {
  const count = 20_000;
  const plan = { seed: 1, start: 0, count, speed: Number.POSITIVE_INFINITY };
  const { log, appends, run } = await watchedRun(plan, new SimulatedClock(0));
  await run.run(new AbortController().signal);
  const all = [...generateBookings(plan)];
  assert.ok(appends.length > 1 && appends.length < 10, `${appends.length} appends`);
  let end = 0;
  for (const { skyone, sunset } of appends) {
    end += skyone + sunset;
    assert.notEqual(all[end - 1]!.at, all[end]?.at);
  }
  assert.equal(end, 2 * count);
  await log.close();
});

Deno.test("DatagenRun stops after the append in hand", async () => {
  const stop = new AbortController();
  const plan = { seed: 1, start: 0, speed: Number.POSITIVE_INFINITY };
  const { log, appends, run } = await watchedRun(plan, new SimulatedClock(0));
  const done = run.run(stop.signal);
  stop.abort();
  await done;
  assert.equal(appends.length, 1);
  await log.close();
});
