/** The golden vectors of docs/semantics.md, straight and cut at every step. Windows of 60,000 ms. */

import assert from "node:assert/strict";
import { SimulatedClock } from "../../base/clock.ts";
import { at, type JobSettings, results, sumJob } from "./test_jobs.ts";
import { TestDriver } from "../testing/test_driver.ts";

/** What happens, and all that has been given out after it: results, and the times that were late. */
interface VectorStep {
  readonly act: (driver: TestDriver) => void;
  readonly results: readonly string[];
  readonly late?: readonly number[];
}

interface Vector {
  readonly name: string;
  readonly settings?: JobSettings;
  readonly startClock?: number;
  readonly steps: readonly VectorStep[];
  readonly watermark: number;
  /** Whether the clock takes part: then a replay at a later time is another run. */
  readonly timed?: boolean;
}

const send = (timestamp: number, topic = "in") => (driver: TestDriver) =>
  driver.send(topic, [at(timestamp)]);
const advance = (milliseconds: number) => (driver: TestDriver) => driver.advance(milliseconds);

const vectors: readonly Vector[] = [
  {
    name: "delay 0: 60,000 fires [0, 60000), then 59,999 is late",
    steps: [
      { act: send(0), results: [] },
      { act: send(59_999), results: [] },
      { act: send(60_000), results: ["a=2 [0, 60000) watermark"] },
      { act: send(59_999), results: ["a=2 [0, 60000) watermark"], late: [59_999] },
    ],
    watermark: 59_999,
  },
  {
    name: "-1 belongs to [-60000, 0)",
    settings: { payloadTime: true },
    steps: [
      {
        act: (driver) =>
          driver.send("in", [{ timestamp: 7, value: { key: "a", value: 1, at: -1 } }]),
        results: [],
      },
      {
        act: (driver) =>
          driver.send("in", [{ timestamp: 7, value: { key: "a", value: 1, at: 0 } }]),
        results: ["a=1 [-60000, 0) watermark"],
      },
    ],
    watermark: -1,
  },
  {
    name: "delay 5,000: 64,999 fires nothing, 65,000 does",
    settings: { outOfOrderness: 5_000 },
    steps: [
      { act: send(0), results: [] },
      { act: send(64_999), results: [] },
      { act: send(65_000), results: ["a=1 [0, 60000) watermark"] },
    ],
    watermark: 59_999,
  },
  {
    name: "delay 5,000: 59,999 after 64,999 is accepted",
    settings: { outOfOrderness: 5_000 },
    steps: [
      { act: send(64_999), results: [] },
      { act: send(59_999), results: [] },
      { act: send(65_000), results: ["a=1 [0, 60000) watermark"] },
    ],
    watermark: 59_999,
  },
  {
    name: "lateness 10,000: 30,000 fires again with the new total, after 70,000 it is late",
    settings: { lateness: 10_000 },
    steps: [
      { act: send(0), results: [] },
      { act: send(60_000), results: ["a=1 [0, 60000) watermark"] },
      {
        act: send(30_000),
        results: ["a=1 [0, 60000) watermark", "a=2 [0, 60000) correction"],
      },
      {
        act: send(70_000),
        results: ["a=1 [0, 60000) watermark", "a=2 [0, 60000) correction"],
      },
      {
        act: send(30_000),
        results: ["a=1 [0, 60000) watermark", "a=2 [0, 60000) correction"],
        late: [30_000],
      },
    ],
    watermark: 69_999,
  },
  {
    name:
      "two partitions: one never read holds back until idle; it wakes late, the watermark stays",
    settings: { sources: ["in", "other"], idleTimeouts: ["1h", "10s"] },
    steps: [
      { act: send(30_000), results: [] },
      { act: send(120_000), results: [] },
      { act: advance(10_000), results: ["a=1 [0, 60000) watermark"] },
      { act: send(30_000, "other"), results: ["a=1 [0, 60000) watermark"], late: [30_000] },
    ],
    watermark: 119_999,
    timed: true,
  },
  {
    name: "all idle, closing on silence off: nothing",
    settings: { closesOnSilence: false },
    startClock: 120_000,
    steps: [
      { act: send(120_000), results: [] },
      { act: advance(80_000), results: [] },
    ],
    watermark: 119_999,
    timed: true,
  },
  {
    name: "all idle, closing on silence on: 80 s after 120,000 the watermark is 190,000",
    startClock: 120_000,
    steps: [
      { act: send(120_000), results: [] },
      { act: advance(80_000), results: ["a=1 [120000, 180000) silence"] },
    ],
    watermark: 190_000,
    timed: true,
  },
];

const lateTimes = (driver: TestDriver) =>
  ["in", "other"].flatMap((topic) => driver.outputs(`${topic}.late`))
    .map(({ timestamp }) => timestamp);

/** Goes through a vector and does `between` before each step and behind the last. */
function run(vector: Vector, between: (driver: TestDriver, step: number) => void): TestDriver {
  const { settings, startClock = 0, steps, watermark } = vector;
  const driver = new TestDriver(sumJob(settings), { clock: new SimulatedClock(startClock) });
  for (const [index, step] of steps.entries()) {
    between(driver, index);
    step.act(driver);
    assert.deepEqual(results(driver), step.results);
    assert.deepEqual(lateTimes(driver), step.late ?? []);
  }
  between(driver, steps.length);
  assert.deepEqual(results(driver), steps.at(-1)!.results);
  assert.deepEqual(lateTimes(driver), steps.at(-1)!.late ?? []);
  assert.deepEqual(driver.watermarks, [watermark]);
  return driver;
}

for (const vector of vectors) {
  Deno.test(`golden vector: ${vector.name}`, () => {
    run(vector, () => {});
  });

  Deno.test(`golden vector, restarted between any two steps: ${vector.name}`, () => {
    const straight = run(vector, () => {});
    // Each number is a set of places to restart at.
    for (let places = 1; places < 2 ** (vector.steps.length + 1); places++) {
      const driver = run(vector, (cut, step) => {
        if (places & (1 << step)) cut.restart();
      });
      assert.deepEqual(driver.outputs("out"), straight.outputs("out"));
      assert.deepEqual(driver.outputs("in.late"), straight.outputs("in.late"));
      assert.deepEqual(driver.outcomes, straight.outcomes);
      assert.equal(driver.held, straight.held);
    }
  });

  Deno.test(`golden vector, crashed after any commit: ${vector.name}`, () => {
    const straight = run(vector, () => {});
    for (let commit = 0; commit <= vector.steps.length; commit++) {
      const lastCrash = vector.timed ? commit : vector.steps.length;
      for (let crash = commit; crash <= lastCrash; crash++) {
        const driver = run(vector, (cut, step) => {
          if (step === commit) cut.commit();
          if (step === crash) cut.crash();
        });
        assert.deepEqual(driver.outputs("out"), straight.outputs("out"));
        assert.deepEqual(driver.outputs("in.late"), straight.outputs("in.late"));
        assert.deepEqual(driver.outcomes, straight.outcomes);
      }
    }
  });
}
