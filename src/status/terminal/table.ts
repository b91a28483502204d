/** Tables that give up columns where a terminal is narrow. */

import { cut, type Line, pad, type Span, widthOf } from "./cells.ts";

/** A column: one cell a row. */
export interface Column {
  readonly head: string;
  readonly cells: readonly Span[];
  /** Default left. */
  readonly align?: "left" | "right";
  /** Where there is no room for all, the column with the least goes first; of several the last. */
  readonly importance: number;
}

const gap = 2;

/** The head and the rows; no line is wider than `width`. */
export function table(columns: readonly Column[], width: number): readonly Line[] {
  const shown = fitting(columns, width);
  const widths = shown.map((column) => Math.min(columnWidth(column), width));
  const rows = Math.max(0, ...shown.map(({ cells }) => cells.length));
  const line = (spans: readonly Span[]): Line =>
    spans.flatMap((span, i): readonly Span[] => {
      const { align = "left" } = shown[i]!;
      const text = pad(cut(span.text, widths[i]!), widths[i]!, align);
      return i === 0 ? [{ ...span, text }] : [{ text: " ".repeat(gap) }, { ...span, text }];
    });
  return [
    line(shown.map(({ head }) => ({ text: head, style: "dim" }))),
    ...Array.from({ length: rows }, (_, row) => line(shown.map(({ cells }) => cells[row]!))),
  ];
}

/** The width that the columns of a table would leave free; below zero where they do not fit. */
export function roomBeside(columns: readonly Column[], width: number): number {
  return width - columns.reduce((sum, column) => sum + columnWidth(column) + gap, 0);
}

function fitting(columns: readonly Column[], width: number): readonly Column[] {
  let shown = columns;
  while (shown.length > 1 && roomBeside(shown, width + gap) < 0) {
    const least = Math.min(...shown.map(({ importance }) => importance));
    shown = shown.toSpliced(shown.findLastIndex(({ importance }) => importance === least), 1);
  }
  return shown;
}

function columnWidth({ head, cells }: Column): number {
  return Math.max(widthOf(head), ...cells.map(({ text }) => widthOf(text)));
}
