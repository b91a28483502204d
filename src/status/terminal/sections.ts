/** The parts of the picture below the table of jobs. */

import { describeDuration } from "../../base/duration.ts";
import { counted } from "../../base/words.ts";
import type { Frame } from "../frame.ts";
import type { ShownRecord } from "../newest_records.ts";
import type { JobOverview } from "../overview.ts";
import { openWindows } from "../why/event_time.ts";
import type { Finding, Severity } from "../why/finding.ts";
import { harmless, type Line, type Style, wrap } from "./cells.ts";
import { type Column, table } from "./table.ts";
import { clock, count } from "./words.ts";

/** A part of the picture: a title and lines. */
export interface Section {
  readonly title: string;
  readonly lines: readonly Line[];
  /** Lines that go on with the one before; default none. */
  readonly continued?: ReadonlySet<Line>;
  /** Which lines are shown where there is no room for all; default the first. */
  readonly shown?: "first" | "last";
  /** Fewer lines say nothing; default 1. */
  readonly least?: number;
  /** So many lines are shown before other sections get more than their least; default that. */
  readonly wanted?: number;
  /** Where there is no room for all, the section with the least goes first. */
  readonly importance: number;
}

/** A head and a row. */
const leastOfTable = 2;

const findingStyles: Readonly<Record<Severity, Style>> = {
  blocking: "red",
  waiting: "yellow",
  note: "dim",
};

/** What `why` says first of each job, then the rest, each the heaviest first. */
export function findingSection({ findings }: Frame, width: number): Section {
  const isFirst = ({ job }: Finding, i: number) =>
    findings.findIndex((other) => other.job === job) === i;
  const continued = new Set<Line>();
  const linesOf = (some: readonly Finding[]) =>
    some.flatMap(({ severity, text, job }) => {
      const whose = text.includes(job) ? text : `${job}: ${text}`;
      const lines = wrap(harmless(whose), width)
        .map((text): Line => [{ text, style: findingStyles[severity] }]);
      for (const line of lines.slice(1)) continued.add(line);
      return lines;
    });
  const first = linesOf(findings.filter(isFirst));
  const rest = linesOf(findings.filter((finding, i) => !isFirst(finding, i)));
  return {
    title: "what stands in the way",
    lines: [...first, ...rest],
    continued,
    wanted: Math.min(first.length, 6),
    importance: 90,
  };
}

/** The newest results, newest first; the topic is named where there are several. */
export function resultSection({ results }: Frame): Section {
  const topics = new Set(results.map(({ topic }) => topic));
  const title = topics.size === 1
    ? `newest results: ${harmless([...topics][0]!)}`
    : "newest results";
  return { title, lines: records(results, { named: topics.size > 1 }), importance: 70 };
}

/** What has happened, oldest first. */
export function eventSection(events: readonly string[]): Section {
  const lines = events.map((text): Line => [{ text: harmless(text), style: "yellow" }]);
  return { title: "what happened", lines, shown: "last", importance: 85 };
}

/** The newest late records and dead letters. */
export function straySection({ strays }: Frame): Section {
  return {
    title: "late records and dead letters",
    lines: records(strays, { named: true, style: "yellow" }),
    importance: 50,
  };
}

function records(
  all: readonly ShownRecord[],
  { named, style }: { readonly named: boolean; readonly style?: Style },
): readonly Line[] {
  return all.map(({ topic, partition, timestamp, value, headers }) => {
    const reason = headers.find(([name]) => name === "error-message")?.[1] ?? null;
    const place = named ? `${harmless(topic)}[${partition}]` : `[${partition}]`;
    const text = value === null ? "deleted" : harmless(value);
    return [
      { text: `${clock(timestamp)} `, style: "dim" },
      { text: `${place} `, style: style ?? "dim" },
      { text: reason === null ? text : `${harmless(reason)}: ${text}` },
    ];
  });
}

/** The travellers with the most flight time. */
export function leaderSection({ leaders }: Frame, width: number): Section {
  const column = (head: string, importance: number, cells: readonly string[]): Column => ({
    head,
    importance,
    align: head === "traveller" ? "left" : "right",
    cells: cells.map((text) => ({ text })),
  });
  const lines = table([
    column("traveller", 3, leaders.map(({ email_address }) => harmless(email_address))),
    column("flights", 2, leaders.map(({ number_of_flights }) => count(number_of_flights))),
    column(
      "time in the air",
      1,
      leaders.map(({ total_flight_duration }) => describeDuration(total_flight_duration * 60_000)),
    ),
  ], width);
  return {
    title: "leading travellers",
    lines: leaders.length === 0 ? [] : lines,
    least: leastOfTable,
    importance: 75,
  };
}

/** The windows that end next. */
export function windowSection({ overview: { jobs } }: Frame): Section {
  const lines = jobs.flatMap((job) =>
    openWindows(job).map(({ window: { start, end, operator, silenceAt }, keys, tasks }): Line => {
      const name = start === null || end === null
        ? harmless(operator)
        : `${clock(start)} to ${clock(end)}`;
      const silence = silenceAt === null ? "" : `, closed by silence at ${clock(silenceAt)}`;
      return [
        { text: `${harmless(job.status.applicationId)} `, style: "dim" },
        { text: `${name}  ${counted(keys, "key")} in ${counted(tasks.length, "task")}${silence}` },
      ];
    })
  );
  return { title: "open windows", lines, importance: 40 };
}

/** Partition by partition, how far one job is. */
export function partitionSection({ status, toldBy }: JobOverview, width: number): Section {
  const least = Math.min(...status.tasks.map(({ watermark }) => watermark ?? Infinity));
  const rows = status.tasks.flatMap(({ partition, holder, inputs, watermark }) =>
    inputs.map((input) => ({
      ...input,
      partition,
      holds: watermark === least && holder === input.topic,
    }))
  );
  const column = (
    head: string,
    importance: number,
    cell: (row: typeof rows[number]) => string,
  ): Column => ({
    head,
    importance,
    align: head === "partition" || head === "event time" ? "left" : "right",
    cells: rows.map((row) => ({ text: cell(row), ...(row.holds && { style: "yellow" as const }) })),
  });
  const lines = table([
    column("partition", 9, ({ topic, partition }) => `${harmless(topic)}[${partition}]`),
    column("position", 2, ({ position }) => count(position)),
    column("lag", 5, ({ lag }) => lag === null ? "" : count(lag)),
    column("watermark", 8, ({ watermark }) => watermark === null ? "none yet" : clock(watermark)),
    column(
      "event time",
      7,
      ({ idle, holds }) => toldBy === "log" ? "" : idle ? "idle" : holds ? "holds it back" : "",
    ),
  ], width);
  return {
    title: "partitions",
    lines: rows.length === 0 ? [] : lines,
    least: leastOfTable,
    importance: 80,
  };
}
