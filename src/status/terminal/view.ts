/** A live view for a terminal: pure, from a frame and what came before to lines. */

import { styleText } from "node:util";
import { describeDuration } from "../../base/duration.ts";
import { formatTime } from "../../base/time.ts";
import type { UserStatistics } from "../../flights/models.ts";
import type { Frame } from "../frame.ts";
import type { History } from "../history.ts";
import type { ShownRecord } from "../newest_records.ts";
import type { JobOverview } from "../overview.ts";
import type { Finding } from "../why/finding.ts";
import { type Column, table } from "./table.ts";
import { cut, harmless, sparkline, wrap } from "./text.ts";

/** Where the view is shown. */
export interface Room {
  readonly columns: number;
  readonly rows: number;
  readonly color: boolean;
}

/** What is shown beside the frame. */
export interface Beside {
  /** In front of the time; default the log. */
  readonly title?: string;
  /** What happened lately, oldest first. */
  readonly events?: readonly string[];
}

/** Columns of a sparkline. */
const sparkWidth = 20;
const shownLeaders = 8;
const shownResults = 5;

type Style = Parameters<typeof styleText>[0];

/** A line and how it is painted. */
interface Line {
  readonly text: string;
  readonly style?: Style;
}

/** Lines of at most `columns`, at most `rows` of them. */
export function view(
  frame: Frame,
  history: History,
  { room: { columns, rows, color }, title, events = [] }: Beside & { readonly room: Room },
): readonly string[] {
  const parts: readonly (readonly Line[])[] = [
    [titleLine(frame, { columns, title: title ?? harmless(frame.overview.log) })],
    heading(jobTable(frame, history, columns)),
    answers(frame.findings, columns),
    events.slice(-6).map((text) => ({ text: harmless(text), style: "yellow" })),
    frame.leaders.length > 0
      ? heading(leaderTable(frame.leaders, columns))
      : heading(resultTable(frame.results, columns)),
  ];
  const lines = parts.filter((part) => part.length > 0)
    .flatMap((part, i) => i === 0 ? part : [{ text: "" }, ...part]);
  // The last line stays free: what is written there would scroll the others away.
  return lines.slice(0, Math.max(1, rows - 1)).map(({ text, style }) => {
    const shown = cut(text, columns);
    return color && style !== undefined
      ? styleText(style, shown, { validateStream: false })
      : shown;
  });
}

/** The same as plain lines, for where there is no terminal: one a job. */
export function plainLines(frame: Frame, history: History): readonly string[] {
  const { at, jobs } = frame.overview;
  return jobs.map((job) => {
    const cells = columnsOf(frame, history).filter(({ title }) => title !== "")
      .map(({ title, cell }) => title === "job" ? cell(job) : `${title} ${cell(job)}`);
    return `${formatTime(at).slice(11, 19)} ${cells.join(", ")}`;
  });
}

function titleLine(
  { overview: { at } }: Frame,
  { columns, title }: { readonly columns: number; readonly title: string },
): Line {
  const time = `${formatTime(at).slice(11, 19)} UTC`;
  const room = columns - time.length - 2;
  const name = cut(`flights   ${title}`, room);
  return { text: `${name.padEnd(room)}  ${time}`, style: "bold" };
}

function heading(lines: readonly string[]): readonly Line[] {
  return lines.map((text, i) => i === 0 ? { text, style: "dim" } : { text });
}

function columnsOf({ overview }: Frame, history: History): readonly Column<JobOverview>[] {
  const rates = (job: string) =>
    history.points.map((_, i) => history.rateAt(i, ({ taken }) => taken.get(job)));
  const inputsOf = ({ status }: JobOverview) => status.tasks.flatMap(({ inputs }) => inputs);
  return [
    { title: "job", rank: 0, cell: ({ status }) => status.applicationId },
    { title: "state", rank: 1, cell: ({ status }) => status.state },
    {
      title: "records/s",
      rank: 2,
      toRight: true,
      cell: ({ status }) => rateText(rates(status.applicationId).at(-1) ?? null),
    },
    {
      title: "",
      rank: 7,
      cell: ({ status }) => sparkline(rates(status.applicationId), sparkWidth),
    },
    {
      title: "lag",
      rank: 3,
      toRight: true,
      cell: (job) =>
        inputsOf(job).reduce((sum, { lag }) => sum + (lag ?? 0), 0).toLocaleString("en"),
    },
    { title: "watermark", rank: 5, cell: (job) => timeOf(leastWatermark(job)) },
    {
      title: "behind",
      rank: 4,
      toRight: true,
      cell: (job) => {
        const watermark = leastWatermark(job);
        return watermark === null ? "" : describeDuration(overview.at - watermark);
      },
    },
    {
      title: "windows",
      rank: 6,
      toRight: true,
      cell: ({ status }) =>
        String(status.tasks.reduce((sum, { windows }) => sum + windows.count, 0)),
    },
    {
      title: "commits",
      rank: 8,
      toRight: true,
      cell: ({ status }) => status.commits.count.toLocaleString("en"),
    },
    { title: "held by", rank: 9, cell: holderOf },
  ];
}

function jobTable(frame: Frame, history: History, columns: number): readonly string[] {
  const { jobs } = frame.overview;
  if (jobs.length === 0) return ["no job has run on this log yet"];
  return table(columnsOf(frame, history), { rows: jobs, columns });
}

function rateText(rate: number | null): string {
  if (rate === null) return "";
  return rate > 0 && rate < 10 ? rate.toFixed(1) : Math.round(rate).toLocaleString("en");
}

function leastWatermark({ status: { tasks } }: JobOverview): number | null {
  const times = tasks.flatMap(({ watermark }) => watermark ?? []);
  return times.length === 0 ? null : Math.min(...times);
}

function timeOf(time: number | null): string {
  return time === null ? "none yet" : formatTime(time).slice(11, 19);
}

/** The input that holds back the task that is furthest behind. */
function holderOf(job: JobOverview): string {
  const least = leastWatermark(job);
  const task = job.status.tasks.find(({ watermark }) => watermark === least);
  return task === undefined || task.holder === null ? "" : `${task.holder}[${task.partition}]`;
}

const paint = { blocking: "red", waiting: "yellow", note: "dim" } as const;

/** What each job waits for most, in as many lines as it takes. */
function answers(findings: readonly Finding[], columns: number): readonly Line[] {
  const firsts = new Map<string, Finding>();
  for (const finding of findings) {
    if (finding.severity !== "note" && !firsts.has(finding.job)) firsts.set(finding.job, finding);
  }
  return [...firsts.values()].flatMap(({ job, text, severity }) =>
    wrap(harmless(text.includes(job) ? text : `${job}: ${text}`), columns).map((text) => ({
      text,
      style: paint[severity],
    }))
  );
}

function leaderTable(leaders: readonly UserStatistics[], columns: number): readonly string[] {
  return table<UserStatistics>([
    { title: "traveller", rank: 0, cell: (one) => harmless(one.email_address) },
    {
      title: "flights",
      rank: 1,
      toRight: true,
      cell: (one) => one.number_of_flights.toLocaleString("en"),
    },
    {
      title: "in the air",
      rank: 2,
      cell: (one) => describeDuration(one.total_flight_duration * 60_000),
    },
  ], { rows: leaders.slice(0, shownLeaders), columns });
}

function resultTable(results: readonly ShownRecord[], columns: number): readonly string[] {
  if (results.length === 0) return [];
  return table<ShownRecord>([
    {
      title: "newest results",
      rank: 0,
      cell: ({ value }) => cut(harmless(value ?? "null"), columns),
    },
  ], { rows: results.slice(0, shownResults), columns });
}
