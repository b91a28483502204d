/**
 * The promise that all operators share (semantics 14, 15): whatever is stopped, killed or handed on to
 * other members, the job writes the same records, with the same bytes. Each case of
 * `stream/test_operators.ts` goes through the same lives, on the real runtime and an embedded log.
 */

import assert from "node:assert/strict";
import { caseOf, caseStream, type OperatorCase } from "../stream/test_operator_case.ts";
import { operatorCases } from "../stream/test_operators.ts";
import { type Reading, readingsSink } from "../stream/test_jobs.ts";
import { RecoveryTrial } from "./test_recovery.ts";

/** Lives that end with a drain, by what they are; the first is not disturbed. */
const lives: Readonly<Record<string, (trial: RecoveryTrial) => Promise<void>>> = {
  "run in one go": (trial) => trial.drains(),
  "stopped after commits": async (trial) => {
    for (const count of [1, 2, 3, 5]) await trial.commits(count);
    await trial.toEnd();
    await trial.drains();
  },
  "killed at commits": async (trial) => {
    await trial.toEnd([{ atCommit: 3, kind: "dies before it" }]);
    await trial.toEnd([{ atCommit: 4, kind: "dies after it" }]);
    await trial.toEnd([{ atCommit: 2, kind: "fenced" }, { atCommit: 4, kind: "log-unreachable" }]);
    await trial.drains([{ atCommit: 1, kind: "dies before it" }]);
    await trial.drains([{ atCommit: 1, kind: "dies after it" }]);
    await trial.drains();
    assert.equal(trial.faults, 6, "each fault has come");
  },
  "handed from 2 members to 1, and to 3 of which one dies": async (trial) => {
    await trial.together([[], []], 0.4);
    await trial.commits(2);
    await trial.together([[{ atCommit: 2, kind: "dies before it" }], [], []], 1);
    await trial.drains();
    assert.equal(trial.faults, 1, "one has died");
  },
};

/** What comes out of a case in a life, and how much state is left in the end. */
async function live(
  operatorCase: OperatorCase,
  life: (trial: RecoveryTrial) => Promise<void>,
): Promise<{ outputs: readonly string[]; entries: Readonly<Record<string, number>> }> {
  const trial = await RecoveryTrial.open(operatorCase);
  try {
    await life(trial);
    return { outputs: await trial.outputs(), entries: await trial.stateEntries() };
  } finally {
    await trial.close();
  }
}

/** Lets a case go through all lives; each must end as the one that is not disturbed. */
async function recovers(operatorCase: OperatorCase): Promise<void> {
  const [undisturbed, ...others] = Object.entries(lives);
  const expected = await live(operatorCase, undisturbed![1]);
  const count = expected.outputs.length;
  assert.ok(count >= 9, `each key must have a result, there are ${count} in all`);
  for (const [name, life] of others) {
    assert.deepEqual(await live(operatorCase, life), expected, name);
  }
}

for (const operatorCase of operatorCases) {
  Deno.test(`semantics 14 and 15: ${operatorCase.name}: the same comes out, whoever is stopped, killed or replaced`, () =>
    recovers(operatorCase));
}

Deno.test("semantics 14: the recovery test sees state that is not saved", async () => {
  const leaky = caseOf("counts in a variable", (env) => {
    caseStream(env).keyBy("key").process<Reading>((_) => {
      const counts = new Map<string, number>();
      return {
        processElement: ({ key }, _, out) => {
          counts.set(key, (counts.get(key) ?? 0) + 1);
          out.collect({ key, value: counts.get(key)! });
        },
      };
    }).sinkTo(readingsSink("out"));
  });
  const [undisturbed, ...others] = Object.values(lives);
  const { outputs } = await live(leaky, undisturbed!);
  for (const life of others) assert.notDeepEqual((await live(leaky, life)).outputs, outputs);
});
