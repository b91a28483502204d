/** The benchmark on Kafka in its small size: it still runs, and what it measures is right. */

import assert from "node:assert/strict";
import { runDeno } from "../../tools/process.ts";
import { needs } from "../permissions.ts";

const rows = [
  /^floor: JSON.parse \+ JSON.stringify, records\/s +-?\d/m,
  /^floor: fetch, records untouched, records\/s +-?\d/m,
  /^floor: produce, batches ready, records\/s +-?\d/m,
  /^merge, two members in one process.* +(?:-?\d|not available)/m,
  /^merge, two processes, records\/s +-?\d/m,
  /^merge, one member, records\/s +-?\d/m,
  /^stats, one member, records\/s +-?\d/m,
  /^ {2}CPU s per million +\d/m,
  /^ {2}peak MiB +\d/m,
  /^ {2}start to first result, s +\d/m,
  /^merge, SIGKILL to new result, 3 members, s +\d/m,
  /^stats, SIGKILL to new result, 1 member, s +\d/m,
  /^merge, append to committed result, ms +p50 \d+, p99 \d+/m,
  /^merge, live, CPU s per million +\d/m,
  /^merge, idle, % of a core +\d/m,
];

Deno.test({
  ...needs("net", "run", "read", "write", "env", "sys"),
  name: "bench:kafka in its small size prints every figure, and its results are the oracle's",
  fn: async () => {
    const executable = Deno.env.get("FLIGHTS_EXECUTABLE");
    const { code, stdout, stderr } = await runDeno([
      ...["run", "-A", "bench/kafka/main.ts", "--small"],
      ...(executable === undefined ? [] : ["--executable", executable]),
    ], { timeoutMs: 240_000 });
    assert.equal(code, 0, stderr + stdout);
    for (const row of rows) assert.match(stdout, row);
    assert.doesNotMatch(stdout, /NaN|Infinity/);
    const judged = [
      ...stdout.matchAll(/result ([0-9a-f]+\/\d+), the oracle's ([0-9a-f]+\/\d+)$/gm),
    ];
    // Of merge with each number of members, and of stats on merge's output and on its own input.
    assert.equal(judged.length, stdout.includes("not available") ? 4 : 5);
    for (const [, ours, theirs] of judged) assert.equal(ours, theirs);
    assert.match(judged[0]![1]!, /\/2000$/);
  },
});
