import assert from "node:assert/strict";
import fc from "fast-check";
import { BufferTable } from "./buffer_table.ts";
import type { EntryKey } from "./tables.ts";

type Step =
  | { readonly add: readonly [key: string, timestamp: number] }
  | { readonly removeUpTo: number }
  | "commit"
  /** From the whole changelog, in its order. */
  | "restore"
  /** From the last value of each entry, in any order. */
  | "restore compacted";

const key = fc.constantFrom("a", "b", "é");
const step = fc.oneof<fc.Arbitrary<Step>[]>(
  fc.record({ add: fc.tuple(key, fc.integer({ min: -1, max: 2 })) }),
  fc.record({ add: fc.tuple(key, fc.integer({ min: -1, max: 2 })) }),
  fc.record({ removeUpTo: fc.integer({ min: -1, max: 2 }) }),
  fc.constantFrom<Step>("commit", "restore", "restore compacted"),
);

Deno.test("BufferTable holds what was added and not let go, over any commits and restores", () => {
  const property = fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), (steps) => {
    let table = new BufferTable<number>();
    let model: { key: string; timestamp: number; value: number }[] = [];
    let committed = model;
    let changelog: [name: string, value: unknown][] = [];
    let count = 0;
    const restore = (entries: readonly (readonly [string, unknown])[]) => {
      table = new BufferTable();
      for (const [name, value] of entries) table.restore(JSON.parse(name) as EntryKey, value);
      model = committed;
      assert.equal(table.hasChanges, false);
    };
    for (const step of steps) {
      if (step === "commit") {
        table.takeChanges((name, value) => changelog.push([JSON.stringify(name), value]));
        committed = model;
        assert.equal(table.hasChanges, false);
      } else if (step === "restore") {
        restore(changelog);
      } else if (step === "restore compacted") {
        changelog = [...new Map(changelog)].filter(([, value]) => value !== undefined).reverse();
        restore(changelog);
      } else if ("add" in step) {
        const [key, timestamp] = step.add;
        table.add(key, { timestamp, value: ++count });
        model = [...model, { key, timestamp, value: count }];
      } else {
        table.removeUpTo(step.removeUpTo);
        model = model.filter(({ timestamp }) => timestamp > step.removeUpTo);
      }
      assert.equal(table.size, model.length);
      for (const [first, last] of [[-9, 9], [0, 3], [2, 2], [3, 2]] as const) {
        for (const key of ["a", "b", "é", "none"]) {
          const wanted = model.filter((one) =>
            one.key === key && one.timestamp >= first && one.timestamp <= last
          );
          // A stable sort keeps the order of arrival.
          wanted.sort((a, b) => a.timestamp - b.timestamp);
          const found = table.between(key, first, last).map(({ value }) => value);
          assert.deepEqual(found, wanted.map(({ value }) => value));
        }
      }
    }
  });
  fc.assert(property, { numRuns: 1_000 });
});

Deno.test("BufferTable tells one entry for each element, and none of one that came and went", () => {
  const table = new BufferTable<string>();
  const told: string[] = [];
  const tell = (key: EntryKey, value: unknown) =>
    void told.push(JSON.stringify([key, value ?? null]));
  table.add("a", { timestamp: 1, value: "x" });
  table.add("a", { timestamp: 1, value: "y" });
  table.takeChanges(tell);
  table.add("a", { timestamp: 2, value: "z" });
  table.removeUpTo(2);
  table.takeChanges(tell);
  assert.deepEqual(told, [
    '[["a",1,0],"x"]',
    '[["a",1,1],"y"]',
    '[["a",1,0],null]',
    '[["a",1,1],null]',
  ]);
});

Deno.test("BufferTable keeps an element that takes the place of one that was let go", () => {
  const table = new BufferTable<string>();
  const changelog: (readonly [EntryKey, unknown])[] = [];
  table.add("a", { timestamp: 1, value: "old" });
  table.takeChanges((...entry) => void changelog.push(entry));
  table.removeUpTo(1);
  table.add("a", { timestamp: 1, value: "new" });
  table.takeChanges((...entry) => void changelog.push(entry));
  const restored = new BufferTable<string>();
  for (const [key, value] of changelog) restored.restore(key, value);
  assert.deepEqual(restored.between("a", 1, 1).map(({ value }) => value), ["new"]);
});
