/** What a commit keeps beside each offset (semantics 13), as the text of its metadata. */

import { FlightsError, hasCode } from "../base/errors.ts";
import type { OutcomeCounts } from "../stream/task/counts.ts";
import type { SavedInput } from "../stream/task/input_progress.ts";

/** The part of a changelog partition that a task's state is rebuilt from. */
export interface ChangelogRange {
  /** Behind the entries of a state that was thrown away. */
  readonly from: number;
  /** Behind the last entry that the task's state reaches. */
  readonly to: number;
}

/** What belongs to a partition at its committed offset. */
export interface SavedProgress extends SavedInput {
  /** The identity of the topic that the offset counts in (semantics 17). */
  readonly topicId: string;
  /** How many partitions the topic had. */
  readonly partitions: number;
  /** Null for a job without state. */
  readonly changelog: ChangelogRange | null;
  /** Where to go on reading what the writers report (semantics 24). */
  readonly reports: number;
  /**
   * The repartition topics of the job that committed it: one with others cannot go on from there. Null
   * for an offset that no job has committed.
   */
  readonly repartitions: readonly string[] | null;
  /** How a bounded run ended here; null where none did. */
  readonly ended: EndedBy | null;
  /** Which input of the job it is; null for an offset that no job has committed. For who looks at it. */
  readonly place: InputPlace | null;
  /** Records that wait in the task's open windows. For who looks at it. */
  readonly held: number;
  /** What the job writes, told with one input of it, if it is not too long. For who looks at it. */
  readonly writes: readonly string[];
}

/** Where an input stands in its job, by numbers from 0. */
export interface InputPlace {
  /** The stage. */
  readonly stage: number;
  /** The input among those of the stage. */
  readonly input: number;
}

/** Names of topics may be long, and metadata may not: no more than so many characters of them are kept. */
export const maxWritesLength = 512;

/** How a task comes to the end of a bounded run: its open windows are fired, or kept (semantics 11). */
export type EndedBy = "drain" | "hold";

/** The outcomes in the order in which the metadata lists them. */
const outcomeOrder = ["used", "filtered", "windowed", "late", "deadLetter", "skipped"] as const;

const version = 1;

/** The metadata of a committed offset. */
export function encodeMetadata(saved: SavedProgress): string {
  return JSON.stringify({
    v: version,
    topic: saved.topicId,
    partitions: saved.partitions,
    newest: saved.newest,
    watermark: saved.watermark,
    idle: saved.idle,
    task: saved.taskWatermark,
    counts: outcomeOrder.map((outcome) => saved.outcomes[outcome]),
    changelog: saved.changelog === null ? null : [saved.changelog.from, saved.changelog.to],
    ...(saved.reports > 0 && { reports: saved.reports, upstream: saved.upstream }),
    ...(saved.repartitions?.length !== 0 && { repartitions: saved.repartitions }),
    ...(saved.ended !== null && { ended: saved.ended }),
    ...(saved.place !== null && { at: [saved.place.stage, saved.place.input] }),
    ...(saved.held > 0 && { held: saved.held }),
    ...(isKept(saved.writes) && { writes: saved.writes }),
  });
}

function isKept(writes: readonly string[]): boolean {
  return writes.length > 0 && JSON.stringify(writes).length <= maxWritesLength;
}

/** The same for who looks at a group that may be another program's: null for what is not ours. */
export function readMetadata(offset: number, metadata: string): SavedProgress | null {
  try {
    return decodeMetadata(offset, metadata);
  } catch (error) {
    if (hasCode(error, "state-incompatible")) return null;
    throw error;
  }
}

/**
 * Reads what {@linkcode encodeMetadata} wrote.
 *
 * @throws {FlightsError} `state-incompatible` when it was written by something else.
 */
export function decodeMetadata(offset: number, metadata: string): SavedProgress {
  try {
    const fields = JSON.parse(metadata);
    if (fields.v !== version) throw new Error(`its version is ${fields.v}`);
    if (typeof fields.topic !== "string") throw new Error("it names no topic");
    const counts = outcomeOrder.map((outcome, i) => [outcome, Number(fields.counts[i])] as const);
    return {
      offset,
      topicId: fields.topic,
      partitions: fields.partitions,
      newest: fields.newest,
      watermark: fields.watermark,
      idle: fields.idle,
      taskWatermark: fields.task,
      outcomes: Object.fromEntries(counts) as unknown as OutcomeCounts,
      changelog: fields.changelog === null
        ? null
        : { from: fields.changelog[0], to: fields.changelog[1] },
      reports: fields.reports ?? 0,
      upstream: fields.upstream ?? {},
      repartitions: fields.repartitions === undefined ? [] : fields.repartitions,
      ended: fields.ended ?? null,
      place: fields.at === undefined ? null : { stage: fields.at[0], input: fields.at[1] },
      held: fields.held ?? 0,
      writes: fields.writes ?? [],
    };
  } catch (error) {
    throw new FlightsError(
      "state-incompatible",
      `Cannot take up committed offset ${offset}: its metadata must be of version ${version} of this program, ` +
        `it is ${JSON.stringify(metadata)}`,
      { cause: error },
    );
  }
}
