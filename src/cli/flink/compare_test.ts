import assert from "node:assert/strict";
import { utf8 } from "../../base/bytes.ts";
import { comparableText, Comparison } from "./compare.ts";

Deno.test("comparableText is the same for records that mean the same", () => {
  const text = (value: string) => comparableText(0, utf8('{"k":1}'), utf8(value));
  assert.equal(
    text('{"a":125.0,"b":[1,{"d":2,"c":1}]}'),
    text('{ "b": [1, {"c":1,"d":2}], "a": 125 }'),
  );
  assert.notEqual(text('{"a":1}'), text('{"a":"1"}'));
  assert.notEqual(text('{"a":[1,2]}'), text('{"a":[2,1]}'));
  assert.notEqual(comparableText(0, null, null), comparableText(1, null, null));
  assert.notEqual(comparableText(0, null, null), comparableText(0, utf8("x"), null));
  assert.equal(comparableText(0, null, utf8("no JSON")).endsWith("no JSON"), true);
});

Deno.test("Comparison counts what is in both, and how often more in one", () => {
  const comparison = new Comparison();
  for (const text of ["a", "a", "b", "c"]) comparison.add(0, text);
  for (const text of ["a", "b", "b", "d", "e", "f", "g"]) comparison.add(1, text);
  assert.deepEqual(comparison.result(), {
    same: 2,
    only: [2, 5],
    examples: [["a", "c"], ["b", "d", "e"]],
  });
});
