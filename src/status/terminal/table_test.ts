import assert from "node:assert/strict";
import fc from "fast-check";
import { plainText, widthOf } from "./cells.ts";
import { type Column, table } from "./table.ts";

const columns: readonly Column[] = [
  { head: "job", importance: 9, cells: [{ text: "merge" }, { text: "stats" }] },
  { head: "lag", importance: 5, align: "right", cells: [{ text: "1" }, { text: "12,345" }] },
  { head: "commits", importance: 1, cells: [{ text: "7" }, { text: "8" }] },
];

function shown(width: number): readonly string[] {
  return table(columns, width).map((line) => plainText(line).trimEnd());
}

Deno.test("a table gives up its least important columns, one after the other", () => {
  assert.deepEqual(shown(22), [
    "job       lag  commits",
    "merge       1  7",
    "stats  12,345  8",
  ]);
  assert.deepEqual(shown(21), ["job       lag", "merge       1", "stats  12,345"]);
  assert.deepEqual(shown(13), ["job       lag", "merge       1", "stats  12,345"]);
  assert.deepEqual(shown(12), ["job", "merge", "stats"]);
  assert.deepEqual(shown(4), ["job", "mer…", "sta…"]);
});

Deno.test("a row lacks no cell where one is empty", () => {
  const [, row] = table([
    { head: "a", importance: 1, cells: [{ text: "" }, { text: "b" }] },
    columns[1]!,
  ], 20);
  assert.equal(plainText(row!), "        1");
});

Deno.test("no line of a table is wider than it may be", () => {
  const text = fc.stringMatching(/^[a-z日👍 ]{0,12}$/u);
  const column = fc.record({
    head: text,
    importance: fc.integer({ min: 0, max: 5 }),
    align: fc.constantFrom("left" as const, "right" as const),
    cells: fc.array(fc.record({ text }), { minLength: 3, maxLength: 3 }),
  });
  fc.assert(fc.property(
    fc.array(column, { minLength: 1, maxLength: 8 }),
    fc.integer({ min: 1, max: 80 }),
    (columns, width) => {
      const lines = table(columns, width);
      assert.equal(lines.length, 4);
      for (const line of lines) assert.ok(widthOf(plainText(line)) <= width);
    },
  ));
});
