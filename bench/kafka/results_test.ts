import assert from "node:assert/strict";
import { UnorderedHash } from "./results.ts";

function hashOf(...records: readonly string[]): string {
  const hash = new UnorderedHash();
  for (const record of records) hash.add(record);
  return String(hash);
}

Deno.test("UnorderedHash: the order of records does not matter", () => {
  assert.equal(hashOf("a", "b", "b"), hashOf("b", "a", "b"));
});

Deno.test("UnorderedHash: a record that is lost, doubled or another one does", () => {
  const right = hashOf("a", "b", "b");
  for (const wrong of [["a", "b"], ["a", "b", "b", "b"], ["a", "a", "b"], ["a", "b", "c"]]) {
    assert.notEqual(hashOf(...wrong), right);
  }
});
