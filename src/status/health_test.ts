import assert from "node:assert/strict";
import type { JobState } from "../runtime/job_status.ts";
import { liveness, notReady, readiness } from "./health.ts";
import {
  inputStatus,
  jobOverview,
  jobStatus,
  logOverview,
  memberStatus,
  noon,
  taskStatus,
} from "./test_overviews.ts";
import { causes, finding } from "./why/finding.ts";
import { why } from "./why/why.ts";

const task = taskStatus([inputStatus("in")]);

Deno.test("a job lives while its loop has turned within half a minute", () => {
  const live = (silence: number) => liveness([jobStatus("job", [task])], noon + silence);
  assert.deepEqual(live(0), { live: true, reasons: [] });
  assert.deepEqual(live(30_000), { live: true, reasons: [] });
  assert.deepEqual(live(30_001), {
    live: false,
    reasons: ["the loop of member member-1 of job has not turned for 30s"],
  });
});

Deno.test("who waits or has stopped lives: a new process would do no better", () => {
  for (
    const [state, lives] of [
      ["waiting", true],
      ["stopped", true],
      ["standing-by", false],
      ["restoring", false],
      ["running", false],
      ["at-end", false],
    ] satisfies [JobState, boolean][]
  ) {
    const status = jobStatus("job", [], { state, members: [memberStatus({ state })] });
    assert.equal(liveness([status], noon + 60_000).live, lives, state);
  }
});

Deno.test("a member that hangs is told of though another of its process goes on", () => {
  const at = noon + 60_000;
  const members = [memberStatus({ member: "a", at }), memberStatus({ member: "b", at: noon })];
  const { live, reasons } = liveness([jobStatus("job", [task], { at, members })], at);
  assert.equal(live, false);
  assert.deepEqual(reasons, ["the loop of member b of job has not turned for 1m"]);
});

Deno.test("only causes that keep a job from its work make it unready", () => {
  const unready = causes.filter((cause) =>
    !readiness([finding(cause, { job: "job", text: cause })]).ready
  );
  assert.deepEqual(unready, [
    "offset-lost",
    "topic-recreated",
    "topic-missing",
    "no-member",
    "not-answering",
    "waiting",
    "rejoining",
    "restoring",
    "partitions-unheld",
    "transaction-open",
    "stalled",
  ]);
});

/** Whether a job is ready, by what keeps it from that, and what else is told. */
function readyOf(
  status: ReturnType<typeof jobStatus>,
  at = noon,
): { readonly reasons: readonly string[]; readonly others: readonly string[] } {
  const { reasons, findings } = readiness(why(logOverview([jobOverview(status)], { at })));
  return {
    reasons: reasons.map(({ cause }) => cause),
    others: findings.map(({ cause }) => cause),
  };
}

Deno.test("a job with records to read is ready until no position has moved for ten seconds", () => {
  const behind = taskStatus([inputStatus("in", { lag: 5, endOffset: 15, lastMovedAt: noon })]);
  const status = jobStatus("job", [behind]);
  assert.deepEqual(readyOf(status, noon + 9_999).reasons, []);
  assert.deepEqual(readyOf(status, noon + 10_000).reasons, ["stalled"]);
});

Deno.test("a job that has read everything is ready however long nothing comes, and says so", () => {
  const { reasons, others } = readyOf(jobStatus("job", [task]), noon + 3_600_000);
  assert.deepEqual(reasons, []);
  assert.ok(others.includes("input-silent"), others.join());
});

Deno.test("who waits or rebuilds state is not ready, who stands by is", () => {
  for (
    const [state, expected] of [
      ["waiting", ["waiting"]],
      ["restoring", ["restoring"]],
      ["standing-by", []],
    ] satisfies [JobState, string[]][]
  ) {
    const waitingFor = state === "restoring" ? null : "something";
    const restore = state === "restoring" ? { done: 1, total: 2, leftMs: 3_000 } : null;
    const members = [memberStatus({ state, waitingFor, restore, partitions: [] })];
    const status = jobStatus("job", [], { state, waitingFor, members, reads: ["in"] });
    assert.deepEqual(readyOf(status).reasons, expected, state);
  }
});

Deno.test("what could not be looked at is not ready", () => {
  const reason = { cause: "log-unreachable", text: "the log does not answer" } as const;
  assert.deepEqual(notReady(reason), { ready: false, reasons: [reason], findings: [] });
});
