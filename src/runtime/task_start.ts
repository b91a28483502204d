/** Taking up a task: where each input goes on, and its state from the changelog (semantics 14, 17). */

import { assert, FlightsError } from "../base/errors.ts";
import type { CommittedOffset } from "../log/log.ts";
import { rankOf } from "../stream/task/order.ts";
import { Task, type TaskOptions } from "../stream/task/task.ts";
import type { SourceNode } from "../stream/topology.ts";
import { InputLane } from "./input_lane.ts";
import { watermarksTopic } from "./progress_records.ts";
import type { OutboxPort } from "./outbox.ts";
import { ReportLane } from "./report_lane.ts";
import type { ResumedInput } from "./job_options.ts";
import { decideResume, type Resume } from "./resume.ts";
import {
  type ChangelogRange,
  decodeMetadata,
  type EndedBy,
  type SavedProgress,
} from "./saved_progress.ts";
import { followsReports, type StartContext } from "./start_context.ts";

/** A restore looks at its member's life this often while there is nothing to read, in milliseconds. */
const restoreWaitMs = 500;

/** What a task has reported last, and where its records end. */
export interface TaskReports {
  /** On the clock that paces. */
  readonly at: number;
  readonly watermark: number;
  readonly idle: boolean;
  /** The offset behind the task's last record, by topic and partition that it writes. */
  readonly ends: ReadonlyMap<string, number>;
}

/** A task that is ready to run. */
export interface StartedTask {
  /** Its stage, on the topics as they are. */
  readonly start: StartContext;
  readonly task: Task;
  readonly lanes: readonly InputLane[];
  readonly resumed: readonly ResumedInput[];
  /** What its state is rebuilt from; moves with each commit. Null for a job without state. */
  changelog: ChangelogRange | null;
  /**
   * Whether it is to be committed whatever has changed: its first commit marks where the job started,
   * another one that it has ended.
   */
  isNew: boolean;
  /** What the group keeps of it: as it was found, or committed since. */
  committed: readonly CommittedOffset[];
  readonly port: OutboxPort;
  /** What it has told its readers last; null before it has registered with them. */
  reports: TaskReports | null;
  /** How and where it came to its stops, with all that this gave out; null before it did. */
  ended: { readonly by: EndedBy; readonly positions: readonly number[] } | null;
  /** Whether its open windows were fired and the run is over: it holds nothing back any more. */
  isDrained: boolean;
}

/**
 * Decides where a task goes on, rebuilds its state and returns it ready to run. One that is not wanted
 * any more is returned half-built.
 */
export async function startTask(
  context: StartContext,
  committed: readonly CommittedOffset[],
  options: Omit<TaskOptions, "partitions" | "outputs"> & { readonly port: OutboxPort },
): Promise<StartedTask> {
  const { stage: { topology }, inputs } = context;
  const { partition, port } = options;
  const partitions = inputs[0]!.partitions.length;
  const task = new Task(topology, { ...options, outputs: port, partitions });
  const resumes: Resume[] = [];
  const own = committed.filter((one) =>
    one.partition === partition && inputs.some(({ name }) => name === one.topic)
  );
  // A task commits all its inputs together, and the tasks of all stages begin together: what has none
  // may be another member's to start.
  const startedBefore = own.length > 0 || isStarted(committed, partition) ||
    await hasState(context, partition);
  const saved = own.map((one) => decodeMetadata(one.offset, one.metadata));
  for (const [index, { topic }] of topology.sources.entries()) {
    const found = saved[own.findIndex((one) => one.topic === topic)] ?? null;
    resumes.push(await resumeOf(context, index, { partition, saved: found, startedBefore }));
  }
  const changelog = changelogRange(context, partition, resumes);
  if (changelog !== null) await restoreState(context, task, changelog);
  const afresh = resumes.some(({ kind }) => kind === "recreated");
  resumes.forEach((resume, index) => {
    if (!("offset" in resume)) return;
    const { offset } = resume;
    if (afresh || !("saved" in resume)) return task.startInput(index, offset);
    const source = topology.sources[index]!;
    const upstream = followsReports(context, source) ? resume.saved.upstream : {};
    task.restoreInput(index, { ...resume.saved, upstream, offset });
  });
  const lanes = topology.sources.map((source, index) => {
    const lane = new InputLane({
      task,
      source,
      sourceIndex: index,
      rank: rankOf(source, { sourceIndex: context.firstRank + index, partition, partitions }),
      topicId: inputs[index]!.id,
      stopOffset: stopOffset(context, index, partition),
      followsReports: followsReports(context, source),
      bounded: options.bounded ?? false,
    });
    const resume = resumes[index]!;
    const goesOn = context.followsReports && !afresh && "saved" in resume;
    const position = goesOn ? resume.saved.reports : 0;
    lane.reports = openReports(context, lane, position);
    return lane;
  });
  const by = saved[0]?.ended ?? null;
  const hasEnded = by !== null && saved.every(({ ended }) => ended === by);
  return {
    start: context,
    task,
    lanes,
    resumed: topology.sources.map((source, index) => {
      const resume = resumes[index]!;
      return { topic: source.topic, partition, resume, isReadWhole: isReadWhole(source) };
    }),
    changelog,
    isNew: resumes.some(({ kind }) => kind !== "committed"),
    committed: own,
    port,
    reports: null,
    ended: hasEnded ? { by, positions: task.inputs.map(({ position }) => position) } : null,
    isDrained: false,
  };
}

/** Whether the group still has what a task committed last, so that its state is that of the group. */
export function isAsCommitted(
  started: StartedTask,
  committed: readonly CommittedOffset[],
): boolean {
  const { start, task, isNew } = started;
  const own = committed.filter(({ topic, partition }) =>
    partition === task.partition && start.inputs.some(({ name }) => name === topic)
  );
  return !isNew && own.length === started.committed.length &&
    started.committed.every((one) =>
      own.some(({ topic, offset, metadata }) =>
        topic === one.topic && offset === one.offset && metadata === one.metadata
      )
    );
}

/** Whether it is read from its first record on: what the job wrote for itself, and each row of a table. */
function isReadWhole({ isRepartition, isTable }: SourceNode): boolean {
  return isRepartition || isTable;
}

/** Whether the job has committed anything in a partition, be it by another stage; a reset does not count. */
function isStarted(committed: readonly CommittedOffset[], partition: number): boolean {
  return committed.some((one) =>
    one.partition === partition &&
    decodeMetadata(one.offset, one.metadata).repartitions !== null
  );
}

/** Where the writers of a lane's partition report; null as long as none does. */
export function openReports(
  { reports, job: { applicationId } }: StartContext,
  lane: InputLane,
  position: number,
): ReportLane | null {
  const { task, source: { topic }, sourceIndex } = lane;
  const found = reports.get(topic);
  const described = found?.partitions[task.partition];
  if (found !== undefined && described !== undefined) {
    return new ReportLane({
      task,
      sourceIndex,
      topic: found.name,
      topicId: found.id,
      aboutId: lane.topicId,
      position: Math.max(position, described.startOffset),
      stopOffset: lane.stopOffset === null ? null : described.endOffset,
    });
  }
  if (position === 0) return null;
  const name = watermarksTopic(topic);
  throw new FlightsError(
    "topic-missing",
    `Cannot resume ${applicationId} on ${topic}[${task.partition}]: ${name}, which it has followed, must ` +
      "be there, it is not; go on without it by --watermarks record, or take the job back with " +
      `\`flights reset ${applicationId}\``,
  );
}

/** Where a bounded run stops; a topic that was created anew since its start can be shorter. */
function stopOffset(context: StartContext, index: number, partition: number): number | null {
  const { name, partitions } = context.inputs[index]!;
  const stop = context.stops?.get(name)?.[partition];
  return stop === undefined ? null : Math.min(stop, partitions[partition]!.endOffset);
}

async function resumeOf(
  context: StartContext,
  index: number,
  { partition, saved, startedBefore }: {
    readonly partition: number;
    readonly saved: SavedProgress | null;
    readonly startedBefore: boolean;
  },
): Promise<Resume> {
  const { log, onDataLoss, job: { applicationId } } = context;
  const topic = context.inputs[index]!;
  const { startOffset, endOffset } = topic.partitions[partition]!;
  const ends = { earliest: startOffset, latest: endOffset };
  const source = context.stage.topology.sources[index]!;
  const from = isReadWhole(source) ? "earliest" : context.from;
  const firstOffset = typeof from === "number"
    ? (await log.offsetsForTime(topic.name, from))[partition]!
    : ends[from];
  const resume = decideResume({
    saved,
    startedBefore,
    topicId: topic.id,
    partitions: topic.partitions.length,
    startOffset,
    endOffset,
    firstOffset,
    onDataLoss,
  });
  const where = `${topic.name}[${partition}]`;
  if (saved !== null && saved.repartitions !== null) checkRepartitions(context, where, saved);
  if (resume.kind === "recreated" && context.repartitions.length > 0) {
    throw new FlightsError(
      "topic-changed",
      `Cannot resume ${applicationId} on ${where}: a job that repartitions goes on with the topics that ` +
        `it has begun with, this one was deleted and created anew since then; take the job back with ` +
        `\`flights reset ${applicationId}\``,
    );
  }
  if (resume.kind === "partitions-changed") {
    throw new FlightsError(
      "partitions-changed",
      `Cannot resume ${applicationId} on ${where}: the topic must keep its partition count, ` +
        `${resume.found}; take the job back with \`flights reset ${applicationId}\``,
    );
  }
  if (resume.kind === "data-loss") {
    const code = saved?.topicId === topic.id ? "offset-out-of-range" : "topic-changed";
    const need = saved === null ? "what the job read last" : `committed offset ${saved.offset}`;
    throw new FlightsError(
      code,
      `Cannot resume ${applicationId} on ${where}: the log must hold ${need}, ${resume.found}; decide with --on-data-loss earliest|latest or take the job back with ` +
        `\`flights reset ${applicationId}\``,
    );
  }
  return resume;
}

/** State is kept by the stages of a job: in others it would be looked for in vain, and counted anew. */
function checkRepartitions(
  { repartitions, job: { applicationId } }: StartContext,
  where: string,
  saved: SavedProgress,
): void {
  const describe = (topics: readonly string[]) => topics.join(", ") || "none";
  const [before, now] = [describe(saved.repartitions ?? []), describe(repartitions)];
  if (before === now) return;
  throw new FlightsError(
    "state-incompatible",
    `Cannot resume ${applicationId} on ${where}: it must have the repartition topics with which it has ` +
      `committed (${before}), it has others (${now}); run it as before, take it back with ` +
      `\`flights reset ${applicationId}\`, or give it another application id`,
  );
}

/** The part of the changelog that holds the task's state. */
function changelogRange(
  context: StartContext,
  partition: number,
  resumes: readonly Resume[],
): ChangelogRange | null {
  const { changelog, inputs, job: { applicationId } } = context;
  if (changelog === null) return null;
  const wanted = inputs[0]!.partitions.length;
  if (changelog.partitions.length !== wanted) {
    throw new FlightsError(
      "partitions-changed",
      `Cannot resume ${applicationId} from ${changelog.name}: it must have ${wanted} partitions as its ` +
        `inputs have, it has ${changelog.partitions.length}; take the job back with ` +
        `\`flights reset ${applicationId}\``,
    );
  }
  const end = changelog.partitions[partition]!.endOffset;
  const keep = resumes.every(({ kind }) => kind !== "recreated");
  const saved = resumes.flatMap((resume) => "saved" in resume ? [resume.saved.changelog] : []);
  const newest = saved.filter((range) => range !== null).sort((a, b) => b.to - a.to)[0];
  return keep && newest !== undefined ? newest : { from: end, to: end };
}

/** Whether anything was ever committed to a task's changelog; what was aborted does not count. */
async function hasState({ log, changelog }: StartContext, partition: number): Promise<boolean> {
  if (changelog === null) return false;
  const { name: topic, id: topicId } = changelog;
  const { startOffset, endOffset } = changelog.partitions[partition]!;
  for (let offset = startOffset; offset < endOffset;) {
    const [fetched] = await log.fetch([{ topic, partition, offset, topicId }]);
    if (fetched === undefined || fetched.nextOffset === offset) return false;
    if (fetched.batches.length > 0) return true;
    offset = fetched.nextOffset;
  }
  return false;
}

/** Rebuilds the tables of a task from its changelog. */
async function restoreState(
  context: StartContext,
  task: Task,
  range: ChangelogRange,
): Promise<void> {
  const { log, changelog, job: { applicationId } } = context;
  assert(changelog !== null, "state is restored from a changelog");
  const { name: topic, id: topicId } = changelog;
  const { partition } = task;
  const { startOffset, endOffset } = changelog.partitions[partition]!;
  if (range.to > endOffset) {
    throw new FlightsError(
      "offset-out-of-range",
      `Cannot restore ${applicationId} from ${topic}[${partition}]: it must reach offset ${range.to}, ` +
        `it ends at ${endOffset}; take the job back with \`flights reset ${applicationId}\``,
    );
  }
  let offset = Math.max(range.from, startOffset);
  context.restore.begin(Math.max(0, range.to - offset));
  while (offset < range.to && await context.isWanted()) {
    // What the offsets were committed with may become readable a moment after them.
    const position = { topic, partition, offset, topicId };
    const [fetched] = await log.fetch([position], { maxWaitMs: restoreWaitMs });
    assert(fetched !== undefined, "a fetch answers for its position");
    for (const batch of fetched.batches) {
      for (let i = batch.firstAt(offset); i < batch.count; i++) {
        if (batch.offset(i) >= range.to) break;
        task.restoreState({ key: batch.keyText(i) ?? "", value: batch.valueText(i) });
      }
    }
    context.restore.note(Math.min(fetched.nextOffset, range.to) - offset);
    offset = fetched.nextOffset;
  }
}
