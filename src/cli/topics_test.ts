import assert from "node:assert/strict";
import { tableOf } from "./topics.ts";

Deno.test("tableOf shows a row a partition, numbers to the right", () => {
  const table = tableOf([
    {
      name: "flights",
      id: "id-1",
      cleanup: "delete",
      retentionMs: null,
      retentionBytes: null,
      partitions: [{ startOffset: 0, endOffset: 12 }, { startOffset: 100, endOffset: 1_100 }],
    },
    {
      name: "state",
      id: "id-2",
      cleanup: "compact",
      retentionMs: 3_600_000,
      retentionBytes: 100,
      partitions: [{ startOffset: 0, endOffset: 0 }],
    },
    {
      name: "theirs",
      id: "id-3",
      cleanup: "delete",
      retentionMs: null,
      retentionBytes: null,
      partitions: [{ startOffset: 0, endOffset: 0 }],
      settings: "hidden",
    },
  ]);
  assert.deepEqual(table.split("\n"), [
    "topic    partition  start   end  records  kept",
    "flights          0      0    12       12  for ever",
    "                 1    100  1100     1000",
    "state            0      0     0        0  newest of each key, 1h, 100 bytes a partition",
    "theirs           0      0     0        0  needs DescribeConfigs",
    "",
  ]);
});
