/** The status of a job from what it has committed, for when nobody runs it. */

import type { CommittedOffset, TopicDescription } from "../log/log.ts";
import { noOutcomes, sumOutcomes } from "../stream/task/counts.ts";
import type { InputStatus, JobStatus, TaskStatus } from "./job_status.ts";
import { decodeMetadata } from "./saved_progress.ts";

/**
 * What the commits of a job tell: one task a partition number, over all inputs.
 *
 * @param options `offsets`: all that its group has committed; `topics`: those that the log has;
 * `now`: the time of the look.
 */
export function savedStatus(
  applicationId: string,
  { offsets, topics, now }: {
    readonly offsets: readonly CommittedOffset[];
    readonly topics: readonly TopicDescription[];
    readonly now: number;
  },
): JobStatus {
  const byPartition = Map.groupBy(offsets, ({ partition }) => partition);
  const tasks = [...byPartition].sort(([a], [b]) => a - b)
    .map(([partition, own]) => savedTask(partition, own, topics));
  return {
    version: 1,
    applicationId,
    member: null,
    state: "stopped",
    waitingFor: null,
    at: now,
    startedAt: now,
    reads: [...new Set(offsets.map(({ topic }) => topic))],
    writes: [],
    tasks,
    outputs: {},
    commits: { count: 0, lastAt: null, lastDurationMs: null, lastOutcome: null },
    build: null,
    members: [],
  };
}

function savedTask(
  partition: number,
  offsets: readonly CommittedOffset[],
  topics: readonly TopicDescription[],
): TaskStatus {
  const saved = offsets.map(({ topic, offset, metadata }) => ({
    topic,
    ...decodeMetadata(offset, metadata),
  }));
  const inputs = saved.map((one): InputStatus => {
    const end = topics.find(({ name }) => name === one.topic)?.partitions[partition]?.endOffset;
    return {
      topic: one.topic,
      position: one.offset,
      endOffset: end ?? null,
      lag: end === undefined ? null : Math.max(0, end - one.offset),
      watermark: one.watermark,
      idle: one.idle,
      idleSince: null,
      idleAt: null,
      lastRecordAt: 0,
      lastMovedAt: 0,
      idleTimeoutMs: 0,
      outOfOrdernessMs: 0,
      outcomes: one.outcomes,
      outcomesHere: noOutcomes(),
      carried: one.reports > 0,
      writers: [],
      heldBy: null,
      unreported: 0,
    };
  });
  return {
    stage: saved.map(({ topic }) => topic).join("-"),
    partition,
    watermark: saved[0]?.taskWatermark ?? null,
    held: 0,
    stateEntries: 0,
    stateBytes: 0,
    holder: null,
    windows: { count: 0, earliest: [] },
    outcomes: sumOutcomes(saved.map(({ outcomes }) => outcomes)),
    inputs,
  };
}
