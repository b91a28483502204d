/** The whole picture of a terminal view: from what was seen, and the size of the terminal, its lines. */

import type { Frame } from "../frame.ts";
import type { History } from "../history.ts";
import { cutLine, harmless, type Line } from "./cells.ts";
import { jobTable } from "./job_rows.ts";
import {
  eventSection,
  findingSection,
  leaderSection,
  partitionSection,
  resultSection,
  type Section,
  straySection,
  windowSection,
} from "./sections.ts";
import { clock } from "./words.ts";

/** The cells of a terminal. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** What is to be shown. */
export interface Scene {
  /** Whose view it is. */
  readonly title: string;
  readonly frame: Frame;
  /** It has taken in the overview of the frame. */
  readonly history: History;
  /** Whether one job is looked at, partition by partition; default false. */
  readonly byPartition?: boolean;
  /** What has happened, oldest first, with late records and dead letters among it; default: not told. */
  readonly events?: readonly string[];
  /** Why the last look failed; the frame is the one before. Default null. */
  readonly failure?: string | null;
}

/** At most `rows` lines, none wider than `columns` cells. */
export function picture(scene: Scene, { columns, rows }: Size): readonly Line[] {
  const { frame, history, events, byPartition = false } = scene;
  const { jobs, at } = frame.overview;
  const head: Line[] = [titleLine(scene)];
  if (scene.failure) head.push([{ text: `cannot look: ${harmless(scene.failure)}`, style: "red" }]);
  const table = jobs.length === 0
    ? [[{ text: "the log knows no job yet" }]]
    : jobTable({ jobs, history, now: at }, columns);
  const sections = [
    findingSection(frame, columns),
    ...(byPartition && jobs[0] !== undefined ? [partitionSection(jobs[0], columns)] : []),
    ...(events === undefined ? [] : [eventSection(events)]),
    leaderSection(frame, columns),
    resultSection(frame),
    windowSection(frame),
    ...(events === undefined ? [straySection(frame)] : []),
  ].filter(({ lines }) => lines.length > 0);
  const top = [...head, ...(rows > head.length + table.length ? [[]] : []), ...table];
  const room = rows - top.length;
  return [...top, ...layOut(sections, room)].slice(0, rows).map((line) => cutLine(line, columns));
}

function titleLine({ title, frame: { overview } }: Scene): Line {
  return [
    { text: harmless(title), style: "bold" },
    { text: "  " },
    { text: `${clock(overview.at)} UTC`, style: "cyan" },
    { text: "  " },
    { text: harmless(overview.log), style: "dim" },
  ];
}

/** The empty line before a section, and its title. */
const rowsOfTitle = 2;
/** So many lines of each section are shown before one gets more. */
const fairLines = [2, 4, 6, 10, Infinity] as const;

/**
 * Sections in at most `room` rows, in their order: each that is important enough gets its title and its
 * least, then what it wants, then in rounds more of its lines.
 */
function layOut(sections: readonly Section[], room: number): readonly Line[] {
  let left = room;
  const shown = new Map<Section, number>();
  for (const section of sections.toSorted((a, b) => b.importance - a.importance)) {
    const { least = 1, lines } = section;
    if (left < rowsOfTitle + least || lines.length < least) continue;
    shown.set(section, least);
    left -= rowsOfTitle + least;
  }
  const growTo = (target: (section: Section) => number) => {
    for (const [section, count] of shown) {
      const more = Math.min(section.lines.length, target(section)) - count;
      const added = Math.max(0, Math.min(more, left));
      shown.set(section, count + added);
      left -= added;
    }
  };
  growTo(({ wanted = 0 }) => wanted);
  for (const fair of fairLines) growTo(() => fair);
  return sections.flatMap((section) => {
    const count = shown.get(section);
    if (count === undefined) return [];
    return [[], [{ text: section.title, style: "bold" as const }], ...some(section, count)];
  });
}

/** So many lines of a section; one whose rest is left out says so. */
function some({ lines, continued, shown }: Section, count: number): readonly Line[] {
  if (shown === "last") return lines.slice(-count);
  const next = lines[count];
  const isCut = next !== undefined && continued?.has(next) === true;
  return isCut
    ? [
      ...lines.slice(0, count - 1),
      lines[count - 1]!.map((span) => ({ ...span, text: `${span.text} …` })),
    ]
    : lines.slice(0, count);
}
