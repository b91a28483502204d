/** What the status of a job tells of a task. */

import { minimumWatermark, noWatermark } from "../stream/task/progress.ts";
import type { Task } from "../stream/task/task.ts";
import type { InputStatus, TaskStatus, WindowsStatus } from "./job_status.ts";
import type { StartedTask } from "./task_start.ts";

/** How many windows of each operator are listed. */
const listedWindows = 8;
/**
 * Windows and sizes are looked at that often, in milliseconds: to count them takes a walk over the state.
 * A large state is walked over more seldom, so that a status takes below a hundredth of the CPU.
 */
const lookInterval = 1_000;
const entriesALookInterval = 100_000;

/** What takes a walk over a task's state to tell. */
interface StateLook {
  readonly now: number;
  readonly pacedAt: number;
  readonly windows: WindowsStatus;
  readonly stateBytes: number;
}

const looks = new WeakMap<Task, StateLook>();

/**
 * A task as it is now.
 *
 * @param options `now`: the job's clock; `pacedAt`: the clock that paces; `isFresh`: whether what takes a
 * walk over the state is looked at anew, however soon after the last time.
 */
export function taskStatus(
  { start, task, lanes, changelog, ended }: StartedTask,
  { now, pacedAt, isFresh }: {
    readonly now: number;
    readonly pacedAt: number;
    readonly isFresh: boolean;
  },
): TaskStatus {
  const before = isFresh ? undefined : looks.get(task);
  const { stateEntries } = task;
  const interval = lookInterval * Math.max(1, stateEntries / entriesALookInterval);
  // A clock that is moved by hand opens and closes windows in no time.
  const isRecent = before !== undefined && pacedAt - before.pacedAt < interval &&
    Math.abs(now - before.now) < interval;
  const { windows, stateBytes } = isRecent ? before : lookAt(task, { now, pacedAt });
  const holding = minimumWatermark(task.inputs);
  const holder = task.inputs.find(({ idle, watermark }) => !idle && watermark === holding);
  const isThere = (positions: readonly number[]) =>
    task.inputs.every(({ position }, index) => position === positions[index]);
  return {
    stage: start.stage.name,
    partition: task.partition,
    watermark: finite(task.watermark),
    held: task.held,
    stateEntries,
    stateBytes,
    changelogOffsets: changelog && changelog.to - changelog.from,
    ended: ended !== null && isThere(ended.positions) ? ended.by : null,
    holder: holder?.source.topic ?? null,
    windows,
    outcomes: task.outcomes,
    inputs: lanes.map((lane, index): InputStatus => {
      const input = task.inputs[index]!;
      const { position, watermark, idle, upstream, source } = input;
      const { endOffset, unreported } = lane;
      const slowest = upstream.slowest;
      return {
        topic: lane.source.topic,
        position,
        endOffset,
        lag: endOffset === null ? null : Math.max(0, endOffset - position),
        watermark: finite(watermark),
        idle,
        idleSince: input.idleFrom(now),
        idleAt: input.idleAt,
        lastRecordAt: input.lastRecordAt,
        lastMovedAt: input.lastMovedAt,
        idleTimeoutMs: source.watermarks.idleTimeout,
        outOfOrdernessMs: source.watermarks.outOfOrderness,
        closesOnSilence: source.watermarks.closesOnSilence,
        outcomes: { ...input.outcomes },
        outcomesHere: input.outcomesHere,
        carried: upstream.isCarried,
        writers: upstream.jobs,
        heldBy: slowest && { ...slowest, watermark: finite(slowest.watermark) },
        unreported,
      };
    }),
  };
}

function finite(watermark: number): number | null {
  return watermark === noWatermark ? null : watermark;
}

function lookAt(task: Task, at: Pick<StateLook, "now" | "pacedAt">): StateLook {
  const operators = task.openWindows(listedWindows);
  const windows: WindowsStatus = {
    count: operators.reduce((sum, { count }) => sum + count, 0),
    earliest: operators.flatMap(({ operator, earliest }) =>
      earliest.map((window) => ({
        operator,
        ...window,
        silenceAt: window.endsBy === "event-time" && window.end !== null
          ? task.silenceAt(window.end)
          : null,
      }))
    ),
  };
  const look = { ...at, windows, stateBytes: task.stateBytes };
  looks.set(task, look);
  return look;
}
