/** Why there is no output, or not the one that is expected: from what was seen, and nothing else. */

import type { StateReading } from "../../runtime/read_state.ts";
import { isOfAnotherProgram, type JobOverview, type LogOverview } from "../overview.ts";
import { openWindows, timeFindings, windowFinding } from "./event_time.ts";
import { byWeight, type Finding, finding } from "./finding.ts";
import { inputFindings } from "./input.ts";
import { keyFindings } from "./key.ts";
import { lifeFindings } from "./life.ts";
import { outcomeFindings } from "./outcomes.ts";
import { clockTime, windowTime } from "./words.ts";

/** What is asked. */
export interface Question {
  /** About one job; default about all. */
  readonly job?: string;
  /** About the window that this time belongs to, in milliseconds since the Unix epoch. */
  readonly window?: number;
  /** About a key, as the job writes it: the text of the field that it is keyed by. */
  readonly key?: string;
  /**
   * What jobs have saved of their state, as far as it could be read: of the key, or of all windows. Only
   * of those something is said of keys, and of windows while no process tells.
   */
  readonly saved?: readonly StateReading[];
}

/** All that stands in the way, the heaviest first; then what is worth knowing. */
export function why(overview: LogOverview, question: Question = {}): readonly Finding[] {
  const { job: name, window, key, saved = [] } = question;
  // Of other programs' groups, which a Kafka has many of, something is said only to who asks for one.
  const jobs = overview.jobs.filter((job) =>
    name === undefined ? !isOfAnotherProgram(job) : job.status.applicationId === name
  );
  if (name !== undefined && jobs.length === 0) return [unknownJob(name, overview)];
  const findings = jobs.flatMap((job) => {
    const state = saved.find(({ applicationId }) => applicationId === job.status.applicationId);
    const ofTime = window === undefined
      ? timeFindings(job, overview, state)
      : aboutWindow(job, overview, { time: window, state });
    const ofKey = key === undefined || state === undefined
      ? null
      : keyFindings(job, overview, { key, state });
    return [
      ...lifeFindings(job),
      ...inputFindings(job, overview),
      // Who asks about a key is told of its windows.
      ...ofTime.filter(({ cause }) => ofKey === null || cause !== "window-open"),
      ...ofKey ?? [],
      ...outcomeFindings(job),
    ];
  });
  return findings.sort(byWeight);
}

function unknownJob(job: string, { jobs, log }: LogOverview): Finding {
  const names = jobs.map(({ status }) => status.applicationId).join(", ");
  const text = `${log} knows no job ${job}: it never ran there${
    names === "" ? "" : `; there is ${names}`
  }`;
  return finding("unknown-job", { job, text });
}

/** Of one window: whether it is open, was fired, or holds nothing; and what holds back event time. */
function aboutWindow(
  job: JobOverview,
  overview: LogOverview,
  { time, state }: { readonly time: number; readonly state: StateReading | undefined },
): readonly Finding[] {
  const windows = openWindows(job, state).filter(({ window: { start, end } }) =>
    start !== null && end !== null && start <= time && time < end
  );
  if (windows.length > 0) {
    const holders = timeFindings(job, overview, state).filter(({ cause }) =>
      cause !== "window-open"
    );
    return [...holders, ...windows.map((open) => windowFinding(job, { open, at: overview.at }))];
  }
  const { status: { applicationId, tasks } } = job;
  const watermarks = tasks.flatMap(({ watermark }) => watermark ?? []);
  const least = watermarks.length < tasks.length ? null : Math.min(...watermarks);
  const figures = { window: time, watermark: least };
  const { at: now } = overview;
  const at = windowTime(time, now);
  if (least !== null && least >= time) {
    return [finding("window-fired", {
      job: applicationId,
      text:
        `no window of ${at} is open: all tasks of ${applicationId} have come to ${
          clockTime(least, now)
        } at ` +
        "least; it was fired, if a record had come for it",
      figures,
    })];
  }
  const come = watermarks.length === 0
    ? "has read no record yet"
    : `is at ${clockTime(Math.min(...watermarks), now)}`;
  return [finding("window-empty", {
    job: applicationId,
    text: `no record of a window of ${at} has come to ${applicationId} yet, which ${come}`,
    figures,
  })];
}
