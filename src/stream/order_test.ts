import assert from "node:assert/strict";
import { utf8 } from "../base/bytes.ts";
import { StreamEnvironment } from "./environment.ts";
import { headTimeOf, oldestFirst, rankOf } from "./order.ts";
import { readingStream } from "./test_jobs.ts";

/** The time by which a record of payload time takes its turn. */
function turnOf(value: string): number {
  const env = new StreamEnvironment();
  readingStream(env, { payloadTime: true });
  return headTimeOf(env.topology.sources[0]!, {
    timestamp: 7,
    offset: 0,
    key: () => null,
    value: () => utf8(value),
    valueText: () => value,
    headers: () => [],
  });
}

Deno.test("semantics 7: oldestFirst gives the lowest time, ties by topic and then partition", () => {
  const heap = oldestFirst<{ headTime: number; rank: number; name: string }>();
  for (
    const [name, headTime, source, partition] of [
      ["d", 5, 1, 1],
      ["c", 5, 1, 0],
      ["b", 5, 0, 2],
      ["a", 4, 1, 2],
    ] as const
  ) {
    heap.push({
      name,
      headTime,
      rank: rankOf({ isTable: false }, { sourceIndex: source, partition, partitions: 3 }),
    });
  }
  assert.equal(["", "", "", ""].map(() => heap.pop()!.name).join(""), "abcd");
});

Deno.test("semantics 7: headTimeOf is the payload's time, or the record's own where that has none", () => {
  assert.equal(turnOf('{"value":1,"at":42}'), 42);
  assert.equal(turnOf('{"value":1,"at":0.5}'), 7);
  assert.equal(turnOf('{"value":1}'), 7);
  assert.equal(turnOf('{"value":"1","at":42}'), 7);
  assert.equal(turnOf("no JSON"), 7);
});

Deno.test("semantics 7: headTimeOf leaves it to the record's turn to tell that a function threw", () => {
  const env = new StreamEnvironment();
  readingStream(env, { payloadTime: true });
  const source = {
    ...env.topology.sources[0]!,
    deserialize: () => {
      throw new Error("boom");
    },
  };
  const record = { timestamp: 7, offset: 0, key: () => null, value: () => null };
  assert.equal(headTimeOf(source, { ...record, valueText: () => null, headers: () => [] }), 7);
});
