import assert from "node:assert/strict";
import { SimulatedClock } from "../../base/clock.ts";
import type { GroupDescription, Log } from "../../log/log.ts";
import type { JobStatus } from "../../runtime/job_status.ts";
import { parseExposition } from "../../../tests/exposition.ts";
import { inputStatus, jobStatus, noon, taskStatus } from "../test_overviews.ts";
import { observe } from "../observe.ts";
import { statusRoutes } from "./status_routes.ts";

/** A log with a topic `in`, and jobs that nobody runs. */
function quietLog({ groups = ["job"], failing = false } = {}): Log {
  const known: Pick<
    Log,
    "description" | "listGroups" | "describeGroup" | "describeTopics" | "openTransactions"
  > = {
    description: "a log of a test",
    listGroups: () =>
      failing ? Promise.reject(new Error("no broker is there")) : Promise.resolve(groups),
    describeGroup: () =>
      Promise.resolve({ members: [], offsets: [], processes: [] } as GroupDescription),
    describeTopics: () =>
      Promise.resolve([{
        name: "in",
        id: "1",
        retentionMs: null,
        partitions: [{ startOffset: 0, endOffset: 10 }],
      }] as unknown as Awaited<ReturnType<Log["describeTopics"]>>),
    openTransactions: () => Promise.resolve([]),
  };
  return known as Log;
}

const running = jobStatus("job", [taskStatus([inputStatus("in")])]);

/** What a path answers. */
async function asked(
  path: string,
  { own = () => [running], log = quietLog(), now = noon }: {
    readonly own?: (() => readonly JobStatus[]) | null;
    readonly log?: Log;
    readonly now?: number;
  } = {},
) {
  const url = new URL(path, "http://127.0.0.1:9464");
  const look = () => observe(log, { now, own: own?.() ?? [] });
  const routes = statusRoutes({ log, own, clock: new SimulatedClock(now) }, look);
  const response = await routes[url.pathname]!(new Request(url), url);
  const text = await response.text();
  const isJson = response.headers.get("content-type") === "application/json";
  return { status: response.status, body: isJson ? JSON.parse(text) : text };
}

Deno.test("/status tells the jobs of this process as they are", async () => {
  const { status, body } = await asked("/status");
  assert.equal(status, 200);
  assert.deepEqual(body, { version: 1, jobs: [JSON.parse(JSON.stringify(running))] });
});

Deno.test("/overview tells all jobs of the log, those of this process by themselves", async () => {
  const { body } = await asked("/overview", { log: quietLog({ groups: ["job", "other"] }) });
  assert.equal(body.at, noon);
  assert.deepEqual(
    body.jobs.map(({ status, toldBy }: { status: JobStatus; toldBy: string }) => [
      status.applicationId,
      toldBy,
    ]),
    [["job", "process"], ["other", "log"]],
  );
});

Deno.test("/why answers for the job and the window that are asked for", async () => {
  const all = await asked("/why", { log: quietLog({ groups: ["other"] }) });
  assert.ok(all.body.findings.some(({ job }: { job: string }) => job === "other"));
  const one = await asked("/why?job=job", { log: quietLog({ groups: ["other"] }) });
  assert.ok(one.body.findings.every(({ job }: { job: string }) => job === "job"));
  const window = await asked("/why?job=job&window=2026-01-31T11:00:00Z");
  assert.ok(window.body.findings.some(({ cause }: { cause: string }) => cause === "window-fired"));
  const unknown = await asked("/why?job=none");
  assert.equal(unknown.body.findings[0].cause, "unknown-job");
  await assert.rejects(asked("/why?window=noon"), { code: "invalid-argument" });
});

Deno.test("/live says 503 when the loop does not turn, whatever the log does", async () => {
  const log = quietLog({ failing: true });
  assert.deepEqual(await asked("/live", { log }), {
    status: 200,
    body: { live: true, reasons: [] },
  });
  const { status, body } = await asked("/live", { log, now: noon + 60_000 });
  assert.equal(status, 503);
  assert.equal(body.reasons.length, 1);
});

Deno.test("/ready says 200, or 503 with every reason and what else there is to say", async () => {
  const good = await asked("/ready");
  assert.equal(good.status, 200);
  assert.deepEqual(good.body.reasons, []);
  const behind = inputStatus("in", { lag: 3, lastMovedAt: noon - 10_000 });
  const stalled = await asked("/ready", { own: () => [jobStatus("job", [taskStatus([behind])])] });
  assert.equal(stalled.status, 503);
  assert.equal(stalled.body.ready, false);
  assert.equal(stalled.body.reasons[0].cause, "stalled");
  assert.match(stalled.body.reasons[0].text, /job does not come on in in\[0\]/);
});

Deno.test("/ready is about the jobs of this process; of one that only looks on, about all", async () => {
  const log = quietLog({ groups: ["job", "other"] });
  assert.equal((await asked("/ready", { log })).status, 200);
  const { status, body } = await asked("/ready", { log, own: null });
  assert.equal(status, 503);
  assert.deepEqual(body.reasons.map(({ cause }: { cause: string }) => cause), [
    "no-member",
    "no-member",
  ]);
});

Deno.test("/ready says 503 before the job has begun, and while the log does not answer", async () => {
  const starting = await asked("/ready", { own: () => [] });
  assert.equal(starting.status, 503);
  assert.equal(starting.body.reasons[0].cause, "starting");
  const { status, body } = await asked("/ready", { log: quietLog({ failing: true }) });
  assert.equal(status, 503);
  assert.deepEqual(body.reasons, [{
    cause: "log-unreachable",
    text: "the log does not answer: no broker is there",
  }]);
});

Deno.test("/metrics of who runs jobs needs no log, of who looks on all that it knows", async () => {
  const jobsOf = async (options: Parameters<typeof asked>[1]) =>
    parseExposition((await asked("/metrics", options)).body).get("flights_ready")!.samples
      .map(({ labels, value }) => [labels.application_id, value]);
  assert.deepEqual(await jobsOf({ log: quietLog({ failing: true }) }), [["job", 0]]);
  assert.deepEqual(await jobsOf({}), [["job", 1]]);
  const log = quietLog({ groups: ["job", "other"] });
  assert.deepEqual(await jobsOf({ log, own: null }), [["job", 0], ["other", 0]]);
});
