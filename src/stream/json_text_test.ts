import assert from "node:assert/strict";
import fc from "fast-check";
import { jsonText } from "./json.ts";

/** JSON has no zero with a sign. */
function holdsNegativeZero(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return Object.is(value, -0);
  return Object.values(value).some(holdsNegativeZero);
}

Deno.test("jsonText: what is written is read again as the same value", () => {
  fc.assert(fc.property(fc.jsonValue().filter((value) => !holdsNegativeZero(value)), (value) => {
    assert.deepEqual(JSON.parse(jsonText(value)), value);
  }));
});

Deno.test("jsonText: what is no JSON value is refused with its place, wherever it stands", () => {
  const circle: unknown[] = [];
  circle.push({ circle });
  const strangers: readonly (readonly [unknown, string])[] = [
    [undefined, "it is of type undefined"],
    [[1, undefined], "[1] is of type undefined"],
    [{ a: { b: Number.NaN } }, ".a.b is NaN"],
    [-Infinity, "it is -Infinity"],
    [{ at: new Date(0) }, ".at is a Date"],
    [[new Map()], "[0] is a Map"],
    [{ n: 1n }, ".n is of type bigint"],
    [{ f: () => {} }, ".f is of type function"],
    [circle, "it is nested over 1000 deep, or in a circle"],
  ];
  for (const [value, told] of strangers) {
    assert.throws(() => jsonText(value), {
      code: "invalid-argument",
      message: `Cannot write an element as JSON: it must be a JSON value, ${told}`,
    });
  }
  assert.equal(jsonText({ a: 1, b: undefined, c: Object.create(null) }), '{"a":1,"c":{}}');
});
