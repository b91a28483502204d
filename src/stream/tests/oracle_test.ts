/** Random jobs against the naive oracle. The seed of a failure is in its message. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { SimulatedClock } from "../../base/clock.ts";
import { partitionForText } from "../../base/murmur2.ts";
import { utf8 } from "../../base/bytes.ts";
import { totalOf } from "../task/counts.ts";
import { StreamEnvironment } from "../environment.ts";
import { json } from "../json.ts";
import {
  type Expected,
  naiveOracle,
  type OracleSettings,
  type SentRecord,
  type Step,
} from "./naive_oracle.ts";
import type { SinkContext } from "../sink.ts";
import { TestDriver, type TestOutput, type TestRecord } from "../testing/test_driver.ts";
import { WatermarkStrategy } from "../watermark_strategy.ts";
import { TumblingEventTimeWindows } from "../windows/window.ts";

interface Settings extends OracleSettings {
  readonly payloadTime: boolean;
}

interface Element {
  readonly key: string;
  readonly id: string;
  readonly time: number;
  readonly keep: boolean;
}

const topicOf = (source: number) => `source-${source}`;

function windowHeaders(_: unknown, { window, closedBy }: SinkContext) {
  const texts = { start: window!.start, end: window!.end, closedBy: closedBy! };
  return Object.entries(texts).map(([name, text]) => ({ name, value: utf8(String(text)) }));
}

/** The job: union of the sources, filter, window of ids in order of arrival. */
function jobOf(settings: Settings) {
  const env = new StreamEnvironment();
  const streams = settings.sources.map(({ outOfOrderness, idleTimeout }, index) => {
    let watermarks = WatermarkStrategy.forBoundedOutOfOrderness<Element>(outOfOrderness)
      .withIdleness(idleTimeout);
    if (!settings.closesOnSilence) watermarks = watermarks.withoutClosingOnSilence();
    if (settings.payloadTime) {
      watermarks = watermarks.withTimestampAssigner((element) => element.time);
    }
    const deserializer = json((value) => value as Element);
    const source = { topic: topicOf(index), deserializer, partitionedBy: "key" as const };
    return env.fromSource(source, watermarks);
  });
  const windowed = streams[0]!.union(...streams.slice(1))
    .filter((element) => element.keep)
    .keyBy("key")
    .window(TumblingEventTimeWindows.of(settings.size, settings.offset))
    .allowedLateness(settings.lateness);
  const join = (a: Element, b: Element) => ({ ...a, id: `${a.id} ${b.id}` });
  const results = settings.running ? windowed.runningReduce(join) : windowed.reduce(join);
  results.sinkTo({
    topic: "out",
    key: (element) => element.key,
    value: (element) => JSON.stringify(element.id),
    headers: windowHeaders,
  });
  return env.topology;
}

function testRecord(record: SentRecord, payloadTime: boolean): TestRecord {
  const { key, id, time, partition } = record;
  const element: Element = { key, id, time, keep: record.fate !== "filtered" };
  const value = record.fate === "bad" ? `bad ${id}` : element;
  return { partition, key: id, value, timestamp: payloadTime ? time + 7 : time };
}

/** What the engine does with the same steps. */
function runEngine(settings: Settings, steps: readonly Step[]): TestDriver {
  const driver = new TestDriver(jobOf(settings), {
    clock: new SimulatedClock(settings.startClock),
    partitions: settings.partitions,
    maxFuture: settings.maxFuture,
    bounded: settings.end !== "none",
  });
  for (const step of steps) {
    if (step.kind === "advance") driver.advance(step.milliseconds);
    else if (step.kind !== "send") driver[step.kind]();
    else sendAll(driver, step.records, settings);
  }
  if (settings.end !== "none") driver.end({ drain: settings.end === "drain" });
  return driver;
}

/** One poll that brings records of one topic. */
function sendAll(driver: TestDriver, records: readonly SentRecord[], settings: Settings): void {
  const topic = topicOf(records[0]?.source ?? 0);
  driver.send(topic, records.map((record) => testRecord(record, settings.payloadTime)));
}

function assertSame(driver: TestDriver, expected: Expected, settings: Settings): void {
  const results = driver.outputs("out").map(({ key, value, timestamp, headers }) => {
    assert.equal(timestamp, Number(headers["end"]) - 1);
    const { start, end, closedBy } = headers;
    return { key, value, start: Number(start), end: Number(end), closedBy };
  });
  assert.deepEqual(results, expected.results);

  settings.sources.forEach((_, source) => {
    const late = driver.outputs(`${topicOf(source)}.late`).map(({ key, headers }) => ({
      ...headers,
      id: key,
    }));
    const expectedLate = expected.late.filter(({ record }) => record.source === source)
      .map(({ record, start, end, watermark }) => ({
        "source-topic": topicOf(source),
        "source-partition": String(record.partition),
        "source-offset": String(record.offset),
        "window-start": String(start),
        "window-end": String(end),
        "watermark": String(watermark),
        id: record.id,
      }));
    assert.deepEqual(late, expectedLate);

    const dead = driver.outputs(`${topicOf(source)}.dead-letter`).map(deadLetter);
    const expectedDead = expected.dead.filter((record) => record.source === source)
      .map((record) => ({
        id: record.id,
        reason: record.fate === "bad" ? "not-json" : "future-timestamp",
      }));
    assert.deepEqual(dead, expectedDead);
  });

  assert.deepEqual(driver.outcomes, expected.counts);
  assert.equal(driver.held, expected.held);
  assert.deepEqual(driver.watermarks, expected.watermarks);
}

function deadLetter({ key, headers }: TestOutput) {
  return { id: key, reason: headers["error-reason"] };
}

const someKeys = ["a", "b", "c", "d", "e", "é", "\uffff", "\u{1f600}", "", "\u0000"];

/** The keys that belong on each partition; every list has one at least. */
function keysByPartition(partitions: number): readonly (readonly string[])[] {
  return Array.from(
    { length: partitions },
    (_, partition) => someKeys.filter((key) => partitionForText(key, partitions) === partition),
  );
}

const settingsArbitrary: fc.Arbitrary<Settings> = fc.record({
  partitions: fc.integer({ min: 1, max: 3 }),
  sources: fc.array(
    fc.record({
      outOfOrderness: fc.constantFrom(0, 0, 1, 5, 20),
      idleTimeout: fc.constantFrom(0, 1, 10, 25),
    }),
    { minLength: 1, maxLength: 2 },
  ),
  size: fc.integer({ min: 1, max: 30 }),
  offset: fc.nat({ max: 29 }),
  lateness: fc.constantFrom(0, 0, 1, 10, 40),
  running: fc.boolean(),
  closesOnSilence: fc.boolean(),
  maxFuture: fc.constantFrom(null, null, 0, 40),
  startClock: fc.constantFrom(0, 50, 10_000),
  end: fc.constantFrom("none", "none", "bounded", "drain"),
  payloadTime: fc.boolean(),
}).map((settings) => ({ ...settings, offset: settings.offset % settings.size }));

/** A step before its records have their places. */
type RoughStep =
  | { readonly kind: "send"; readonly source: number; readonly records: readonly RoughRecord[] }
  | Exclude<Step, { kind: "send" }>;

interface RoughRecord {
  readonly partition: number;
  readonly key: number;
  readonly time: number;
  readonly fate: SentRecord["fate"];
}

const stepsArbitrary: fc.Arbitrary<readonly RoughStep[]> = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant("send" as const),
        source: fc.nat(1),
        records: fc.array(
          fc.record({
            partition: fc.nat(2),
            key: fc.nat(2),
            time: fc.integer({ min: -40, max: 120 }),
            fate: fc.constantFrom(
              ...["good", "good", "good", "good", "good", "filtered", "bad"] as const,
            ),
          }),
          { maxLength: 6 },
        ),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("advance" as const),
        milliseconds: fc.nat({ max: 40 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constantFrom("commit" as const, "restart", "crash") }),
    },
  ),
  { maxLength: 14 },
);

/** Gives the records their ids, homes and offsets. */
function place(settings: Settings, rough: readonly RoughStep[]): readonly Step[] {
  const keys = keysByPartition(settings.partitions);
  const next = new Map<string, number>();
  let number = 0;
  return rough.map((step): Step => {
    if (step.kind !== "send") return step;
    const source = step.source % settings.sources.length;
    const records = step.records.map(({ time, fate, ...at }) => {
      const partition = at.partition % settings.partitions;
      const offset = next.get(`${source}/${partition}`) ?? 0;
      next.set(`${source}/${partition}`, offset + 1);
      const key = keys[partition]![at.key % keys[partition]!.length]!;
      const turnTime = settings.payloadTime && fate === "bad" ? time + 7 : time;
      return { id: `r${number++}`, source, partition, offset, key, time, turnTime, fate };
    });
    return { kind: "send", records };
  });
}

/** Timestamps of records must not be negative; those of payloads may be. */
function shifted(settings: Settings, steps: readonly Step[]): readonly Step[] {
  if (settings.payloadTime) return steps;
  return steps.map((step) => {
    if (step.kind !== "send") return step;
    const records = step.records.map((one) => ({
      ...one,
      time: one.time + 40,
      turnTime: one.turnTime + 40,
    }));
    return { ...step, records };
  });
}

const jobs = fc.tuple(settingsArbitrary, stepsArbitrary).map(([settings, rough]) => ({
  settings,
  steps: shifted(settings, place(settings, rough)),
}));

Deno.test("semantics 1 to 11: results, late records and counts are those of the naive oracle", () => {
  fc.assert(
    fc.property(jobs, ({ settings, steps }) => {
      assertSame(runEngine(settings, steps), naiveOracle(settings, steps), settings);
    }),
    { numRuns: 1_500 },
  );
});

Deno.test("semantics 21: every record in is counted once, wherever a run is cut", () => {
  fc.assert(
    fc.property(jobs, ({ settings, steps }) => {
      const driver = runEngine(settings, steps);
      const sent = steps.flatMap((step) => step.kind === "send" ? step.records : []);
      assert.equal(totalOf(driver.outcomes), sent.length);
      assert.ok(driver.held >= 0 && driver.held <= driver.outcomes.windowed);
      const drained = settings.end === "drain";
      if (drained) assert.equal(driver.held, 0);
    }),
    { numRuns: 300 },
  );
});

Deno.test("semantics 15: a run whose clock decides nothing gives the same however it is cut", () => {
  const bounded = jobs.map(({ settings, steps }) => ({
    settings: { ...settings, end: "drain" as const, maxFuture: null },
    steps,
  }));
  fc.assert(
    fc.property(bounded, fc.infiniteStream(fc.nat(3)), ({ settings, steps }, cuts) => {
      const sends = steps.filter((step) => step.kind === "send");
      const cut = sends.flatMap((step): readonly Step[] => {
        const choice = cuts.next().value;
        if (choice === 0) return [step];
        if (choice === 1) return [step, { kind: "restart" }];
        return [step, { kind: "commit" }, { kind: "crash" }];
      });
      const whole = runEngine(settings, sends);
      const parts = runEngine(settings, cut);
      for (const topic of ["out", "source-0.late", "source-1.late"]) {
        assert.deepEqual(parts.outputs(topic), whole.outputs(topic));
      }
      assert.deepEqual(parts.outcomes, whole.outcomes);
    }),
    { numRuns: 300 },
  );
});

Deno.test("naive oracle notices a result that is lost, doubled or wrong", () => {
  const settings: Settings = {
    partitions: 1,
    sources: [{ outOfOrderness: 0, idleTimeout: 10 }],
    size: 10,
    offset: 0,
    lateness: 0,
    running: false,
    closesOnSilence: true,
    maxFuture: null,
    startClock: 0,
    end: "drain",
    payloadTime: false,
  };
  const steps = shifted(
    settings,
    place(settings, [{
      kind: "send",
      source: 0,
      records: [0, 5, 12].map((time) => ({ partition: 0, key: 0, time, fate: "good" as const })),
    }]),
  );
  const right = naiveOracle(settings, steps);
  const driver = runEngine(settings, steps);
  assertSame(driver, right, settings);
  const [first, ...rest] = right.results;
  for (const results of [rest, [first!, ...right.results], [{ ...first!, value: "r0" }, ...rest]]) {
    assert.throws(() => assertSame(driver, { ...right, results }, settings), assert.AssertionError);
  }
});
