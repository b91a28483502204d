/** Random windows under random triggers against the naive oracle, cut anywhere. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { utf8 } from "../base/bytes.ts";
import type { DataStream } from "./data_stream.ts";
import { StreamEnvironment } from "./environment.ts";
import { json } from "./json.ts";
import {
  type NaiveElement,
  type NaiveOutcome,
  type NaiveSettings,
  type NaiveTrigger,
  naiveWindows,
} from "./naive_windows.ts";
import type { AggregateFunction } from "./operators/aggregate_function.ts";
import type { ProcessWindowFunction } from "./operators/window_function.ts";
import { EventTimeSessionWindows, GlobalWindows } from "./session_windows.ts";
import { TestDriver } from "./test_driver.ts";
import type { Trigger } from "./trigger.ts";
import {
  ContinuousEventTimeTrigger,
  CountTrigger,
  EventTimeTrigger,
  NeverTrigger,
  PurgingTrigger,
} from "./triggers.ts";
import { WatermarkStrategy } from "./watermark_strategy.ts";
import {
  SlidingEventTimeWindows,
  TumblingEventTimeWindows,
  type WindowAssigner,
} from "./window.ts";
import type { WindowedStream } from "./windowed_stream.ts";

/** By which function the windows give out the ids that they hold. */
type How = "process" | "reduce" | "aggregate" | "aggregate and process";

interface Job extends NaiveSettings {
  readonly how: How;
}

/** What a window gives out. */
interface Ids {
  readonly key: string;
  readonly ids: readonly number[];
}

type Cut = "commit" | "restart" | "crash" | null;

function assignerOf({ windows }: NaiveSettings): WindowAssigner<NaiveElement> {
  if (windows.kind === "global") return GlobalWindows.create();
  if (windows.kind === "session") {
    return windows.gap === 0
      ? EventTimeSessionWindows.withDynamicGap(({ gap }: NaiveElement) => gap)
      : EventTimeSessionWindows.withGap(windows.gap);
  }
  const { size, slide, offset } = windows;
  return size === slide
    ? TumblingEventTimeWindows.of(size, offset)
    : SlidingEventTimeWindows.of(size, slide, offset);
}

/** Null: the windows' own. */
function triggerOf({ end, count, every, purges }: NaiveTrigger): Trigger | null {
  const early = count !== null
    ? CountTrigger.of(count)
    : every !== null
    ? ContinuousEventTimeTrigger.of(every)
    : null;
  if (!purges && end && early === null) return null;
  const trigger = end
    ? early === null ? EventTimeTrigger.create() : EventTimeTrigger.create().withEarlyFirings(early)
    : early ?? NeverTrigger.create();
  return purges ? PurgingTrigger.of(trigger) : trigger;
}

const join: AggregateFunction<NaiveElement, Ids, Ids> = {
  createAccumulator: () => ({ key: "", ids: [] }),
  add: ({ key, id }, { ids }) => ({ key, ids: [...ids, id] }),
  getResult: (ids) => ids,
  merge: (a, b) => ({ key: a.key, ids: [...a.ids, ...b.ids].sort((x, y) => x - y) }),
};

const allIds: ProcessWindowFunction<NaiveElement, string, Ids> = () => ({
  process: (key, _, elements, out) => out.collect({ key, ids: elements.map(({ id }) => id) }),
});

const sameIds: ProcessWindowFunction<Ids, string, Ids> = () => ({
  process: (key, _, elements, out) => {
    assert.equal(elements.length, 1);
    out.collect({ key, ids: elements[0]!.ids });
  },
});

function resultsOf(windowed: WindowedStream<NaiveElement, string>, how: How): DataStream<Ids> {
  if (how === "process") return windowed.process(allIds);
  if (how === "aggregate") return windowed.aggregate(join);
  if (how === "aggregate and process") return windowed.aggregate(join, sameIds);
  // The ids of reduced elements are written as one number after another.
  type Reduced = NaiveElement & { readonly ids?: readonly number[] };
  const idsOf = ({ id, ids }: Reduced) => ids ?? [id];
  return windowed
    .reduce((a, b) => {
      const ids = [...idsOf(a), ...idsOf(b)].sort((x, y) => x - y);
      return { ...a, ids } as NaiveElement;
    })
    .map((element) => ({ key: element.key, ids: idsOf(element) }));
}

function topologyOf(job: Job) {
  const env = new StreamEnvironment();
  const watermarks = WatermarkStrategy.forBoundedOutOfOrderness<NaiveElement>(job.outOfOrderness)
    .withIdleness("1d").withTimestampAssigner(({ time }) => time);
  const deserializer = json((value) => value as NaiveElement);
  const source = { topic: "in", deserializer, partitionedBy: "key" as const };
  let windowed = env.fromSource(source, watermarks).keyBy("key").window(assignerOf(job))
    .allowedLateness(job.lateness);
  const trigger = triggerOf(job.trigger);
  if (trigger !== null) windowed = windowed.trigger(trigger);
  resultsOf(windowed, job.how).sinkTo({
    topic: "out",
    key: ({ key }) => key,
    value: ({ ids }) => JSON.stringify(ids),
    headers: (_, { window, closedBy }) =>
      [["start", window!.start], ["end", window!.end], ["closedBy", closedBy!]]
        .map(([name, text]) => ({ name: String(name), value: utf8(String(text)) })),
  });
  return env.topology;
}

function send(driver: TestDriver, element: NaiveElement): void {
  driver.send("in", [{ key: String(element.id), timestamp: 0, value: element }]);
}

function run(job: Job, elements: readonly NaiveElement[], cuts: readonly Cut[]): TestDriver {
  const driver = new TestDriver(topologyOf(job), { bounded: true });
  elements.forEach((element, i) => {
    send(driver, element);
    const cut = cuts[i % cuts.length] ?? null;
    if (cut !== null) driver[cut]();
  });
  return driver;
}

function assertSame(driver: TestDriver, expected: NaiveOutcome): void {
  const results = driver.outputs("out").map(({ key, value, timestamp, headers }) => ({
    key,
    ids: value,
    start: Number(headers["start"]),
    end: Number(headers["end"]),
    closedBy: headers["closedBy"],
    timestamp,
  }));
  assert.deepEqual(results, expected.results);
  const late = driver.outputs("in.late").map(({ key, headers }) => ({
    id: Number(key),
    start: Number(headers["window-start"]),
    end: Number(headers["window-end"]),
  }));
  assert.deepEqual(late, expected.late);
  assert.equal(driver.outcomes.late, expected.late.length);
  assert.equal(driver.outcomes.filtered, expected.filtered);
  assert.equal(driver.held, expected.held);
  assert.equal(driver.watermarks[0], expected.watermark);
}

const slidingArbitrary = fc.record({
  kind: fc.constant("sliding" as const),
  size: fc.integer({ min: 1, max: 30 }),
  slide: fc.integer({ min: 1, max: 30 }),
  offset: fc.nat({ max: 29 }),
}).map((windows) => ({ ...windows, offset: windows.offset % windows.slide }));

const windowsArbitrary = fc.oneof(
  { weight: 3, arbitrary: slidingArbitrary },
  { weight: 1, arbitrary: slidingArbitrary.map((one) => ({ ...one, size: one.slide })) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("session" as const),
      gap: fc.integer({ min: 0, max: 15 }),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: "global" as const }) },
);

const atEnd: NaiveTrigger = { end: true, count: null, every: null, purges: false };

const triggerArbitrary: fc.Arbitrary<NaiveTrigger> = fc.oneof(
  { weight: 2, arbitrary: fc.constant(atEnd) },
  {
    weight: 3,
    arbitrary: fc.record({
      end: fc.boolean(),
      count: fc.option(fc.integer({ min: 1, max: 4 })),
      every: fc.option(fc.integer({ min: 1, max: 12 })),
      purges: fc.boolean(),
    }).map((trigger) => ({ ...trigger, every: trigger.count === null ? trigger.every : null })),
  },
);

const jobArbitrary: fc.Arbitrary<Job> = fc.record({
  windows: windowsArbitrary,
  trigger: triggerArbitrary,
  lateness: fc.constantFrom(0, 0, 1, 10, 40),
  outOfOrderness: fc.constantFrom(0, 0, 1, 5, 20),
  how: fc.constantFrom<How>("process", "reduce", "aggregate", "aggregate and process"),
}).filter(({ windows, trigger }) =>
  // Without an end nothing fires at it.
  windows.kind !== "global" || !trigger.end || trigger.count !== null || trigger.every !== null
);

const elementsArbitrary: fc.Arbitrary<readonly NaiveElement[]> = fc.array(
  fc.record({
    key: fc.constantFrom("a", "\u{1f600}", "\uffff"),
    time: fc.integer({ min: -40, max: 100 }),
    gap: fc.integer({ min: 1, max: 20 }),
  }),
  { maxLength: 30, size: "max" },
).map((elements) => elements.map((element, id) => ({ id, ...element })));

const cutsArbitrary: fc.Arbitrary<readonly Cut[]> = fc.array(
  fc.constantFrom<Cut>(null, null, "commit", "restart", "crash"),
  { minLength: 1, maxLength: 6 },
);

Deno.test("semantics 1 to 6: windows of any kind under any trigger give what the naive oracle does", () => {
  fc.assert(
    fc.property(
      jobArbitrary,
      elementsArbitrary,
      cutsArbitrary,
      fc.boolean(),
      (job, elements, cuts, drains) => {
        const driver = run(job, elements, cuts);
        driver.end({ drain: drains });
        assertSame(driver, naiveWindows(job, elements, { drains }));
      },
    ),
    { numRuns: 2_000 },
  );
});

Deno.test("semantics 14: when all windows are over nothing is left of them, in tables and changelog", () => {
  const closing = jobArbitrary.filter(({ windows }) => windows.kind !== "global");
  fc.assert(
    fc.property(closing, elementsArbitrary, cutsArbitrary, (job, elements, cuts) => {
      const driver = run(job, elements, cuts);
      const after = { id: elements.length, key: "a", time: 100_000, gap: 1 };
      send(driver, after);
      const fresh = run(job, [after], [null]);
      // Next to what the last element left: how many records were given out.
      const released = driver.outcomes.windowed > driver.held ? 1 : 0;
      const left = fresh.stateEntries + released;
      const own = fresh.outcomes.windowed > fresh.held ? 1 : 0;
      assert.equal(driver.stateEntries, left - own);
      driver.restart();
      assert.equal(driver.stateEntries, left - own);
    }),
    { numRuns: 500 },
  );
});
