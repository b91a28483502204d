/** What a job's inputs go by, their writers' watermarks or their records' times, as it is told (semantics 24). */

import { formatTime } from "../base/time.ts";
import type { InputStatus, JobStatus, TaskStatus, WriterStatus } from "../runtime/job_status.ts";
import type { Fields } from "./logging.ts";
import { counted } from "../base/words.ts";

/** What is told of one topic. */
export interface TopicLine {
  readonly topic: string;
  readonly message: string;
  readonly fields: Fields;
}

/** What a job's inputs went by when it was told last, by topic. */
export type ToldSources = ReadonlyMap<string, string>;

/**
 * Tells what each input goes by, as far as that is known by now, where it was not told or has changed.
 *
 * @param options `told`: what was told before; `isRecordMode`: whether reports are not followed.
 */
export function sourceLines(
  status: JobStatus,
  { told, isRecordMode = false }: { readonly told: ToldSources; readonly isRecordMode?: boolean },
): readonly (TopicLine & { readonly goesBy: string })[] {
  return [...inputsByTopic(status)].flatMap(([topic, inputs]) => {
    const writers = writersOf(inputs);
    // Before a first fetch nobody can tell.
    const isKnown = writers.length > 0 || inputs.some((one) => one.endOffset !== null);
    const goesBy = describeSource(writers, isRecordMode);
    const before = told.get(topic);
    if (!isKnown || before === goesBy) return [];
    const message = `${topic}: ${before === undefined ? "" : "from now on "}${goesBy}`;
    return [{ topic, goesBy, message, fields: { topic, writers } }];
  });
}

/** Whose watermarks an input follows, or that it goes by its records. */
export function describeSource(writers: readonly WriterStatus[], isRecordMode = false): string {
  if (writers.length === 0) {
    return `goes by its records' times${isRecordMode ? " (--watermarks record)" : ""}`;
  }
  const named = writers.map(({ job, tasks }) => ({ job, tasks: counted(tasks, "task") }));
  const [first] = named;
  if (named.length === 1) {
    return `follows the watermarks that ${first!.job} reports (${first!.tasks})`;
  }
  const all = named.map(({ job, tasks }) => `${job} (${tasks})`);
  return `follows the watermarks that ${all.slice(0, -1).join(", ")} and ${all.at(-1)} report`;
}

/** The topics with records of writers that report nothing, though others do. */
export function unreportedLines(status: JobStatus): readonly TopicLine[] {
  return [...inputsByTopic(status)].flatMap(([topic, inputs]) => {
    const unreported = inputs.reduce((sum, input) => sum + input.unreported, 0);
    if (unreported === 0) return [];
    return [{
      topic,
      message:
        `records of ${topic} come from a writer that reports no watermarks: they can be late ` +
        `(semantics 24); who reports some shows \`flights topics watermarks ${topic}\``,
      fields: { topic, unreported },
    }];
  });
}

/**
 * Whom the open windows of a job wait for: the upstream task that is furthest behind, among those that
 * hold a task with open windows back; null where windows wait for no other job.
 */
export function describeHolder(tasks: readonly TaskStatus[]): string | null {
  const holders = tasks.filter(({ held }) => held > 0).flatMap(({ inputs }) => {
    const slowest = inputs.filter(({ idle }) => !idle).sort(byWatermark)[0];
    return slowest?.carried && slowest.heldBy !== null ? [slowest.heldBy] : [];
  });
  const holder = holders.sort(byWatermark)[0];
  if (holder === undefined) return null;
  const { job, task, watermark } = holder;
  return `${job} task ${task}` +
    (watermark === null ? ", which has told no watermark yet" : ` at ${formatTime(watermark)}`);
}

function byWatermark(
  a: { readonly watermark: number | null },
  b: { readonly watermark: number | null },
): number {
  const [first, second] = [a.watermark ?? -Infinity, b.watermark ?? -Infinity];
  return first < second ? -1 : first > second ? 1 : 0;
}

function inputsByTopic({ tasks }: JobStatus): ReadonlyMap<string, readonly InputStatus[]> {
  return Map.groupBy(tasks.flatMap(({ inputs }) => inputs), ({ topic }) => topic);
}

/** All writers of the partitions that are held, by name: each registers on all of them. */
function writersOf(inputs: readonly InputStatus[]): readonly WriterStatus[] {
  const byJob = new Map(inputs.flatMap(({ writers }) => writers).map((one) => [one.job, one]));
  return [...byJob.values()].sort((a, b) => a.job < b.job ? -1 : 1);
}
