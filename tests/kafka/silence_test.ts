/** Causes of silence that take a broker, each made to happen on a real Kafka: `why` and /ready name them. */

import assert from "node:assert/strict";
import { systemClock } from "../../src/base/clock.ts";
import { utf8 } from "../../src/base/bytes.ts";
import type { Log } from "../../src/log/log.ts";
import { runJob } from "../../src/mod.ts";
import type { JobStatus } from "../../src/runtime/job_status.ts";
import { readiness } from "../../src/status/health.ts";
import { observe } from "../../src/status/observe.ts";
import type { Cause, Finding } from "../../src/status/why/finding.ts";
import { why } from "../../src/status/why/why.ts";
import { findChromium, launchChromium } from "../browser/chromium.ts";
import { openPage } from "../browser/page.ts";
import { flights, type FlightsProcess, startFlights } from "../flights.ts";
import { needs } from "../permissions.ts";
import { carryOut } from "./confluent.ts";
import { countingJob, feed } from "./counting_job.ts";
import { errorAnswer } from "./error_answers.ts";
import { apiKeys } from "./proxy.ts";
import { type ProxiedBroker, startProxiedBroker } from "./proxied_broker.ts";

const permissions = needs("net", "run", "read", "write", "env", "sys");
/** How long a cause may take to show, in milliseconds. */
const patience = 40_000;
const illegalGeneration = 22;

let broker: ProxiedBroker | null = null;

/** Looks until a finding of this cause is there. */
async function named(cause: Cause, look: () => Promise<readonly Finding[]>): Promise<Finding> {
  const giveUp = systemClock.now() + patience;
  for (;;) {
    const findings = await look();
    const found = findings.find((one) => one.cause === cause);
    if (found !== undefined) {
      assert.equal(readiness(findings).ready, false);
      return found;
    }
    assert(systemClock.now() < giveUp, `nobody said ${cause}: ${JSON.stringify(findings)}`);
    await systemClock.sleep(100);
  }
}

/** Runs a job by way of the proxy while `body` looks at it from beside. */
async function running(
  name: string,
  body: (look: () => Promise<readonly Finding[]>) => Promise<void>,
): Promise<void> {
  const beside = broker!.openLog("direct");
  let status: JobStatus | null = null;
  const stop = new AbortController();
  const job = runJob(broker!.openLog("proxied", { clientId: name }), countingJob(name), {
    signal: stop.signal,
    observer: { status: (told) => status = told },
  });
  try {
    await body(async () => {
      const own = status === null ? [] : [status];
      return why(await observe(beside, { now: systemClock.now(), jobs: [name], own }));
    });
  } finally {
    stop.abort();
    await job;
  }
}

/** Waits until the dashboard says so, in a browser where there is one. */
async function onDashboard(address: string, said: RegExp): Promise<void> {
  const chromium = await findChromium();
  if (chromium === null) return console.log("Left out without Chromium: a cause on the dashboard");
  const browser = await launchChromium(chromium);
  try {
    await using watched = await openPage(browser, address);
    await watched.page.locator("[data-cause] .text").filter({ hasText: said }).first().waitFor();
  } finally {
    await browser.close();
  }
}

async function topicsOf(name: string): Promise<Log> {
  const log = broker!.openLog("direct");
  await log.createTopics([`${name}-in`, `${name}-out`].map((name) => ({ name, partitions: 1 })));
  return log;
}

/** Each has topics and a client of its own: they run side by side. */
const cases: Readonly<Record<string, () => Promise<void>>> = {
  "transaction-open: a producer hangs in its transaction; flights why names it, and /ready is 503":
    async () => {
      const log = broker!.openLog("direct");
      const topics = ["flightdata", "userstatistics"];
      await log.createTopics(topics.map((name) => ({ name, partitions: 1 })));
      const bootstrap = broker!.proxy.address;
      const value = utf8("some").toBase64();
      await carryOut(bootstrap, [
        { producer: "who-hangs", settings: { "transactional.id": "who-hangs" } },
        { do: "begin", by: "who-hangs" },
        {
          send: { topic: "flightdata", partition: 0, ts: 0, key: null, value, headers: [] },
          by: "who-hangs",
        },
        { do: "flush", by: "who-hangs" },
      ]);
      const folder = Deno.makeTempDirSync();
      const env = { BOOTSTRAP_SERVERS: bootstrap, XDG_STATE_HOME: folder };
      let process: FlightsProcess | null = null;
      try {
        process = startFlights(["stats", "--http", "0"], { data: folder, env });
        const address = await process.address();
        const ask = async () => (await (await fetch(`${address}/why?job=stats`)).json()).findings;
        const { text } = await named("transaction-open", ask);
        const said =
          /^the transaction of who-hangs on flightdata\[0\] hangs since .*: nothing behind offset 0 can be read/;
        assert.match(text, said);
        const { code, stdout, stderr } = await flights(["why", "stats"], { data: folder, env });
        assert.equal(code, 0, stderr);
        assert.ok(stdout.split("\n").some((line) => said.test(line)), stdout);
        const response = await fetch(`${address}/ready`);
        assert.equal(response.status, 503);
        assert.match(await response.text(), /"cause":"transaction-open"/);
        await onDashboard(address, said);
      } finally {
        process?.kill("SIGTERM");
        await process?.result;
        Deno.removeSync(folder, { recursive: true });
      }
    },
  "rejoining: a member whose commits are refused again and again": async () => {
    const name = "refused";
    await feed(await topicsOf(name), name, [0, 30]);
    await running(name, async (look) => {
      using _ = broker!.proxy.answer(errorAnswer("TxnOffsetCommit", illegalGeneration), {
        api: apiKeys.TxnOffsetCommit,
        client: name,
        times: Number.POSITIVE_INFINITY,
      });
      const { text } = await named("rejoining", look);
      assert.match(text, /^(member .* of )?refused joins again, \d+ times? by now, last at /);
    });
  },
  "stalled: a broker that answers no fetch while there is more to read": async () => {
    const name = "unanswered";
    const log = await topicsOf(name);
    for (let from = 0; from < 400_000; from += 20_000) await feed(log, name, [from, from + 20_000]);
    const fetches = { at: "answer", api: apiKeys.Fetch, client: name } as const;
    using _ = broker!.proxy.cut({ ...fetches, skip: 2, times: Number.POSITIVE_INFINITY });
    await running(name, async (look) => {
      const { text } = await named("stalled", look);
      assert.match(
        text,
        /^unanswered does not come on in unanswered-in\[0\] for 1\ds: \d+ offsets wait/,
      );
    });
  },
  "a broker out of reach: the job waits and says so, /ready is 503, flights why exits with 4":
    async () => {
      const folder = Deno.makeTempDirSync();
      const env = { BOOTSTRAP_SERVERS: "127.0.0.1:1", XDG_STATE_HOME: folder };
      const process = startFlights(["stats", "--http", "0"], { data: folder, env });
      try {
        const address = await process.address();
        const response = await fetch(`${address}/ready`);
        assert.equal(response.status, 503);
        assert.match(await response.text(), /"cause":"log-unreachable"/);
        const live = await fetch(`${address}/live`);
        assert.equal(live.status, 200, await live.text());
        const result = await flights(["why", "stats", "--wait", "1s"], { data: folder, env });
        assert.equal(result.code, 4);
        assert.match(result.stderr, /the log must answer within --wait 1s/);
      } finally {
        process.kill("SIGTERM");
        await process.result;
        Deno.removeSync(folder, { recursive: true });
      }
    },
};

Deno.test({
  ...permissions,
  name: "causes of silence on a real Kafka are named",
  fn: async (t) => {
    broker = await startProxiedBroker();
    try {
      const beside = { sanitizeOps: false, sanitizeResources: false, sanitizeExit: false };
      await Promise.all(
        Object.entries(cases).map(([name, fn]) => t.step({ name, fn, ...beside })),
      );
    } finally {
      await broker[Symbol.asyncDispose]();
    }
  },
});
