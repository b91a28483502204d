/**
 * What a job's state holds, read from its changelogs up to the place that its last commit names: the
 * job need not run, and nobody is disturbed who runs it.
 */

import { FlightsError } from "../base/errors.ts";
import type { Log, TopicDescription } from "../log/log.ts";
import { noWatermark } from "../stream/task/progress.ts";
import type { WindowStatus } from "./job_status.ts";
import { ChangelogView } from "./changelog_view.ts";
import { type SavedTask, savedTasks } from "./saved_status.ts";
import { changelogTopic } from "./topics.ts";

/** How long a fetch waits for what a commit has named, in milliseconds, and how often it is tried. */
const [patience, tries] = [500, 10];
/** A job that commits meanwhile is followed so often at most. */
const maxRounds = 5;

/** What to look for. */
export interface ReadStateOptions {
  /**
   * The key, as the text that tables go by: a text is its own (`keyText`). Default: no entries, and the
   * windows of all keys.
   */
  readonly key?: string;
  /** Ends the look early. */
  readonly signal?: AbortSignal;
}

/** What a job's state holds. */
export interface StateReading {
  /** The job. */
  readonly applicationId: string;
  /** The entries of the key; by partition, stage, table and entry. */
  readonly entries: readonly StateEntry[];
  /** The windows that are open, of the key or of all; by partition, stage, operator and end. */
  readonly windows: readonly SavedWindow[];
  /** Whether that is all: of very many windows or entries some are left out. */
  readonly isWhole: boolean;
}

/** An entry of a table. */
export interface StateEntry {
  /** The name of the stage. */
  readonly stage: string;
  readonly partition: number;
  /** The name of the table: it begins with the id of its operator's node. */
  readonly table: string;
  /** What the table calls it: with the key also a window, a time, a name. */
  readonly name: readonly (string | number)[];
  /** A JSON value. */
  readonly value: unknown;
}

/** A window that is open. */
export interface SavedWindow extends WindowStatus {
  /** The name of the stage. */
  readonly stage: string;
  readonly partition: number;
  /** Records that wait in it. */
  readonly held: number;
}

/**
 * Reads what the state of a job holds as of its last commit; of a job that commits meanwhile, as of a
 * later one. Of a group without state nothing.
 *
 * @throws {FlightsError} `topic-missing`, `offset-out-of-range` where a changelog does not hold what
 * was committed; `log-unreachable` where it does not come.
 */
export async function readState(
  log: Log,
  applicationId: string,
  { key, signal }: ReadStateOptions = {},
): Promise<StateReading> {
  const committed = async () =>
    savedTasks(applicationId, (await log.describeGroup(applicationId)).offsets);
  const readings: StateReading[] = [];
  for (const task of await committed()) {
    if (task.changelog === null) continue;
    const again = async () =>
      (await committed()).find((one) =>
        one.stage === task.stage && one.partition === task.partition
      ) ?? task;
    readings.push(await readTask(log, task, { applicationId, key, signal, again }));
  }
  return {
    applicationId,
    entries: readings.flatMap(({ entries }) => entries),
    windows: readings.flatMap(({ windows }) => windows),
    isWhole: readings.every(({ isWhole }) => isWhole),
  };
}

async function readTask(
  log: Log,
  task: SavedTask,
  { applicationId, key, signal, again }: {
    readonly applicationId: string;
    readonly key: string | undefined;
    readonly signal: AbortSignal | undefined;
    readonly again: () => Promise<SavedTask>;
  },
): Promise<StateReading> {
  const { stage, partition } = task;
  const place = { log, applicationId, partition, signal };
  const topic = await describe(log, changelogTopic(applicationId, stage));
  const end = topic.partitions[partition]?.endOffset ?? 0;
  if (end < task.changelog!.to) {
    throw outOfRange(`${topic.name}[${partition}]`, { to: task.changelog!.to, end });
  }
  const view = new ChangelogView(key);
  const from = Math.max(task.changelog!.from, topic.partitions[partition]?.startOffset ?? 0);
  let newest = task;
  // What was compacted while it was read has a newer entry behind it.
  for (let [to, round] = [from, 0]; round < maxRounds && newest.changelog!.to > to; round++) {
    const next = newest.changelog!.to;
    await read({ ...place, topic, from: to, to: next }, view.take);
    to = next;
    newest = await again();
  }
  if (view.asksForElements) {
    await read({ ...place, topic, from, to: newest.changelog!.to }, view.takeElement);
  }
  const watermark = newest.inputs[0]?.saved?.taskWatermark ?? noWatermark;
  return {
    applicationId,
    entries: view.entries().map((entry) => ({ stage, partition, ...entry })),
    windows: view.openWindows(watermark).map((window) => ({ stage, partition, ...window })),
    isWhole: view.isWhole,
  };
}

async function describe(log: Log, name: string): Promise<TopicDescription> {
  const [topic] = await log.describeTopics([name]);
  if (topic !== undefined) return topic;
  throw new FlightsError(
    "topic-missing",
    `Cannot read the state of a job: the log must have its changelog ${name}, it has not`,
  );
}

/** Hands out the entries of a part of a changelog. */
async function read(
  { log, topic: { name: topic, id: topicId }, partition, from, to, signal }: {
    readonly log: Log;
    readonly topic: TopicDescription;
    readonly partition: number;
    readonly from: number;
    readonly to: number;
    readonly signal: AbortSignal | undefined;
  },
  take: (key: string, value: string | null) => void,
): Promise<void> {
  let left = tries;
  for (let offset = from; offset < to;) {
    signal?.throwIfAborted();
    const [fetched] = await log.fetch([{ topic, partition, offset, topicId }], {
      maxWaitMs: patience,
      ...(signal && { signal }),
    });
    for (const batch of fetched?.batches ?? []) {
      for (let i = batch.firstAt(offset); i < batch.count && batch.offset(i) < to; i++) {
        take(batch.keyText(i) ?? "", batch.valueText(i));
      }
    }
    const next = fetched?.nextOffset ?? offset;
    left = next > offset ? tries : left - 1;
    if (left === 0) throw unreachable(`${topic}[${partition}]`, { offset, to });
    offset = next;
  }
}

function outOfRange(
  where: string,
  { to, end }: { readonly to: number; readonly end: number },
): FlightsError {
  return new FlightsError(
    "offset-out-of-range",
    `Cannot read the state in ${where}: it must reach offset ${to}, it ends at ${end}`,
  );
}

function unreachable(
  where: string,
  { offset, to }: { readonly offset: number; readonly to: number },
): FlightsError {
  return new FlightsError(
    "log-unreachable",
    `Cannot read the state in ${where}: the log must give what was committed up to offset ${to}, it ` +
      `does not give what is at ${offset}`,
  );
}
