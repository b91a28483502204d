import assert from "node:assert/strict";
import fc from "fast-check";
import {
  assignPartitions,
  type Candidate,
  sharePartitions,
  type VersionedCandidate,
} from "./assignment.ts";

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

/** Candidates as `id version held`, two partitions, and what each gets: partitions or whom for. */
const sharings: readonly {
  readonly rule: string;
  readonly candidates: readonly string[];
  readonly expected: Readonly<Record<string, readonly number[] | string>>;
}[] = [
  { rule: "gives nobody nothing", candidates: [], expected: {} },
  {
    rule: "shares among members of one version",
    candidates: ["a v1", "b v1"],
    expected: { a: [0], b: [1] },
  },
  {
    rule: "lets members beyond the partitions wait for one that holds some",
    candidates: ["a v1", "b v1 1", "c v1 0"],
    expected: { a: "member b", b: [1], c: [0] },
  },
  {
    rule: "leaves partitions to the version that holds them",
    candidates: ["a v2", "b v1 0,1"],
    expected: { a: "member b, of another version,", b: [0, 1] },
  },
  {
    rule: "lets who joins with the holding version share",
    candidates: ["a v2", "b v1 0,1", "c v1"],
    expected: { a: "member b, of another version,", b: [0], c: [1] },
  },
  {
    rule: "lets the other version take over when the last member of the old one is gone",
    candidates: ["a v2", "c v2"],
    expected: { a: [0], c: [1] },
  },
  {
    rule: "takes the version of the smallest id when nobody holds any",
    candidates: ["c v1", "b v2", "d v2"],
    expected: { b: [0], c: "member b, of another version,", d: [1] },
  },
  {
    rule: "takes the version that holds the most",
    candidates: ["a v1 0", "b v2 0", "c v2 1"],
    expected: { a: "member b, of another version,", b: [0], c: [1] },
  },
  {
    rule: "takes the version of the smallest id where several hold as many",
    candidates: ["b v2 0", "a v1 1"],
    expected: { a: [0, 1], b: "member a, of another version," },
  },
  {
    rule: "counts partitions that exist, once",
    candidates: ["a v1 0,0,7,-1", "b v2 0,1"],
    expected: { a: "member b, of another version,", b: [0, 1] },
  },
];

for (const { rule, candidates, expected } of sharings) {
  Deno.test(`sharePartitions ${rule}`, () => {
    const told = candidates.map((text): VersionedCandidate => {
      const [id, version, held] = text.split(" ") as [string, string, string?];
      const numbers = held === undefined ? [] : held.split(",").map(Number);
      return { id, version, held: numbers, description: `member ${id}` };
    });
    for (const order of [told, [...told].reverse()]) {
      const shares = Object.fromEntries(
        [...sharePartitions(order, 2)].map(([id, { partitions, waitingFor }]) => {
          assert.equal(waitingFor === null, partitions.length > 0);
          return [id, waitingFor ?? partitions];
        }),
      );
      assert.deepEqual(shares, expected);
    }
  });
}

Deno.test("sharePartitions again changes nothing, and the version that holds goes on", () => {
  const candidate = fc.record({
    id: fc.string({ minLength: 1, maxLength: 3 }),
    held: fc.array(fc.nat(6), { maxLength: 4 }),
    version: fc.constantFrom("v1", "v2", "v3"),
    description: fc.constant(""),
  });
  const candidates = fc.uniqueArray(candidate, { maxLength: 6, selector: ({ id }) => id });
  fc.assert(
    fc.property(candidates, fc.integer({ min: 1, max: 7 }), (members, partitions) => {
      const shares = sharePartitions(members, partitions);
      const holders = members.filter(({ id }) => shares.get(id)!.partitions.length > 0);
      assert.equal(new Set(holders.map(({ version }) => version)).size, members.length > 0 ? 1 : 0);
      const settled = members.map((one) => ({ ...one, held: shares.get(one.id)!.partitions }));
      assert.deepEqual([...sharePartitions(settled, partitions)].sort(), [...shares].sort());
    }),
  );
});
