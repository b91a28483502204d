/** The status of a job from what it has committed, for when nobody runs it. */

import type { CommittedOffset, TopicDescription } from "../log/log.ts";
import { noOutcomes, sumOutcomes } from "../stream/task/counts.ts";
import { minimumWatermark, noWatermark } from "../stream/task/progress.ts";
import { Upstream } from "../stream/task/upstream.ts";
import type { InputStatus, JobStatus, TaskStatus } from "./job_status.ts";
import { type ChangelogRange, readMetadata, type SavedProgress } from "./saved_progress.ts";
import { repartitionTopic, stageName } from "./stages.ts";
import { changelogTopic, whyNoApplicationId } from "./topics.ts";

/** What there is to look at. */
export interface SavedStatusOptions {
  /** All that the job's group has committed. */
  readonly offsets: readonly CommittedOffset[];
  /** The topics of the log, those that the job keeps for itself too. */
  readonly topics: readonly TopicDescription[];
  /** The time of the look, in milliseconds since the Unix epoch. */
  readonly now: number;
}

/** One input partition, as it was committed. */
interface SavedInput {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Null where another program committed it. */
  readonly saved: SavedProgress | null;
}

/** The inputs of one task. */
export interface SavedTask {
  /** The name of its stage. */
  readonly stage: string;
  readonly partition: number;
  /** In the order of the topology's sources. */
  readonly inputs: readonly SavedInput[];
  /** What its state is rebuilt from; null for one without state. */
  readonly changelog: ChangelogRange | null;
}

/**
 * What the commits of a job tell. Of a group that another program commits, or that no job has used
 * since a reset, there are positions and lags only.
 */
export function savedStatus(applicationId: string, options: SavedStatusOptions): JobStatus {
  const { offsets, now } = options;
  const found = savedTasks(applicationId, offsets);
  const inputs = found.flatMap(({ inputs }) => inputs);
  const isOwn = isRepartitionOf(applicationId);
  return {
    version: 1,
    applicationId,
    member: null,
    state: "stopped",
    waitingFor: null,
    at: now,
    startedAt: now,
    reads: [...new Set(inputs.map(({ topic }) => topic).filter((topic) => !isOwn(topic)))],
    writes: inputs.flatMap(({ saved }) => saved?.writes ?? []),
    tasks: found.map((task) => statusOf(task, applicationId, options)),
    outputs: {},
    commits: { count: 0, lastAt: null, lastDurationMs: null, lastOutcome: null },
    build: null,
    members: [],
  };
}

/** Whether a group can be a job's; those of feeds and taps have names that no job has. */
export function isJobName(group: string): boolean {
  return whyNoApplicationId(group) === null;
}

/** The identity of the topic that an offset counts in; null where another program committed it. */
export function topicIdOf({ offset, metadata }: CommittedOffset): string | null {
  return readMetadata(offset, metadata)?.topicId ?? null;
}

/** The tasks that have committed these offsets, by partition and then stage. */
export function savedTasks(
  applicationId: string,
  offsets: readonly CommittedOffset[],
): readonly SavedTask[] {
  const inputs = offsets.map(({ topic, partition, offset, metadata }) => {
    const saved = readMetadata(offset, metadata);
    return { topic, partition, offset, saved, place: saved?.place ?? { stage: 0, input: 0 } };
  });
  inputs.sort(({ place: a, ...one }, { place: b, ...other }) =>
    one.partition - other.partition || a.stage - b.stage || a.input - b.input
  );
  const tasks = Map.groupBy(inputs, ({ partition, place }) => `${partition} ${place.stage}`);
  const isRepartition = isRepartitionOf(applicationId);
  return [...tasks.values()].map((own): SavedTask => {
    const ranges = own.flatMap(({ saved }) => saved?.changelog ?? []);
    const names = own.map(({ topic }) => ({ topic, isRepartition: isRepartition(topic) }));
    return {
      stage: stageName(applicationId, names),
      partition: own[0]!.partition,
      inputs: own,
      changelog: ranges.sort((a, b) => b.to - a.to)[0] ?? null,
    };
  });
}

function isRepartitionOf(applicationId: string): (topic: string) => boolean {
  const prefix = repartitionTopic(applicationId, "");
  return (topic) => topic.startsWith(prefix);
}

function statusOf(
  { stage, partition, inputs, changelog }: SavedTask,
  applicationId: string,
  { topics }: SavedStatusOptions,
): TaskStatus {
  const partitionOf = (name: string) =>
    topics.find((topic) => topic.name === name)?.partitions[partition];
  const statuses = inputs.map((input) =>
    inputStatus(input, partitionOf(input.topic)?.endOffset ?? null)
  );
  const progress = statuses.map(({ position, idle, watermark }) => ({
    position,
    idle,
    watermark: watermark ?? noWatermark,
  }));
  const holding = minimumWatermark(progress);
  const holder = progress.findIndex(({ idle, watermark }) => !idle && watermark === holding);
  const all = inputs.flatMap(({ saved }) => saved ?? []);
  const { taskWatermark = null, held = 0, ended = null } = all[0] ?? {};
  const start = partitionOf(changelogTopic(applicationId, stage))?.startOffset ?? 0;
  return {
    stage,
    partition,
    watermark: taskWatermark,
    held,
    stateEntries: null,
    stateBytes: null,
    changelogOffsets: changelog && Math.max(0, changelog.to - Math.max(changelog.from, start)),
    ended: all.every((one) => one.ended === ended) ? ended : null,
    holder: all.length === 0 ? null : statuses[holder]?.topic ?? null,
    windows: { count: 0, earliest: [] },
    outcomes: sumOutcomes(all.map(({ outcomes }) => outcomes)),
    inputs: statuses,
  };
}

function inputStatus({ topic, offset, saved }: SavedInput, endOffset: number | null): InputStatus {
  const upstream = new Upstream(saved?.upstream);
  const { slowest } = upstream;
  return {
    topic,
    position: offset,
    endOffset,
    lag: endOffset === null ? null : Math.max(0, endOffset - offset),
    watermark: saved?.watermark ?? null,
    idle: saved?.idle ?? false,
    idleSince: null,
    idleAt: null,
    lastRecordAt: null,
    lastMovedAt: null,
    idleTimeoutMs: null,
    outOfOrdernessMs: null,
    closesOnSilence: null,
    outcomes: saved?.outcomes ?? noOutcomes(),
    outcomesHere: noOutcomes(),
    carried: upstream.isCarried,
    writers: upstream.jobs,
    heldBy: slowest && {
      ...slowest,
      watermark: slowest.watermark === noWatermark ? null : slowest.watermark,
    },
    unreported: 0,
  };
}
