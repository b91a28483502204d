import assert from "node:assert/strict";
import { utf8 } from "../../base/bytes.ts";
import { SimulatedClock } from "../../base/clock.ts";
import { at, results, sumJob } from "../tests/test_jobs.ts";
import { TestDriver } from "../testing/test_driver.ts";
import { Task } from "../task/task.ts";

Deno.test("runningReduce gives a key's total at the end of each of its windows", () => {
  for (const lateness of ["0s", "2m"]) {
    const driver = new TestDriver(sumJob({ running: true, lateness }));
    driver.send("in", [
      at(0, { value: 1 }),
      at(1, { key: "b", value: 5 }),
      at(60_000, { value: 10 }),
      at(240_000, { value: 100 }),
      at(900_000),
    ]);
    assert.deepEqual(results(driver), [
      "a=1 [0, 60000) watermark",
      "b=5 [0, 60000) watermark",
      "a=11 [60000, 120000) watermark",
      "a=111 [240000, 300000) watermark",
    ]);
  }
});

Deno.test("runningReduce keeps totals over restarts, settled or not", () => {
  const driver = new TestDriver(sumJob({ running: true, lateness: "2m" }));
  for (let minute = 0; minute < 10; minute++) {
    driver.send("in", [at(minute * 60_000)]);
    driver.restart();
  }
  assert.deepEqual(
    driver.outputs("out").map(({ value }) => value),
    [1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
  // Four windows, the totals of the key, and the count of what was given out.
  assert.equal(driver.stateEntries, 5);
});

Deno.test("semantics 6: of several corrections, each puts right what the one before gave out", () => {
  const driver = new TestDriver(sumJob({ running: true, lateness: "1h" }));
  driver.send("in", [at(0), at(60_000), at(120_000)]);
  driver.restart();
  driver.send("in", [at(0, { value: 10 })]);
  driver.restart();
  driver.send("in", [at(60_000, { value: 100 }), at(0, { key: "b" })]);
  assert.deepEqual(results(driver), [
    "a=1 [0, 60000) watermark",
    "a=2 [60000, 120000) watermark",
    "a=11 [0, 60000) correction",
    "a=12 [60000, 120000) correction",
    "a=112 [60000, 120000) correction",
    "b=1 [0, 60000) correction",
  ]);
});

Deno.test("runningReduce settles what takes no more corrections, at its own time", () => {
  const clock = new SimulatedClock(1_000_000);
  const outputs = { write: () => {}, forward: () => {} };
  const job = sumJob({ running: true, lateness: "1m" });
  const task = new Task(job, { partition: 0, partitions: 1, clock, outputs });
  const saved = (timestamp: number, key: string) => {
    const value = JSON.stringify({ key, value: 1 });
    task.process(0, {
      timestamp,
      offset: 0,
      key: () => null,
      value: () => utf8(value),
      valueText: () => value,
      headers: () => [],
    });
    const entry = task.takeChanges().find((one) => one.key === '["runningReduce","a"]');
    return entry === undefined ? null : JSON.parse(entry.value!);
  };
  const first = [0, 60_000, { key: "a", value: 1 }];
  const second = [60_000, 120_000, { key: "a", value: 1 }];
  assert.equal(saved(0, "a"), null);
  assert.deepEqual(saved(60_000, "a"), { settled: null, parts: [first] });
  assert.equal(saved(119_999, "b"), null);
  // The first window may be corrected up to 119,999, the second up to 179,999.
  assert.deepEqual(saved(120_000, "b"), { settled: first[2], parts: [second] });
  assert.equal(saved(179_999, "b"), null);
  assert.deepEqual(saved(180_000, "b"), { settled: { key: "a", value: 2 }, parts: [] });
});
