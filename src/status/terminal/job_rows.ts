/** The table of jobs: a row a job. */

import { describeDuration } from "../../base/duration.ts";
import type { TaskStatus } from "../../runtime/job_status.ts";
import type { History, Point } from "../history.ts";
import type { JobOverview } from "../overview.ts";
import { harmless, type Line, type Span, type Style } from "./cells.ts";
import { sparkline } from "./sparkline.ts";
import { type Column, roomBeside, table } from "./table.ts";
import { clock, count, rate } from "./words.ts";

/** A chart narrower than this says nothing, and a wider one than that no more. */
const leastChart = 8;
const mostChart = 30;
const chartImportance = 50;

const stateStyles: Readonly<Record<string, Style>> = {
  running: "green",
  "at-end": "green",
  waiting: "yellow",
  restoring: "yellow",
  "standing-by": "yellow",
  "no answer": "yellow",
  "not running": "red",
};

/** What one line tells of a job. Texts are harmless; null is what nobody knows. */
export interface Figures {
  readonly job: string;
  readonly state: string;
  /** Records taken a second. */
  readonly perSecond: number | null;
  /** Offsets left to process. */
  readonly lag: number;
  /** Of the task that is furthest behind, in milliseconds since the Unix epoch. */
  readonly watermark: number | null;
  /** The input partition that holds it back; empty where nobody can tell. */
  readonly holder: string;
  readonly windows: number | null;
  readonly members: number;
  readonly commits: number | null;
}

/** The figures of a job, whose history has taken in the same look. */
export function figuresOf(job: JobOverview, history: History): Figures {
  const { status, toldBy, members } = job;
  const { applicationId, tasks, reads, commits } = status;
  const isTold = toldBy === "process";
  // What a job has repartitioned comes in again.
  const inputs = tasks.flatMap(({ inputs }) => inputs).filter(({ topic }) => reads.includes(topic));
  const slowest = slowestOf(tasks);
  return {
    job: harmless(applicationId),
    // What the log tells says nothing of what the members do.
    state: isTold ? status.state : members.length > 0 ? "no answer" : "not running",
    perSecond: history.rate(takenBy(applicationId)),
    lag: sum(inputs, ({ lag }) => lag ?? 0),
    watermark: slowest?.watermark ?? null,
    holder: isTold ? holderOf(slowest) : "",
    windows: isTold ? sum(tasks, ({ windows }) => windows.count) : null,
    members: Math.max(members.length, status.members.length),
    commits: isTold ? commits.count : null,
  };
}

/** What the table is made from. */
export interface JobRows {
  readonly jobs: readonly JobOverview[];
  readonly history: History;
  /** The clock of who looks, in milliseconds since the Unix epoch. */
  readonly now: number;
}

/** The table, no wider than `width`. */
export function jobTable(rows: JobRows, width: number): readonly Line[] {
  const figures = columnsOf(rows);
  const outlast = figures.filter(({ importance }) => importance > chartImportance);
  const room = Math.max(roomBeside(figures, width), roomBeside(outlast, width));
  const chart = chartColumn(rows, Math.min(mostChart, room));
  // Beside the rate that it is the past of.
  return table(chart === null ? figures : figures.toSpliced(3, 0, chart), width);
}

function chartColumn({ jobs, history, now }: JobRows, width: number): Column | null {
  if (width < leastChart) return null;
  const { points } = history;
  const from = Math.max(0, points.length - width);
  const since = points[from]?.at ?? now;
  const cells = jobs.map(({ status: { applicationId } }): Span => {
    const taken = takenBy(applicationId);
    const rates = points.slice(from).map((_, i) => history.rateAt(from + i, taken));
    return { text: sparkline(rates, width), style: "cyan" };
  });
  const head = since < now ? `last ${describeDuration(now - since)}` : "";
  return { head: head.length <= width ? head : "", cells, importance: chartImportance };
}

function columnsOf({ jobs, history, now }: JobRows): readonly Column[] {
  const rows = jobs.map((job) => figuresOf(job, history));
  const left = (head: string, importance: number, cell: (row: Figures) => Span): Column => ({
    head,
    importance,
    cells: rows.map(cell),
  });
  const right = (head: string, importance: number, cell: (row: Figures) => Span): Column => ({
    ...left(head, importance, cell),
    align: "right",
  });
  const known = (value: number | null): Span => ({ text: value === null ? "" : count(value) });
  return [
    left("job", 100, ({ job }) => ({ text: job })),
    left("state", 90, ({ state: text }) => styled(text, stateStyles[text])),
    right("rec/s", 70, ({ perSecond }) => ({ text: rate(perSecond) })),
    right("lag", 80, ({ lag }) => styled(count(lag), lag === 0 ? undefined : "yellow")),
    right("watermark", 40, ({ watermark }) => ({
      text: watermark === null ? "none yet" : clock(watermark),
    })),
    right("behind", 60, ({ watermark }) => ({
      text: watermark === null ? "" : describeDuration(now - watermark),
    })),
    left("held by", 35, ({ holder }) => ({ text: holder })),
    right("windows", 30, ({ windows }) => known(windows)),
    right("members", 10, ({ members }) => known(members)),
    right("commits", 20, ({ commits }) => known(commits)),
  ];
}

function styled(text: string, style: Style | undefined): Span {
  return style === undefined ? { text } : { text, style };
}

function takenBy(job: string): (point: Point) => number | undefined {
  return ({ taken }) => taken.get(job);
}

function slowestOf(tasks: readonly TaskStatus[]): TaskStatus | null {
  return tasks.reduce<TaskStatus | null>(
    (least, task) => (task.watermark ?? Infinity) < (least?.watermark ?? Infinity) ? task : least,
    null,
  );
}

function holderOf(task: TaskStatus | null): string {
  if (task === null) return "";
  return task.holder === null ? "none, all idle" : `${harmless(task.holder)}[${task.partition}]`;
}

function sum<T>(all: readonly T[], figure: (one: T) => number): number {
  return all.reduce((total, one) => total + figure(one), 0);
}
