import assert from "node:assert/strict";
import type { CommitStatus, JobStatus, TaskStatus } from "../runtime/job_status.ts";
import { noOutcomes } from "../stream/task/counts.ts";
import { combineStatuses } from "./combine_statuses.ts";

function task(partition: number, used: number): TaskStatus {
  const outcomes = { ...noOutcomes(), used };
  return {
    stage: "in",
    partition,
    watermark: null,
    held: 0,
    stateEntries: 0,
    stateBytes: 0,
    changelogOffsets: null,
    ended: null,
    holder: null,
    windows: { count: 0, earliest: [] },
    outcomes,
    inputs: [],
  };
}

function commits(count: number, lastAt: number | null, lastDurationMs: number | null) {
  const lastOutcome = lastAt === null ? null : "committed";
  return { count, lastAt, lastDurationMs, lastOutcome } satisfies CommitStatus;
}

function status(more: Partial<JobStatus> = {}): JobStatus {
  return {
    version: 1,
    reads: [],
    writes: [],
    applicationId: "job",
    member: null,
    state: "running",
    waitingFor: null,
    at: 100,
    startedAt: 10,
    tasks: [],
    outputs: {},
    commits: commits(0, null, null),
    build: null,
    members: [],
    ...more,
  };
}

Deno.test("combineStatuses puts tasks side by side and adds up outputs and commits", () => {
  const first = status({
    member: "a",
    at: 120,
    startedAt: 12,
    tasks: [task(2, 5), task(0, 3)],
    outputs: { out: 8, "in.late": 1 },
    commits: commits(4, 110, 7),
  });
  const second = status({
    member: "b",
    at: 130,
    startedAt: 11,
    tasks: [task(1, 2)],
    outputs: { out: 2, changelog: 6 },
    commits: commits(3, 105, 9),
  });
  const combined = status({
    member: "a, b",
    at: 130,
    startedAt: 11,
    tasks: [task(0, 3), task(1, 2), task(2, 5)],
    outputs: { out: 10, "in.late": 1, changelog: 6 },
    commits: commits(7, 110, 7),
  });
  assert.deepEqual(combineStatuses([first, second]), combined);
  assert.deepEqual(combineStatuses([second, first]), { ...combined, member: "b, a" });
});

Deno.test("combineStatuses of one member is its status", () => {
  const alone = status({ member: "a", tasks: [task(0, 1)], commits: commits(1, 90, 2) });
  assert.deepEqual(combineStatuses([alone]), alone);
  const waiting = status({ state: "standing-by", waitingFor: "another holds all" });
  assert.deepEqual(combineStatuses([waiting]), waiting);
});

Deno.test("combineStatuses counts a task that has moved where it was seen last", () => {
  const before = status({ at: 100, tasks: [task(0, 1), task(1, 7)] });
  const after = status({ at: 101, tasks: [task(1, 9)] });
  const combined = [task(0, 1), task(1, 9)];
  assert.deepEqual(combineStatuses([before, after]).tasks, combined);
  assert.deepEqual(combineStatuses([after, before]).tasks, combined);
});

Deno.test("combineStatuses counts a task that ended before where no member holds it now", () => {
  const now = status({ tasks: [task(1, 9)] });
  const ended = [task(0, 3), task(1, 7)];
  assert.deepEqual(combineStatuses([now], ended).tasks, [task(0, 3), task(1, 9)]);
});

Deno.test("combineStatuses is at work while one member is, and waits when all do", () => {
  const running = status({ state: "running" });
  const atEnd = status({ state: "at-end" });
  const standingBy = status({ state: "standing-by", waitingFor: "another", at: 200 });
  const stopped = status({ state: "stopped" });
  const stateOf = (...statuses: readonly JobStatus[]) => {
    const { state, waitingFor } = combineStatuses(statuses);
    return [state, waitingFor];
  };
  assert.deepEqual(stateOf(atEnd, running, standingBy), ["running", null]);
  assert.deepEqual(stateOf(standingBy, atEnd), ["at-end", null]);
  assert.deepEqual(stateOf(standingBy, standingBy), ["standing-by", "another"]);
  assert.deepEqual(stateOf(stopped, stopped), ["stopped", null]);
});
