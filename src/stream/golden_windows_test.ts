/** Golden vectors of windows beyond the tumbling ones, straight and cut at every step. */

import assert from "node:assert/strict";
import type { KeyedStream } from "./data_stream.ts";
import type { DataStream } from "./data_stream.ts";
import { StreamEnvironment } from "./environment.ts";
import type { ProcessWindowFunction } from "./operators/window_function.ts";
import { EventTimeSessionWindows, GlobalWindows } from "./session_windows.ts";
import { at, type Reading, readingsSink, readingStream, results, sum } from "./test_jobs.ts";
import { TestDriver } from "./test_driver.ts";
import {
  ContinuousEventTimeTrigger,
  CountTrigger,
  EventTimeTrigger,
  PurgingTrigger,
} from "./triggers.ts";
import { SlidingEventTimeWindows, TumblingEventTimeWindows } from "./window.ts";

type Readings = KeyedStream<Reading, string>;

interface Vector {
  readonly name: string;
  readonly job: (readings: Readings) => DataStream<Reading>;
  /** Event times; each reading's value is 1, or as stated. */
  readonly steps: readonly (number | readonly [time: number, value: number, key?: string])[];
  readonly results: readonly string[];
  readonly late?: readonly number[];
  readonly filtered?: number;
}

/** The digits of a window's values, in the order of their arrival. */
const digits: ProcessWindowFunction<Reading, string, Reading> = () => ({
  process: (key, _, elements, out) =>
    out.collect({ key, value: Number(elements.map(({ value }) => value).join("")) }),
});

const seconds = (value: number) => value * 1_000;

const vectors: readonly Vector[] = [
  {
    name: "semantics 1: sliding windows of 10 s every 5 s: an element is in two",
    job: (readings) => readings.window(SlidingEventTimeWindows.of("10s", "5s")).reduce(sum),
    steps: [[0, 1], [4_999, 2], [5_000, 4], [9_999, 8], [10_000, 16], [25_000, 32]],
    results: [
      "a=3 [-5000, 5000) watermark",
      "a=15 [0, 10000) watermark",
      "a=28 [5000, 15000) watermark",
      "a=16 [10000, 20000) watermark",
    ],
  },
  {
    name: "semantics 1: sliding windows whose size is no multiple of the slide, with an offset",
    job: (readings) => readings.window(SlidingEventTimeWindows.of(7, 3, 1)).reduce(sum),
    steps: [[7, 1], [9, 2], [100, 4]],
    // Windows start at ..., 1, 4, 7, 10; 7 is in [1, 8), [4, 11), [7, 14), 9 only in the last two.
    results: ["a=1 [1, 8) watermark", "a=3 [4, 11) watermark", "a=3 [7, 14) watermark"],
  },
  {
    name: "semantics 1: an element between two sliding windows is in none and is filtered",
    job: (readings) => readings.window(SlidingEventTimeWindows.of(2, 5)).reduce(sum),
    steps: [0, 1, 2, 4, 5, 20],
    results: ["a=2 [0, 2) watermark", "a=1 [5, 7) watermark"],
    filtered: 2,
  },
  {
    name: "semantics 5: an element is late for sliding windows only when it is for all of them",
    job: (readings) => readings.window(SlidingEventTimeWindows.of("10s", "5s")).reduce(sum),
    steps: [[seconds(7), 1], [seconds(12), 2], [seconds(8), 4], [seconds(30), 8], [
      seconds(19),
      16,
    ]],
    results: [
      "a=1 [0, 10000) watermark",
      "a=7 [5000, 15000) watermark",
      "a=2 [10000, 20000) watermark",
    ],
    late: [seconds(19)],
  },
  {
    name: "sessions: elements as far apart as the gap are of one, farther ones are not",
    job: (readings) => readings.window(EventTimeSessionWindows.withGap("10s")).reduce(sum),
    steps: [[0, 1], [10_000, 2], [20_001, 4], [40_000, 8]],
    results: ["a=3 [0, 20000) watermark", "a=4 [20001, 30001) watermark"],
  },
  {
    name: "sessions: an element that comes later joins two to one, in the order of arrival",
    job: (readings) =>
      readings.window(EventTimeSessionWindows.withGap("10s")).allowedLateness("1m").process(digits),
    steps: [[seconds(15), 1], [0, 2], [seconds(16), 3], [seconds(8), 4], [seconds(50), 5]],
    results: ["a=2 [0, 10000) correction", "a=1234 [0, 26000) watermark"],
  },
  {
    name: "sessions: each element may name its gap",
    job: (readings) =>
      readings.window(EventTimeSessionWindows.withDynamicGap(({ value }: Reading) => value))
        .reduce(sum),
    steps: [[0, 100], [100, 5], [106, 1], [500, 1]],
    results: ["a=105 [0, 105) watermark", "a=1 [106, 107) watermark"],
  },
  {
    name: "semantics 5: an element is late for a session by what it would become",
    job: (readings) => readings.window(EventTimeSessionWindows.withGap("10s")).reduce(sum),
    steps: [
      [0, 1],
      [seconds(8), 2],
      [seconds(17), 4, "b"],
      [seconds(1), 8],
      [seconds(40), 16, "b"],
      [seconds(2), 32],
    ],
    results: ["a=11 [0, 18000) watermark", "b=4 [17000, 27000) watermark"],
    late: [seconds(2)],
  },
  {
    name: "semantics 6: a session that has fired grows within the lateness and fires anew",
    job: (readings) =>
      readings.window(EventTimeSessionWindows.withGap("10s")).allowedLateness("20s").reduce(sum),
    steps: [
      [0, 1],
      [seconds(12), 2, "b"],
      [seconds(1), 4],
      [seconds(9), 8],
      [seconds(60), 16, "b"],
    ],
    results: [
      "a=1 [0, 10000) watermark",
      "a=5 [0, 11000) correction",
      "a=13 [0, 19000) watermark",
      "b=2 [12000, 22000) watermark",
    ],
  },
  {
    name: "a count window gives out each full one and begins anew",
    job: (readings) => readings.countWindow(3).process(digits),
    steps: [[5, 1], [3, 2], [9, 3, "b"], [4, 4], [8, 5], [8, 6]],
    results: ["a=124 [-9007199254740991, 9007199254740991) trigger"],
  },
  {
    name: "a count trigger without purge gives out all that came so far",
    job: (readings) =>
      readings.window(GlobalWindows.create()).trigger(CountTrigger.of(2)).process(digits),
    steps: [[5, 1], [3, 2], [4, 4], [8, 5]],
    results: [
      "a=12 [-9007199254740991, 9007199254740991) trigger",
      "a=1245 [-9007199254740991, 9007199254740991) trigger",
    ],
  },
  {
    name: "a count trigger alone does not fire at the end, with early firings the end stays",
    job: (readings) => {
      const windowed = readings.window(TumblingEventTimeWindows.of("10s"));
      const count = CountTrigger.of(2);
      const both = windowed.trigger(EventTimeTrigger.create().withEarlyFirings(count)).reduce(sum);
      return windowed.trigger(count).reduce(sum).union(both);
    },
    steps: [[0, 1], [1, 2], [2, 4], [10_000, 8]],
    results: ["a=3 [0, 10000) early", "a=3 [0, 10000) early", "a=7 [0, 10000) watermark"],
  },
  {
    name: "a continuous trigger fires at each interval and at the end",
    job: (readings) =>
      readings.window(TumblingEventTimeWindows.of("10s"))
        .trigger(ContinuousEventTimeTrigger.of("4s")).reduce(sum),
    steps: [[3_000, 1], [4_000, 2], [4_001, 4], [9_000, 8], [10_000, 16]],
    results: [
      "a=7 [0, 10000) early",
      "a=15 [0, 10000) early",
      "a=15 [0, 10000) watermark",
    ],
  },
  {
    name: "a purging trigger gives each element out once",
    job: (readings) =>
      readings.window(TumblingEventTimeWindows.of("10s"))
        .trigger(PurgingTrigger.of(ContinuousEventTimeTrigger.of("4s"))).process(digits),
    steps: [[3_000, 1], [4_000, 2], [4_001, 4], [10_000, 6]],
    results: ["a=124 [0, 10000) early"],
  },
];

function run(vector: Vector, after: (driver: TestDriver) => void): void {
  const env = new StreamEnvironment();
  vector.job(readingStream(env).keyBy("key")).sinkTo(readingsSink("out"));
  const driver = new TestDriver(env.topology);
  for (const step of vector.steps) {
    const [time, value = 1, key = "a"] = typeof step === "number" ? [step] : step;
    driver.send("in", [at(time, { value, key })]);
    after(driver);
  }
  assert.deepEqual(results(driver), vector.results);
  const late = driver.outputs("in.late").map(({ timestamp }) => timestamp);
  assert.deepEqual(late, vector.late ?? []);
  assert.equal(driver.outcomes.filtered, vector.filtered ?? 0);
}

for (const vector of vectors) {
  Deno.test(vector.name, () => {
    run(vector, () => {});
    run(vector, (driver) => driver.restart());
    run(vector, (driver) => driver.crash());
    run(vector, (driver) => {
      driver.commit();
      driver.crash();
    });
  });
}
