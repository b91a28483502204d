import assert from "node:assert/strict";
import { keyTable } from "./key_table.ts";

Deno.test("keyTable shows a row a value, and windows by their times", () => {
  const entry = { stage: "in", partition: 3 };
  const text = keyTable([{
    applicationId: "stats",
    isWhole: true,
    windows: [],
    entries: [
      { ...entry, table: "total", name: ["a@b"], value: { count: 2 } },
      { ...entry, table: "window", name: [0, 60_000, "a@b"], value: "x".repeat(100) },
      { ...entry, table: "names", name: ["a@b", "one"], value: 1 },
    ],
  }], "a@b");
  assert.deepEqual(text.split("\n"), [
    "job    stage  partition  table   of                                                  value",
    'stats  in             3  total                                                       {"count":2}',
    `stats  in             3  window  1970-01-01T00:00:00.000 to 1970-01-01T00:01:00.000  "${
      "x".repeat(79)
    }...`,
    "stats  in             3  names   one                                                 1",
    "",
  ]);
});
