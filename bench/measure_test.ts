import assert from "node:assert/strict";
import { describeSpread, quantile, spreadOf } from "./measure.ts";

Deno.test("quantile: 0 is the least, 1 the largest, 0.5 the one in the middle", () => {
  const sorted = [1, 2, 3, 4, 10];
  assert.deepEqual([0, 0.5, 0.99, 1].map((share) => quantile(sorted, share)), [1, 3, 4, 10]);
  assert.equal(quantile([], 0.5), Number.NaN);
});

Deno.test("spreadOf sorts", () => {
  assert.deepEqual(spreadOf([10, 9, 100]), { median: 10, min: 9, max: 100 });
});

Deno.test("describeSpread: one value stands alone", () => {
  assert.equal(describeSpread([1234.56], 1), "1,234.6");
  assert.equal(describeSpread([3, 1, 2], 0), "2 (1 to 3)");
});
