import assert from "node:assert/strict";
import { isIdle, minimumWatermark, silenceWatermark } from "./progress.ts";

const progress = (watermark: number, idle = false) => ({ position: 0, watermark, idle });

Deno.test("semantics 3: minimumWatermark is over the partitions that are not idle", () => {
  assert.equal(minimumWatermark([progress(5), progress(3), progress(1, true)]), 3);
  assert.equal(minimumWatermark([progress(Number.NEGATIVE_INFINITY), progress(3)]), -Infinity);
  assert.equal(minimumWatermark([progress(5, true)]), null);
  assert.equal(minimumWatermark([]), null);
});

Deno.test("semantics 8: isIdle takes the time-out, and that nothing readable is left", () => {
  const silence = { caughtUp: true, lastRecordAt: 100, idleTimeout: 10 };
  assert.deepEqual([109, 110, 111].map((now) => isIdle(silence, now)), [false, true, true]);
  assert.equal(isIdle({ ...silence, caughtUp: false }, 1_000), false);
});

Deno.test("semantics 9: silenceWatermark is the flow of time, but never past the clock", () => {
  const newest = { timestamp: 120_000, arrivedAt: 120_000 };
  assert.equal(silenceWatermark(newest, 200_000, 10_000), 190_000);
  assert.equal(silenceWatermark({ ...newest, timestamp: 500 }, 200_000, 10_000), 70_500);
  assert.equal(silenceWatermark({ ...newest, timestamp: 900_000 }, 200_000, 10_000), 190_000);
  assert.equal(silenceWatermark({ ...newest, timestamp: -Infinity }, 1, 1), -Infinity);
});
