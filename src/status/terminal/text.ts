/** Text that is put on a terminal: nothing in it moves the cursor, and none is wider than it may be. */

import stringWidth from "string-width";

/** Control characters, and those that turn the direction of what follows. */
// deno-lint-ignore no-control-regex
const harmful = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Text from a record, without what a terminal would obey. */
export function harmless(text: string): string {
  return text.replace(harmful, "\ufffd");
}

/** Columns that a text takes; wide characters take two. */
export function widthOf(text: string): number {
  return stringWidth(text);
}

/** A text of at most so many columns, with an ellipsis where something is left out. */
export function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  if (columns <= 0) return "";
  let shown = "";
  let width = 1;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    width += widthOf(segment);
    if (width > columns) break;
    shown += segment;
  }
  return `${shown}…`;
}

/** A text cut or filled to just so many columns. */
export function fit(
  text: string,
  columns: number,
  { toRight = false }: { readonly toRight?: boolean } = {},
): string {
  const shown = cut(text, columns);
  const room = " ".repeat(Math.max(0, columns - widthOf(shown)));
  return toRight ? room + shown : shown + room;
}

/** A text in lines of at most so many columns, broken between words where that can be. */
export function wrap(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (widthOf(longer) <= columns) {
      line = longer;
      continue;
    }
    if (line !== "") lines.push(line);
    line = cut(word, columns);
  }
  return line === "" ? lines : [...lines, line];
}

const steps = "▁▂▃▄▅▆▇█";

/** Figures as columns of eight heights, the last ones; what is not known is a gap. */
export function sparkline(values: readonly (number | null)[], columns: number): string {
  const shown = values.slice(-columns);
  const most = Math.max(1e-9, ...shown.map((value) => value ?? 0));
  return shown.map((value) =>
    value === null ? " " : steps[Math.min(7, Math.floor(value / most * 7.999))]!
  ).join("");
}
