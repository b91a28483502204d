import assert from "node:assert/strict";
import { readiness } from "../../src/status/health.ts";
import { severityOf } from "../../src/status/why/finding.ts";
import { needs } from "../permissions.ts";
import { type Scenario, scenarios } from "./scenarios.ts";
import { Stage } from "./stage.ts";

/** So many scenarios run side by side. */
const atOnce = 6;

async function check({ job, cause, text, about = {}, arrange }: Scenario): Promise<void> {
  await using stage = new Stage();
  await arrange(stage);
  const query = new URLSearchParams(about).toString();
  const findings = await stage.findings(job, cause, query === "" ? "" : `&${query}`);
  const named = findings.filter((one) => one.cause === cause);
  assert.ok(named.some((one) => text.test(one.text)), JSON.stringify(findings, null, 2));

  const options = Object.entries(about).flatMap(([name, value]) => [`--${name}`, value]);
  const told = (await stage.run(["why", job, ...options])).split("\n");
  assert.ok(told.some((line) => text.test(line)), `flights why says only ${told.join("\n")}`);

  const response = await fetch(`${stage.address}/ready`);
  const ready = await response.json();
  const all = [...ready.reasons, ...ready.findings];
  // What is asked of one window or key is no matter of the whole job.
  if (query === "") assert.ok(all.some((one) => text.test(one.text)), JSON.stringify(ready));
  const own = all.filter((one) => one.cause === cause);
  assert.equal(response.status, ready.ready ? 200 : 503);
  if (!readiness(own).ready) {
    assert.equal(response.status, 503);
    assert.ok(ready.reasons.some((one: { cause: string }) => one.cause === cause));
  } else if (severityOf(cause) !== "blocking" && !ready.reasons.some(isOf(job))) {
    assert.equal(response.status, 200, JSON.stringify(ready.reasons));
  }
}

function isOf(job: string): (one: { readonly job: string }) => boolean {
  return (one) => one.job === job;
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
