import assert from "node:assert/strict";
import type { Browser } from "playwright-core";
import { type Readiness, readiness, type UnreadyReason } from "../../src/status/health.ts";
import { findChromium, launchChromium } from "../browser/chromium.ts";
import { openPage } from "../browser/page.ts";
import { needs } from "../permissions.ts";
import { type Scenario, scenarios } from "./scenarios.ts";
import { Stage } from "./stage.ts";

/** So many scenarios run side by side. */
const atOnce = 6;

const permissions = needs("read", "write", "run", "env", "sys", "net");
const chromium = permissions.ignore ? null : await findChromium();

/** @param browser null where there is none: the dashboard is left out then. */
async function check(
  { job, cause, text, about = {}, needsState, arrange }: Scenario,
  browser: Browser | null,
): Promise<void> {
  await using stage = new Stage();
  await arrange(stage);
  const isIt = (one: UnreadyReason) => one.cause === cause && text.test(one.text);
  const query = new URLSearchParams(about).toString();
  const said = await stage.findings(job, isIt, query === "" ? "" : `&${query}`);

  const options = Object.entries(about).flatMap(([name, value]) => [`--${name}`, value]);
  const told = (await stage.run(["why", job, ...options])).split("\n");
  assert.ok(told.some((line) => text.test(line)), `flights why says only ${told.join("\n")}`);

  const response = await fetch(`${stage.address}/ready`);
  const ready = await response.json() as Readiness;
  assert.equal(response.status, ready.ready ? 200 : 503);
  if (query !== "" || needsState) return;
  assert.ok([...ready.reasons, ...ready.findings].some(isIt), JSON.stringify(ready));
  const keeps = !readiness(said.filter(isIt)).ready;
  assert.equal(ready.reasons.some(isIt), keeps);
  if (keeps) assert.equal(response.status, 503);
  if (browser === null) return;
  await using watched = await openPage(browser, stage.address);
  const named = watched.page.locator(`[data-cause=${cause}] .text`).filter({ hasText: text });
  await named.first().waitFor();
  assert.deepEqual(watched.errors, []);
}

Deno.test({
  ...permissions,
  name: "for each cause of silence, flights why, /why, /ready and the dashboard name it",
  fn: async (t) => {
    if (chromium === null) console.log("Left out without Chromium: causes on the dashboard");
    const browser = chromium === null ? null : await launchChromium(chromium);
    const left = [...scenarios];
    const runs: Promise<boolean>[] = [];
    const next = async (): Promise<void> => {
      for (let one = left.shift(); one !== undefined; one = left.shift()) {
        const scenario = one;
        const run = t.step({
          name: `${scenario.cause}: ${scenario.name}`,
          fn: () => check(scenario, browser),
          sanitizeOps: false,
          sanitizeResources: false,
          sanitizeExit: false,
        });
        runs.push(run);
        await run;
      }
    };
    try {
      await Promise.all(Array.from({ length: atOnce }, next));
    } finally {
      await browser?.close();
    }
  },
});
