/**
 * The pictures of docs/language.md: a table of what goes in and what comes out over time, behind the
 * code that it is a picture of.
 *
 * ```text
 *           0s    30s   60s
 * readings  a1    a2    a4
 * totals                a3
 * ```
 *
 * A cell holds elements, separated by commas: `a1` is `{ key: "a", value: 1 }` at the column's time,
 * `a1@20s` one of another event time. A row that the code declares is one of its results, each element
 * where it came out; any other is an input. A column `end` ends the run and fires what is open. In a row
 * that the code reads as a table, `a-` deletes the row of `a`.
 */

import { parseDuration } from "../../src/base/duration.ts";

/** What the pictures are about. */
export interface Reading {
  readonly key: string;
  readonly value: number;
}

/** An element of an input. */
export interface Sent {
  readonly row: string;
  readonly key: string;
  /** Null deletes. */
  readonly reading: Reading | null;
  readonly timestamp: number;
}

/** One column of a picture: when it is, and the cell of each row. */
export interface Column {
  /** Milliseconds, or `end`. */
  readonly time: number | "end";
  readonly cells: ReadonlyMap<string, string>;
}

/** Code and its picture. */
export interface Picture {
  /** The heading above it. */
  readonly title: string;
  readonly code: string;
  /** The table as it stands in the page. */
  readonly table: string;
  readonly rows: readonly string[];
  readonly columns: readonly Column[];
}

/** A heading, or code with the table behind it. */
const parts =
  /^#+ (?<title>.+)$|```ts\n(?<code>(?:(?!```)[^])*)```\n+```text\n(?<table> +\d+s[^`]*)```/gm;

/** Finds the pictures of a page. */
export function picturesOf(page: string): readonly Picture[] {
  let title = "";
  return [...page.matchAll(parts)].flatMap(({ groups }) => {
    title = groups?.title ?? title;
    if (groups?.code === undefined) return [];
    return [{ title, code: groups.code, table: groups.table!, ...parseTable(groups.table!) }];
  });
}

/** The page with other tables, in the order of its pictures. */
export function withTables(page: string, tables: readonly string[]): string {
  let next = 0;
  return page.replace(
    parts,
    (part, _, code: string | undefined, table: string) =>
      code === undefined ? part : part.replace(table, () => tables[next++]!),
  );
}

/** The table of a picture. */
export function drawTable({ rows, columns }: Pick<Picture, "rows" | "columns">): string {
  const texts = columns.map((
    { time, cells },
  ) => [timeText(time), ...rows.map((row) => cells.get(row)!)]);
  const widths = texts.map((column) => Math.max(4, ...column.map((text) => text.length)));
  const left = Math.max(...rows.map((row) => row.length));
  return ["", ...rows].map((row, line) =>
    [row.padEnd(left), ...texts.map((column, i) => column[line]!.padEnd(widths[i]!))]
      .join("  ").trimEnd() + "\n"
  ).join("");
}

function timeText(time: number | "end"): string {
  return time === "end" ? time : `${time / 1_000}s`;
}

/** The elements that a column sends, in the order of the rows. */
export function sentIn({ time, cells }: Column, inputs: readonly string[]): readonly Sent[] {
  return inputs.flatMap((row) =>
    elementsOf(cells.get(row) ?? "").map((text) => {
      const [, key, value, at] = /^([a-z]+)(-|\d+)(?:@(\d+s))?$/.exec(text) ?? [];
      if (key === undefined) throw new Error(`"${text}" of ${row} must be like a1 or a1@20s`);
      const timestamp = at === undefined ? Number(time) : parseDuration(at);
      const reading = value === "-" ? null : { key, value: Number(value) };
      return { row, key, reading, timestamp };
    })
  );
}

/** The elements of a cell. */
export function elementsOf(cell: string): readonly string[] {
  return cell === "" ? [] : cell.split(",");
}

/** The text of an element that came out. */
export function textOf(value: unknown): string {
  const { key, value: number } = Object(value) as Partial<Reading>;
  return key !== undefined && number !== undefined ? `${key}${number}` : String(value);
}

function parseTable(table: string): Pick<Picture, "rows" | "columns"> {
  const [header, ...lines] = table.trimEnd().split("\n");
  const starts = [...header!.matchAll(/\S+/g)].map(({ 0: text, index }) => ({ text, index }));
  const rows = lines.map((line) => line.split(" ")[0]!);
  const cellOf = (line: string, column: number) =>
    line.slice(starts[column]!.index, starts[column + 1]?.index).trim();
  for (const line of lines) {
    const bare = line.slice(line.split(" ")[0]!.length, starts[0]!.index).trim();
    if (bare !== "") throw new Error(`"${line}" stands left of its columns`);
  }
  const columns = starts.map(({ text }, column) => ({
    time: text === "end" ? "end" as const : parseDuration(text),
    cells: new Map(lines.map((line, i) => [rows[i]!, cellOf(line, column)])),
  }));
  return { rows, columns };
}
