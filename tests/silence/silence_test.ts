import assert from "node:assert/strict";
import { type Readiness, readiness } from "../../src/status/health.ts";
import type { Finding } from "../../src/status/why/finding.ts";
import { needs } from "../permissions.ts";
import { type Scenario, scenarios } from "./scenarios.ts";
import { Stage } from "./stage.ts";

/** So many scenarios run side by side. */
const atOnce = 6;

async function check({ job, cause, text, about = {}, needsState, arrange }: Scenario) {
  await using stage = new Stage();
  await arrange(stage);
  const isIt = (one: Finding) => one.cause === cause && text.test(one.text);
  const query = new URLSearchParams(about).toString();
  await stage.findings(job, isIt, query === "" ? "" : `&${query}`);

  const options = Object.entries(about).flatMap(([name, value]) => [`--${name}`, value]);
  const told = (await stage.run(["why", job, ...options])).split("\n");
  assert.ok(told.some((line) => text.test(line)), `flights why says only ${told.join("\n")}`);

  const response = await fetch(`${stage.address}/ready`);
  const ready = await response.json() as Readiness;
  assert.equal(response.status, ready.ready ? 200 : 503);
  if (query !== "" || needsState) return;
  const found = [...ready.reasons, ...ready.findings].filter(isIt);
  assert.notEqual(found.length, 0, JSON.stringify(ready));
  const keeps = !readiness(found).ready;
  assert.equal(ready.reasons.some(isIt), keeps);
  if (keeps) assert.equal(response.status, 503);
}

Deno.test({
  ...needs("read", "write", "run", "env", "sys", "net"),
  name: "for each cause of silence, flights why, /why and /ready name it",
  fn: async (t) => {
    const left = [...scenarios];
    const runs: Promise<boolean>[] = [];
    const next = async (): Promise<void> => {
      for (let one = left.shift(); one !== undefined; one = left.shift()) {
        const scenario = one;
        const run = t.step({
          name: `${scenario.cause}: ${scenario.name}`,
          fn: () => check(scenario),
          sanitizeOps: false,
          sanitizeResources: false,
          sanitizeExit: false,
        });
        runs.push(run);
        await run;
      }
    };
    await Promise.all(Array.from({ length: atOnce }, next));
  },
});
