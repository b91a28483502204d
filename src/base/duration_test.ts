import assert from "node:assert/strict";
import fc from "fast-check";
import {
  describeDuration,
  type Duration,
  formatDuration,
  parseDuration,
  parseSignedDuration,
} from "./duration.ts";
import { hasCode } from "./errors.ts";

function refuses(duration: Duration, message: RegExp): void {
  assert.throws(() => parseDuration(duration), (error) => {
    assert.ok(hasCode(error, "invalid-argument"));
    assert.match(error.message, message);
    return true;
  });
}

Deno.test("parseDuration reads every unit", () => {
  const read = ["7ms", "7s", "7m", "7h", "7d", "0ms", "0d", "007s"].map(parseDuration);
  assert.deepEqual(read, [7, 7_000, 420_000, 25_200_000, 604_800_000, 0, 0, 7_000]);
});

Deno.test("parseDuration reads fractions that come to whole milliseconds", () => {
  const read = ["1.5s", "0.001s", "1.001s", "1.005s", "16.1s", "0.5m", "0.25h", "0.1d", "2.0ms"];
  assert.deepEqual(
    read.map(parseDuration),
    [1_500, 1, 1_001, 1_005, 16_100, 30_000, 900_000, 8_640_000, 2],
  );
});

Deno.test("parseDuration reads every number of milliseconds written as seconds", () => {
  fc.assert(fc.property(fc.nat({ max: 100_000_000 }), (milliseconds) => {
    const seconds = Math.floor(milliseconds / 1_000);
    const rest = String(milliseconds % 1_000).padStart(3, "0");
    assert.equal(parseDuration(`${seconds}.${rest}s`), milliseconds);
  }));
});

Deno.test("parseDuration takes whole milliseconds as they are", () => {
  for (const duration of [0, 1, Number.MAX_SAFE_INTEGER]) {
    assert.equal(parseDuration(duration), duration);
  }
});

Deno.test("parseDuration refuses numbers that are no whole milliseconds from zero on", () => {
  const wrong = [-1, -0.5, 0.5, Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER + 1];
  for (const duration of wrong) {
    refuses(duration, /^Cannot parse duration ".*": it must be a whole number of milliseconds/);
  }
});

Deno.test("parseDuration refuses text that is not a number and a unit", () => {
  const wrong = ["", "5", "s", "5x", "5 s", " 5s", "5s ", "-5s", "+5s", "1e3s", ".5s", "5.s", "5S"];
  for (const duration of [...wrong, "1.2.3s", "1h5m", "٣s", "5s\n"]) {
    refuses(duration, /one of ms, s, m, h, d \(as in 10s\)$/);
  }
});

Deno.test("parseDuration refuses what does not come to whole milliseconds", () => {
  for (const duration of ["0.5ms", "1.0005s", "0.00001m", "0.0000000000000000000000001d"]) {
    refuses(duration, /it must come to a whole number of milliseconds$/);
  }
});

Deno.test("parseDuration reads up to the largest whole number and no further", () => {
  assert.equal(parseDuration("9007199254740991ms"), Number.MAX_SAFE_INTEGER);
  assert.equal(parseDuration("9007199254740s"), 9_007_199_254_740_000);
  assert.equal(parseDuration("104249991d"), 104_249_991 * 86_400_000);
  for (const over of ["9007199254740992ms", "9007199254741s", "104249992d"]) {
    refuses(over, /it must come to a whole number/);
  }
});

Deno.test("formatDuration is the shortest exact text", () => {
  const written = [0, 1, 999, 1_000, 1_001, 59_000, 60_000, 90_000, 3_600_000, 86_400_000]
    .map(formatDuration);
  assert.deepEqual(written, [
    "0ms",
    "1ms",
    "999ms",
    "1s",
    "1001ms",
    "59s",
    "1m",
    "90s",
    "1h",
    "1d",
  ]);
});

Deno.test("parseDuration reads back what formatDuration writes", () => {
  const whole = fc.oneof(
    fc.maxSafeNat(),
    fc.tuple(fc.nat({ max: 1_000 }), fc.constantFrom(1_000, 60_000, 3_600_000, 86_400_000))
      .map(([count, unit]) => count * unit),
  );
  fc.assert(fc.property(whole, (milliseconds) => {
    assert.equal(parseDuration(formatDuration(milliseconds)), milliseconds);
  }));
});

Deno.test("describeDuration keeps two places", () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, "0ms"],
    [350, "350ms"],
    [999, "999ms"],
    [999.4, "999ms"],
    [999.6, "1s"],
    [1_000, "1s"],
    [41_499, "41s"],
    [59_499, "59s"],
    [59_500, "1m"],
    [65_000, "1m 5s"],
    [3_599_500, "1h"],
    [3_605_000, "1h"],
    [3_900_000, "1h 5m"],
    [86_400_000 + 60_000, "1d"],
    [86_400_000 + 3_600_000 + 60_000, "1d 1h"],
    [-65_000, "-1m 5s"],
  ];
  for (const [milliseconds, text] of cases) assert.equal(describeDuration(milliseconds), text);
});

Deno.test("parseSignedDuration reads what parseDuration reads, and the same below zero", () => {
  const read = ["10s", "-10s", 7, -7, "-0s", -0, "-1.5s"].map(parseSignedDuration);
  assert.deepEqual(read, [10_000, -10_000, 7, -7, 0, -0, -1_500]);
  for (const wrong of ["--1s", "-", "- 1s", "1s-", "-1", -0.5, Number.NEGATIVE_INFINITY]) {
    assert.throws(() => parseSignedDuration(wrong), { code: "invalid-argument" });
  }
});

Deno.test("formatDuration writes what lies below zero with a minus", () => {
  assert.deepEqual([-1, -1_000, -90_000].map(formatDuration), ["-1ms", "-1s", "-90s"]);
});
