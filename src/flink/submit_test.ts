import assert from "node:assert/strict";
import { needs } from "../../tests/permissions.ts";
import { ScaledClock } from "../base/clock.ts";
import { type ErrorCode, FlightsError } from "../base/errors.ts";
import { GatewaySession } from "./gateway.ts";
import { findJob, listJobs, stopJob, webAddress } from "./jobs.ts";
import { submitJob } from "./submit.ts";
import { type Answer, page, type Seen, startFakeGateway } from "./test_gateway.ts";

/** Waits pass twenty times as fast. */
const fast = new ScaledClock(0, 20);
const columns = ["job id", "job name", "status", "start time"];
const sql = {
  settings: [["a", "1"]],
  tables: ["CREATE TABLE t"],
  insert: "INSERT INTO t",
} as const;

type Jobs = readonly (readonly [id: string, name: string, status: string, start: string])[];

interface Cluster {
  /** What SHOW JOBS tells at each look; the last one from then on. */
  readonly jobs: readonly Jobs[];
  /** Of the job manager: by its path. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** In the place of what a statement usually gives. */
  readonly onStatement?: (text: string) => Answer | null;
}

/** A gateway that is also the job manager. */
function startCluster({ jobs, details = {}, onStatement = () => null }: Cluster) {
  const looks = [...jobs];
  let last = "";
  return startFakeGateway(({ path, body }: Seen) => {
    if (path.endsWith("/statements")) {
      last = JSON.parse(body).statement;
      const answer = onStatement(last);
      if (answer === "cut") return answer;
    }
    if (path.includes("/result/")) {
      const answer = onStatement(last);
      if (answer !== null) return answer;
      if (last === "SHOW JOBS") {
        return page(looks.length > 1 ? looks.shift()! : looks[0]!, { columns });
      }
      if (last.startsWith("INSERT")) return page([["job-1"]], { jobID: "job-1" });
    }
    const known = Object.entries(details).find(([name]) => path.startsWith(name));
    return known === undefined ? null : { json: known[1] };
  });
}

async function submitTo(
  cluster: Awaited<ReturnType<typeof startCluster>>,
  { wait = 2_000, fromSavepoint = null, web = cluster.url }: {
    readonly wait?: number;
    readonly fromSavepoint?: string | null;
    readonly web?: string;
  } = {},
) {
  const told: string[] = [];
  const session = await openSession(cluster.url);
  const tell = (message: string) => told.push(message);
  const options = { applicationId: "flink-merge", web, fromSavepoint, wait, tell };
  return { job: await submitJob(session, sql, options), told };
}

function openSession(url: string) {
  const { signal } = new AbortController();
  return GatewaySession.open({ url, clock: fast, signal, patience: 1_000 });
}

function fails(code: ErrorCode, message: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof FlightsError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  };
}

const running: Jobs = [["job-1", "flink-merge", "RUNNING", "2026-01-01T00:00:00Z"]];
const nobody = "http://127.0.0.1:9";
const details = (tasks: Record<string, number>, completed: number, stacktrace?: string) => ({
  "/jobs/job-1/exceptions": {
    exceptionHistory: { entries: stacktrace === undefined ? [] : [{ stacktrace, timestamp: 1 }] },
  },
  "/jobs/job-1/checkpoints": { counts: { completed, failed: 0 }, latest: { completed: null } },
  "/jobs/job-1": { state: "RUNNING", vertices: [{ tasks }] },
  "/overview": { "slots-available": 0 },
});

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ ...needs("net"), name, fn });
}

test("a job counts as running with its first checkpoint; its savepoint does not stick", async () => {
  await using cluster = startCluster({ jobs: [[], running], details: details({ RUNNING: 2 }, 1) });
  const { job } = await submitTo(cluster, { fromSavepoint: "file:///it's" });
  assert.deepEqual(job, { id: "job-1", status: "RUNNING", isSeen: true });
  assert.deepEqual(cluster.statements().filter((text) => text !== "SHOW JOBS"), [
    "SET 'a' = '1'",
    "SET 'execution.state-recovery.path' = 'file:///it''s'",
    "CREATE TABLE t",
    "INSERT INTO t",
    "RESET 'execution.state-recovery.path'",
  ]);
});

test("a bounded job that is done before anybody looks is fine", async () => {
  const finished: Jobs = [["job-1", "flink-merge", "FINISHED", "2026"]];
  await using cluster = startCluster({ jobs: [[], finished] });
  assert.deepEqual((await submitTo(cluster)).job, {
    id: "job-1",
    status: "FINISHED",
    isSeen: true,
  });
});

test("where only the gateway is reached, a job that stays RUNNING is taken at its word", async () => {
  await using cluster = startCluster({ jobs: [[], running] });
  const { job } = await submitTo(cluster, { web: nobody, wait: 20_000 });
  assert.deepEqual(job, { id: "job-1", status: "RUNNING", isSeen: false });
});

test("a second job of a living one's name is refused before anything is sent", async () => {
  await using cluster = startCluster({ jobs: [running] });
  await assert.rejects(submitTo(cluster), fails("members-alive", /job-1 is RUNNING/));
  assert.deepEqual(cluster.statements(), ["SHOW JOBS"]);
});

test("a job that is over does not stand in the way of one of its name", async () => {
  const before: Jobs = [["job-0", "flink-merge", "CANCELED", "2025"]];
  await using cluster = startCluster({
    jobs: [before, [...running, ...before]],
    details: details({ RUNNING: 1, FINISHED: 1 }, 1),
  });
  assert.equal((await submitTo(cluster)).job.id, "job-1");
});

test("a lost answer to the INSERT: the job is looked for by its name, and never sent twice", async () => {
  await using cluster = startCluster({
    jobs: [[], [], running],
    details: details({ RUNNING: 1 }, 1),
    onStatement: (text) => text.startsWith("INSERT") ? "cut" : null,
  });
  const { job, told } = await submitTo(cluster, { wait: 5_000 });
  assert.equal(job.id, "job-1");
  assert.match(told[0]!, /answer was lost/);
  assert.equal(cluster.statements().filter((text) => text.startsWith("INSERT")).length, 1);
});

test("a lost answer and no job: outcome-unknown", async () => {
  await using cluster = startCluster({
    jobs: [[]],
    onStatement: (text) => text.startsWith("INSERT") ? "cut" : null,
  });
  await assert.rejects(submitTo(cluster, { wait: 600 }), fails("outcome-unknown", /was lost/));
});

test("a job that fails is cancelled, and told by its root cause", async () => {
  const trace = "a.Wrapper: x\nCaused by: b.UnknownTopicOrPartitionException: no such topic";
  await using cluster = startCluster({
    jobs: [[], running],
    details: details({ RUNNING: 1 }, 1, trace),
  });
  await assert.rejects(submitTo(cluster), fails("topic-missing", /no such topic/));
  assert.equal(cluster.statements().at(-1), "STOP JOB 'job-1'");
});

test("a job whose tasks find no slots is cancelled: cluster-unfit", async () => {
  const waiting = details({ RUNNING: 2, SCHEDULED: 1 }, 0);
  await using cluster = startCluster({ jobs: [[], running], details: waiting });
  await assert.rejects(submitTo(cluster, { wait: 100 }), fails("cluster-unfit", /free slots/));
  assert.equal(cluster.statements().at(-1), "STOP JOB 'job-1'");
});

test("a job whose tasks run, but that makes no checkpoint in time, is cancelled: job-failed", async () => {
  await using cluster = startCluster({ jobs: [[], running], details: details({ RUNNING: 2 }, 0) });
  await assert.rejects(
    submitTo(cluster, { wait: 100 }),
    fails("job-failed", /must run within 0\.1 s/),
  );
  assert.equal(cluster.statements().at(-1), "STOP JOB 'job-1'");
});

test("a job that restarts where only the gateway is reached: job-failed, with its page", async () => {
  const restarting: Jobs = [["job-1", "flink-merge", "RESTARTING", "2026"]];
  await using cluster = startCluster({ jobs: [[], restarting] });
  const message = /it is RESTARTING; .*job-1\/overview should tell why/;
  await assert.rejects(submitTo(cluster, { web: nobody }), fails("job-failed", message));
});

test("a job is found by its id, or by its name: the living one, else the newest", async () => {
  const jobs: Jobs = [
    ["a", "x", "CANCELED", "2026-01-01"],
    ["b", "x", "RUNNING", "2026-01-02"],
    ["c", "x", "FAILED", "2026-01-03"],
    ["d", "y", "FAILED", "2026-01-04"],
    ["e", "y", "FINISHED", "2026-01-05"],
    ["f", "z", "RUNNING", "2026-01-06"],
    ["g", "z", "RESTARTING", "2026-01-07"],
  ];
  await using cluster = startCluster({ jobs: [jobs] });
  const session = await openSession(cluster.url);
  for (const [wanted, id] of [["a", "a"], ["x", "b"], ["y", "e"], ["g", "g"]] as const) {
    assert.equal((await findJob(session, wanted)).id, id);
  }
  await assert.rejects(findJob(session, "z"), fails("job-missing", /2 of that name live/));
  await assert.rejects(
    findJob(session, "q"),
    fails("job-missing", /knows none of that id or name/),
  );
  assert.deepEqual((await listJobs(session)).map(({ id }) => id).join(""), "gfedcba");
});

test("an order to stop waits for a job that is being started again, and gives its savepoint", async () => {
  let orders = 0;
  const busy = "a.CheckpointException: Not all required tasks are currently running";
  await using cluster = startCluster({
    jobs: [running],
    onStatement: (text) => {
      if (!text.startsWith("STOP")) return null;
      return ++orders < 4
        ? { status: 500, json: { errors: [busy] } }
        : page([["file:/savepoint-1"]], { columns: ["savepoint path"] });
    },
  });
  const session = await openSession(cluster.url);
  const order = { directory: "file:///s", wait: 10_000 };
  assert.equal(await stopJob(session, "job-1", order), "file:/savepoint-1");
  assert.equal(
    cluster.statements()[0],
    "SET 'execution.checkpointing.savepoint-dir' = 'file:///s'",
  );
  assert.equal(cluster.statements().at(-1), "STOP JOB 'job-1' WITH SAVEPOINT");
});

test("an order to stop that is refused for another reason is not given again", async () => {
  const error =
    "a.CheckpointException: Config key [execution.checkpointing.savepoint-dir] is not set";
  await using cluster = startCluster({
    jobs: [running],
    onStatement: (text) =>
      text.startsWith("STOP") ? { status: 500, json: { errors: [error] } } : null,
  });
  const session = await openSession(cluster.url);
  const order = { directory: null, wait: 10_000 };
  await assert.rejects(stopJob(session, "job-1", order), fails("cluster-unfit", /--savepoint DIR/));
  assert.equal(cluster.statements().length, 1);
});

test("the web address is what the gateway's settings say", async () => {
  const settings: (readonly [string, string])[] = [["rest.address", "jm"], ["rest.port", "8081"]];
  const onStatement = (text: string) =>
    text === "SET" ? page(settings, { columns: ["key", "value"] }) : null;
  await using cluster = startCluster({ jobs: [[]], onStatement });
  const session = await openSession(cluster.url);
  assert.equal(await webAddress(session), "http://jm:8081");
  settings.push(["security.ssl.rest.enabled", "true"]);
  assert.equal(await webAddress(session), "https://jm:8081");
});
