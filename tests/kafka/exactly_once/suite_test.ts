/** Members, brokers and connections fail by a script, and every record counts once (semantics 15). */

import assert from "node:assert/strict";
import { isFull } from "../../full.ts";
import { needs } from "../../permissions.ts";
import { memoryGrowth } from "./fleet.ts";
import { describeReport } from "./report.ts";
import { firstMembers } from "./script.ts";
import { runSuite } from "./suite.ts";

const permissions = needs("net", "run", "read", "write", "env", "sys");

Deno.test({
  ...permissions,
  name: "semantics 15: members, brokers and connections that fail lose and double nothing",
  ignore: permissions.ignore || isFull(),
  fn: async () => {
    const report = await runSuite({ seed: 4, seconds: 45 });
    assert.deepEqual(report.findings, [], describeReport(report));
    assert.ok(sum(report.faults.values()) >= 15, describeReport(report));
  },
});

Deno.test({
  ...permissions,
  name: "semantics 15: half an hour of it loses and doubles nothing, and memory stays flat",
  ignore: permissions.ignore || !isFull(),
  fn: async () => {
    const report = await runSuite({
      ...{ seed: 11, seconds: 1_800, every: 4_000, rate: 60, sparesFirst: true },
      tell: console.log,
    });
    console.log(describeReport(report));
    assert.deepEqual(report.findings, []);
    assert.ok(sum(report.faults.values()) >= 100);
    for (const member of firstMembers({ members: 1 })) {
      const growth = memoryGrowth(report.memory, member);
      assert.ok(growth < 1.3, `${member} grew by ${growth}`);
    }
  },
});

function sum(counts: Iterable<number>): number {
  return [...counts].reduce((total, count) => total + count, 0);
}
