import assert from "node:assert/strict";
import { clockTime, windowName, windowTime } from "./words.ts";

const noon = Date.UTC(2026, 0, 31, 12);
const day = 86_400_000;

Deno.test("clockTime leaves out the date of today, and thousandths of a whole second", () => {
  assert.equal(clockTime(noon, noon), "12:00:00");
  assert.equal(clockTime(noon - 1, noon), "11:59:59.999");
  assert.equal(clockTime(noon, noon + day), "2026-01-31T12:00:00");
  assert.equal(clockTime(noon + day / 2 - 1, noon), "23:59:59.999");
  assert.equal(clockTime(noon + day / 2, noon), "2026-02-01T00:00:00");
});

Deno.test("windowName tells a window by whole minutes where it has some, and its day once", () => {
  assert.equal(windowTime(noon, noon), "12:00");
  assert.equal(windowTime(noon + 5_000, noon), "12:00:05");
  assert.equal(windowName({ start: noon, end: noon + 60_000 }, noon), "12:00 to 12:01");
  const later = noon + day;
  assert.equal(windowName({ start: noon, end: noon + 60_000 }, later), "2026-01-31T12:00 to 12:01");
  assert.equal(
    windowName({ start: noon, end: later }, later),
    "2026-01-31T12:00 to 2026-02-01T12:00",
  );
});
