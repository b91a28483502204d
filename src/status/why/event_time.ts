/** What event time waits for, and which windows with it. */

import { describeDuration } from "../../base/duration.ts";
import { counted } from "../../base/words.ts";
import type { InputStatus, TaskStatus, WindowStatus } from "../../runtime/job_status.ts";
import type { StateReading } from "../../runtime/read_state.ts";
import type { JobOverview, LogOverview } from "../overview.ts";
import { type Finding, finding } from "./finding.ts";
import { clockTime, places, windowName } from "./words.ts";

/** So many windows are told of. */
const toldWindows = 3;

/** An input partition that holds back its task. */
interface Holder {
  readonly task: TaskStatus;
  readonly input: InputStatus;
}

/** What can be said of the event time of a job and of its open windows. @param saved of its state. */
export function timeFindings(
  job: JobOverview,
  overview: LogOverview,
  saved?: StateReading,
): readonly Finding[] {
  const waiting = job.status.tasks.filter(({ windows }) => windows.count > 0);
  const holders = waiting.flatMap((task): readonly Holder[] => {
    const input = task.inputs.find(({ topic }) => topic === task.holder);
    return input === undefined ? [] : [{ task, input }];
  });
  const first = holders.toSorted((a, b) => order(a.input.watermark, b.input.watermark))[0];
  return [
    ...(first === undefined ? [] : [holding(job, first, overview)]),
    ...openWindows(job, saved).slice(0, toldWindows).map((open) =>
      windowFinding(job, { open, at: overview.at })
    ),
  ];
}

/** Times, none before the first. */
function order(a: number | null, b: number | null): number {
  return (a ?? -Infinity) === (b ?? -Infinity) ? 0 : (a ?? -Infinity) < (b ?? -Infinity) ? -1 : 1;
}

/** What holds back the task that is furthest behind. */
function holding(
  { status: { applicationId: job } }: JobOverview,
  { task: { partition }, input }: Holder,
  overview: LogOverview,
): Finding {
  const { topic, watermark, heldBy, idleAt, lastRecordAt, carried } = input;
  const { at } = overview;
  const time = watermark === null ? "before its first record" : `at ${clockTime(watermark, at)}`;
  const figures = { topic, partition, watermark, lastRecordAt, idleAt };
  if (carried && heldBy !== null) {
    const told = heldBy.watermark === null
      ? "has told no watermark yet"
      : `is at ${clockTime(heldBy.watermark, at)}`;
    return finding("held-upstream", {
      job,
      text:
        `${heldBy.job} holds the watermark of ${topic}[${partition}] ${time}: its task ${heldBy.task} ` +
        `${told}${upstreamState(heldBy, overview)}`,
      figures: { ...figures, upstream: heldBy.job, task: heldBy.task },
    });
  }
  const last = watermark === null || lastRecordAt === null
    ? ""
    : `, last record ${describeDuration(Math.max(0, at - lastRecordAt))} ago`;
  const idle = idleAt === null
    ? ""
    : `, will be idle in ${describeDuration(Math.max(0, idleAt - at))}`;
  const text = `${topic}[${partition}] holds the watermark ${time}${last}${idle}`;
  return finding("held-back", { job, text, figures });
}

/** Whether the upstream job runs, and what holds back its task in turn. */
function upstreamState(
  { job: name, task: partition }: { readonly job: string; readonly task: number },
  { jobs }: LogOverview,
): string {
  const upstream = jobs.find(({ status }) => status.applicationId === name);
  if (upstream === undefined) return `; the log knows no job ${name} any more`;
  const { members, status } = upstream;
  if (members.length === 0 && status.members.length === 0) return `; no member of ${name} runs`;
  const task = status.tasks.find((one) => one.partition === partition && one.holder !== null);
  const input = task?.inputs.find(({ topic }) => topic === task.holder);
  if (input === undefined || input.carried) return "";
  const ago = describeDuration(Math.max(0, status.at - (input.lastRecordAt ?? status.at)));
  const idle = input.idleAt === null
    ? ""
    : `, will be idle in ${describeDuration(Math.max(0, input.idleAt - status.at))}`;
  return `; there ${input.topic}[${partition}] holds it, last record ${ago} ago${idle}`;
}

/** A window that is open, and the tasks in which it is. */
export interface OpenWindow {
  readonly window: WindowStatus;
  readonly keys: number;
  readonly tasks: readonly TaskStatus[];
}

/** The windows that are known to be open, by end. @param saved what is asked where no process tells. */
export function openWindows(
  { status: { tasks }, toldBy }: JobOverview,
  saved?: StateReading,
): readonly OpenWindow[] {
  const windowsOf = ({ stage, partition, windows }: TaskStatus): readonly WindowStatus[] =>
    toldBy === "process" || saved === undefined
      ? windows.earliest
      : saved.windows.filter((one) => one.stage === stage && one.partition === partition);
  const found = tasks.flatMap((task) => windowsOf(task).map((window) => ({ task, window })));
  const same = Map.groupBy(
    found,
    ({ window: { operator, start, end } }) => JSON.stringify([operator, start, end]),
  );
  return [...same.values()].map((all): OpenWindow => ({
    window: { ...all[0]!.window, silenceAt: latest(all.map(({ window }) => window.silenceAt)) },
    keys: all.reduce((sum, { window }) => sum + window.keys, 0),
    tasks: all.map(({ task }) => task),
  })).sort((a, b) => (a.window.end ?? Infinity) - (b.window.end ?? Infinity));
}

/** The last of all, or null when one is not known. */
function latest(times: readonly (number | null)[]): number | null {
  return times.some((time) => time === null) ? null : Math.max(...times.map((time) => time!));
}

/** What closes an open window. @param options `at`: now; `key`: the one of its keys that is asked about. */
export function windowFinding(
  { status: { applicationId: job } }: JobOverview,
  { open: { window, keys, tasks }, at, key }: {
    readonly open: OpenWindow;
    readonly at: number;
    readonly key?: string;
  },
): Finding {
  const { start, end, endsBy, silenceAt } = window;
  const name = start === null || end === null
    ? `the window of ${window.operator}`
    : `window ${windowName({ start, end }, at)}`;
  const what = key === undefined ? counted(keys, "key") : `the key ${key}`;
  const holds = `${name} is open with ${what} in ${counted(tasks.length, "task")}`;
  const figures = { start, end, keys, silenceAt, operator: window.operator };
  return finding("window-open", { job, text: `${holds}: ${closing()}`, figures });

  function closing(): string {
    if (endsBy === "never" || end === null) return "only its trigger fires it";
    if (endsBy === "processing-time") return `the clock closes it at ${clockTime(end, at)}`;
    const needs = neededRecord(end, { tasks, at });
    if (silenceAt === null) {
      return closesOnSilence(tasks) ? needs : `${needs}; silence does not close it, that is off`;
    }
    const left = silenceAt - at;
    return `${needs}, or by silence at ${clockTime(silenceAt, at)}${
      left > 0 ? `, in ${describeDuration(left)}` : ""
    }`;
  }
}

/** Whether a silence of all inputs closes windows, as far as is known. */
function closesOnSilence(tasks: readonly TaskStatus[]): boolean {
  return tasks.flatMap(({ inputs }) => inputs).every(({ closesOnSilence }) =>
    closesOnSilence !== false
  );
}

/** Which record closes a window that ends before `end`. */
function neededRecord(
  end: number,
  { tasks, at }: { readonly tasks: readonly TaskStatus[]; readonly at: number },
): string {
  const behind = tasks.flatMap(({ partition, inputs }) =>
    inputs.filter(({ idle, watermark }) => !idle && (watermark ?? -Infinity) < end - 1)
      .map((input) => ({ ...input, partition }))
  );
  const own = behind.filter(({ carried }) => !carried);
  const margin = Math.max(0, ...own.map(({ outOfOrdernessMs }) => outOfOrdernessMs ?? 0));
  const byTopic = Map.groupBy(behind, ({ topic }) => topic);
  const where = [...byTopic].map(([topic, all]) =>
    places(topic, all.map(({ partition }) => partition))
  ).join(" and ");
  if (behind.length === 0) return "it closes when a later record comes on any of its partitions";
  if (own.length === 0) {
    return `it closes when those who write ${where} have come to ${clockTime(end, at)}`;
  }
  const each = behind.length === 1 ? "on" : "on each of";
  return `it closes when a record of ${
    clockTime(end + margin, at)
  } or later comes ${each} ${where}`;
}
