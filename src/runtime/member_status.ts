/** What the status of a job tells of its member. */

import type { Clock } from "../base/clock.ts";
import type { Job } from "./job_options.ts";
import type { CommitStatus, JobStatus, MemberStatus, TaskStatus } from "./job_status.ts";
import type { RunHistory } from "./run_history.ts";

/** The status of one member's job, but for what belongs to the member and what its topology tells. */
export type StatusParts = Omit<JobStatus, "members" | "version" | TopologyPart>;

type TopologyPart = "applicationId" | "reads" | "writes";

/** Puts a status together. @param restore how far state is rebuilt; null when nothing is. */
export function memberStatus(
  { applicationId, topology }: Job,
  parts: StatusParts,
  { history, restore }: { readonly history: RunHistory; readonly restore: MemberStatus["restore"] },
): JobStatus {
  const { member, state, waitingFor, at, commits, tasks } = parts;
  const { rebalances, fences, lastFence } = history;
  const own: MemberStatus = {
    member,
    state,
    waitingFor,
    at,
    partitions: partitionsOf(tasks),
    rebalances,
    fences,
    lastFence,
    restore: state === "restoring" ? restore : null,
    commits,
  };
  return {
    version: 1,
    applicationId,
    reads: [...new Set(topology.sources.map(({ topic }) => topic))],
    writes: topology.sinkTopics,
    ...parts,
    members: [own],
  };
}

function partitionsOf(tasks: readonly TaskStatus[]): readonly number[] {
  return [...new Set(tasks.map(({ partition }) => partition))].sort((a, b) => a - b);
}

/** The status of a run that is no member: stopped, or waiting to be one again. */
export function emptyStatus(
  job: Job,
  { settings: { clock, build }, startedAt, history, waitingFor }: {
    readonly settings: { readonly clock: Clock; readonly build?: string };
    readonly startedAt: number;
    readonly history: RunHistory;
    readonly waitingFor: string | null;
  },
): JobStatus {
  const lastOutcome: CommitStatus["lastOutcome"] = history.fences > 0 ? "failed" : null;
  return memberStatus(job, {
    build: build ?? null,
    member: null,
    state: waitingFor === null ? "stopped" : "waiting",
    waitingFor,
    at: clock.now(),
    startedAt,
    tasks: [],
    outputs: {},
    commits: { count: 0, lastAt: null, lastDurationMs: null, lastOutcome },
  }, { history, restore: null });
}
