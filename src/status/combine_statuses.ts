/** The status of a job's members in one process, as if they were one member. */

import type { JobState, JobStatus, TaskStatus } from "../runtime/job_status.ts";

/** The state of several members is the first of these that one of them has. */
const states: readonly JobState[] = [
  "running",
  "restoring",
  "at-end",
  "waiting",
  "standing-by",
  "stopped",
];

/**
 * Puts the statuses of members together: tasks side by side, outputs and commits added up. There
 * must be one at least. A task that has moved counts where it was seen last.
 *
 * @param ended tasks that came to their end before: they count where no member holds them now.
 */
export function combineStatuses(
  statuses: readonly JobStatus[],
  ended: readonly TaskStatus[] = [],
): JobStatus {
  const byAge = statuses.toSorted((a, b) => a.at - b.at);
  const newest = byAge.at(-1)!;
  const state = states.find((state) => statuses.some((status) => status.state === state))!;
  const isAtWork = statuses.some((status) => status.waitingFor === null);
  return {
    version: 1,
    applicationId: newest.applicationId,
    member: statuses.flatMap(({ member }) => member ?? []).join(", ") || null,
    state,
    waitingFor: isAtWork ? null : newest.waitingFor,
    at: newest.at,
    startedAt: Math.min(...statuses.map(({ startedAt }) => startedAt)),
    tasks: combineTasks([...ended, ...byAge.flatMap(({ tasks }) => tasks)]),
    reads: newest.reads,
    writes: newest.writes,
    outputs: combineOutputs(statuses),
    commits: combineCommits(statuses),
    build: newest.build,
    members: statuses.flatMap(({ members }) => members),
  };
}

function combineTasks(byAge: readonly TaskStatus[]): readonly TaskStatus[] {
  const tasks = new Map(byAge.map((task) => [`${task.stage} ${task.partition}`, task]));
  return [...tasks.values()].sort((a, b) => a.partition - b.partition);
}

function combineOutputs(statuses: readonly JobStatus[]): JobStatus["outputs"] {
  const outputs: Record<string, number> = {};
  for (const [topic, count] of statuses.flatMap(({ outputs }) => Object.entries(outputs))) {
    outputs[topic] = (outputs[topic] ?? 0) + count;
  }
  return outputs;
}

/** The newest commit of any member is the newest of all. */
function combineCommits(statuses: readonly JobStatus[]): JobStatus["commits"] {
  const all = statuses.map(({ commits }) => commits)
    .sort((a, b) => (a.lastAt ?? -Infinity) - (b.lastAt ?? -Infinity));
  const count = all.reduce((sum, one) => sum + one.count, 0);
  return { ...all.at(-1)!, count };
}
