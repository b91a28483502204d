/** A table that gives up its least important columns where there is no room for all. */

import { fit, widthOf } from "./text.ts";

/** A column. */
export interface Column<R> {
  readonly title: string;
  /** The lower, the longer it stays; those of 0 always do, and are cut where they must be. */
  readonly rank: number;
  readonly toRight?: boolean;
  readonly cell: (row: R) => string;
}

/** The space between two columns. */
const gap = 2;

/** Lines of at most `columns` each: the head, then one a row. */
export function table<R>(
  all: readonly Column<R>[],
  { rows, columns }: { readonly rows: readonly R[]; readonly columns: number },
): readonly string[] {
  const cells = new Map(all.map((column) => [column, rows.map((row) => column.cell(row))]));
  const widths = new Map(
    all.map((column) => [
      column,
      Math.max(widthOf(column.title), ...cells.get(column)!.map(widthOf)),
    ]),
  );
  let shown = all;
  const total = () => shown.reduce((sum, column) => sum + widths.get(column)! + gap, -gap);
  while (total() > columns) {
    const worst = Math.max(...shown.map(({ rank }) => rank));
    if (worst === 0) break;
    shown = shown.filter(({ rank }) => rank !== worst);
  }
  const over = Math.max(0, total() - columns);
  const first = shown[0]!;
  widths.set(first, Math.max(4, widths.get(first)! - over));
  const line = (cellOf: (column: Column<R>) => string) =>
    shown.map((column) =>
      fit(cellOf(column), widths.get(column)!, { toRight: column.toRight === true })
    ).join(" ".repeat(gap)).trimEnd();
  return [
    line(({ title }) => title),
    ...rows.map((_, i) => line((column) => cells.get(column)![i]!)),
  ];
}
