import assert from "node:assert/strict";
import fc from "fast-check";
import { assignPartitions, type Candidate } from "./assignment.ts";

function assigned(
  candidates: readonly Candidate[],
  partitions: number,
): Record<string, readonly number[]> {
  return Object.fromEntries(assignPartitions(candidates, partitions));
}

Deno.test("assignPartitions gives all members as many as the others, or one more", () => {
  const fresh = ["a", "b"].map((id) => ({ id, held: [] }));
  assert.deepEqual(assigned(fresh, 5), { a: [0, 1, 2], b: [3, 4] });
});

Deno.test("assignPartitions leaves members beyond the partitions without", () => {
  const fresh = ["a", "b", "c"].map((id) => ({ id, held: [] }));
  assert.deepEqual(assigned(fresh, 2), { a: [0], b: [1], c: [] });
});

Deno.test("assignPartitions moves no more than a newcomer's share", () => {
  const candidates = [{ id: "a", held: [0, 1, 2, 3, 4] }, { id: "b", held: [] }];
  assert.deepEqual(assigned(candidates, 5), { a: [0, 1, 2], b: [3, 4] });
});

Deno.test("assignPartitions gives a dead member's partitions to the others, who keep theirs", () => {
  const candidates = [{ id: "a", held: [0, 4] }, { id: "b", held: [2] }];
  assert.deepEqual(assigned(candidates, 5), { a: [0, 1, 4], b: [2, 3] });
});

Deno.test("assignPartitions lets the same partition be held by one only, whatever members say", () => {
  const candidates = [{ id: "a", held: [0, 1, 7, -1] }, { id: "b", held: [1, 0] }];
  assert.deepEqual(assigned(candidates, 2), { a: [0], b: [1] });
});

Deno.test("assignPartitions assigns each partition once, evenly, whatever the order, and keeps what it can", () => {
  const candidate = fc.record({
    id: fc.string({ minLength: 1, maxLength: 3 }),
    held: fc.array(fc.integer({ min: -1, max: 12 }), { maxLength: 8 }),
  });
  const candidates = fc.uniqueArray(candidate, {
    minLength: 1,
    maxLength: 6,
    selector: ({ id }) => id,
  });
  fc.assert(
    fc.property(candidates, fc.integer({ min: 1, max: 10 }), (members, partitions) => {
      const result = assignPartitions(members, partitions);
      const all = [...result.values()].flat().sort((a, b) => a - b);
      assert.deepEqual(all, Array.from({ length: partitions }, (_, i) => i));
      const sizes = [...result.values()].map((own) => own.length);
      assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1);
      assert.deepEqual(
        [...assignPartitions([...members].reverse(), partitions)].sort(),
        [...result].sort(),
      );
      // Assigning again moves nothing.
      const settled = members.map(({ id }) => ({ id, held: result.get(id)! }));
      assert.deepEqual([...assignPartitions(settled, partitions)].sort(), [...result].sort());
    }),
  );
});
