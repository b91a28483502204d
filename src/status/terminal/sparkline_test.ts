import assert from "node:assert/strict";
import { sparkline } from "./sparkline.ts";

Deno.test("sparkline scales to the largest figure, and shows the newest", () => {
  assert.equal(sparkline([0, 1, 2, 3, 4, 5, 6], 7), "▁▂▃▄▅▆▇");
  assert.equal(sparkline([100, 1, 2, 4], 3), "▃▄▇");
});

Deno.test("sparkline shows nothing as the lowest block, and a little never as nothing", () => {
  assert.equal(sparkline([0, 0, 0], 3), "▁▁▁");
  assert.equal(sparkline([0, 0.001, 1_000], 3), "▁▂▇");
});

Deno.test("sparkline leaves a gap for what is not known, and before the first figure", () => {
  assert.equal(sparkline([1, null, 1], 5), "  ▇ ▇");
  assert.equal(sparkline([], 3), "   ");
});
