/** Statuses and overviews as tests state them: what a test does not name is as in a quiet job. */

import type {
  InputStatus,
  JobStatus,
  MemberStatus,
  TaskStatus,
  WindowStatus,
} from "../runtime/job_status.ts";
import { noOutcomes } from "../stream/task/counts.ts";
import type { JobOverview, LogOverview, TopicOverview } from "./overview.ts";

/** Noon of a day in 2026: when test statuses are told. */
export const noon = Date.UTC(2026, 0, 31, 12);

/** An input partition that has been read to its end, at noon. */
export function inputStatus(topic: string, change: Partial<InputStatus> = {}): InputStatus {
  return {
    topic,
    position: 10,
    endOffset: 10,
    lag: 0,
    watermark: noon - 1_000,
    idle: false,
    idleSince: null,
    idleAt: noon + 9_000,
    lastRecordAt: noon - 1_000,
    lastMovedAt: noon - 1_000,
    idleTimeoutMs: 10_000,
    outOfOrdernessMs: 0,
    closesOnSilence: true,
    outcomes: noOutcomes(),
    outcomesHere: noOutcomes(),
    carried: false,
    writers: [],
    heldBy: null,
    unreported: 0,
    ...change,
  };
}

/** A task over inputs, held back by the first. */
export function taskStatus(
  inputs: readonly InputStatus[],
  change: Partial<TaskStatus> = {},
): TaskStatus {
  return {
    stage: inputs.map(({ topic }) => topic).join("-"),
    partition: 0,
    watermark: inputs[0]?.watermark ?? null,
    held: 0,
    stateEntries: 0,
    stateBytes: 0,
    changelogOffsets: null,
    ended: null,
    holder: inputs[0]?.topic ?? null,
    windows: { count: 0, earliest: [] },
    outcomes: noOutcomes(),
    inputs,
    ...change,
  };
}

/** A window of a minute that begins at `start`, with one key. */
export function windowStatus(start: number, change: Partial<WindowStatus> = {}): WindowStatus {
  return {
    operator: "window",
    start,
    end: start + 60_000,
    keys: 1,
    endsBy: "event-time",
    silenceAt: null,
    ...change,
  };
}

/** A member that runs. */
export function memberStatus(change: Partial<MemberStatus> = {}): MemberStatus {
  return {
    member: "member-1",
    state: "running",
    waitingFor: null,
    at: noon,
    partitions: [0],
    rebalances: 1,
    fences: 0,
    lastFence: null,
    restore: null,
    commits: { count: 5, lastAt: noon, lastDurationMs: 2, lastOutcome: "committed" },
    ...change,
  };
}

/** A job that runs, with one member. */
export function jobStatus(
  applicationId: string,
  tasks: readonly TaskStatus[],
  change: Partial<JobStatus> = {},
): JobStatus {
  const member = memberStatus({ partitions: tasks.map(({ partition }) => partition) });
  return {
    version: 1,
    applicationId,
    member: member.member,
    state: "running",
    waitingFor: null,
    at: noon,
    startedAt: noon - 60_000,
    reads: [...new Set(tasks.flatMap(({ inputs }) => inputs).map(({ topic }) => topic))],
    writes: [],
    tasks,
    outputs: {},
    commits: member.commits,
    build: "test",
    members: [member],
    ...change,
  };
}

/** A job whose process answers. */
export function jobOverview(status: JobStatus, change: Partial<JobOverview> = {}): JobOverview {
  return {
    status,
    toldBy: "process",
    members: status.members.map(({ member, partitions }) => ({
      id: member ?? "",
      description: `${status.applicationId} (process 1)`,
      partitions,
    })),
    processes: [],
    committed: [],
    transactions: [],
    ...change,
  };
}

/** A topic of one partition that holds offsets 0 to 10. */
export function topicOverview(name: string, change: Partial<TopicOverview> = {}): TopicOverview {
  return { name, id: `id of ${name}`, partitions: [{ startOffset: 0, endOffset: 10 }], ...change };
}

/** A log at noon. Topics that jobs name and a test does not are there, with ten records. */
export function logOverview(
  jobs: readonly JobOverview[],
  change: Partial<LogOverview> = {},
): LogOverview {
  const named = jobs.flatMap(({ status: { reads, writes } }) => [...reads, ...writes]);
  return {
    version: 1,
    at: noon,
    log: "a log of a test",
    jobs,
    topics: [...new Set(named)].sort().map((name) => topicOverview(name)),
    ...change,
  };
}
