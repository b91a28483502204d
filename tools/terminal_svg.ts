/** A terminal's screen as an SVG picture: readable by day and by night, with any monospace font. */

/** A cell of a screen. */
export interface ScreenCell {
  readonly text: string;
  /** Of the terminal's palette; null for the terminal's own. */
  readonly color: number | null;
  readonly isBold: boolean;
  readonly isDim: boolean;
}

const cellWidth = 8.4;
const lineHeight = 18;
const margin = 14;

/** The palette's colours that pictures use, on light and on dark. */
const colors: Readonly<Record<number, readonly [light: string, dark: string]>> = {
  1: ["#b42318", "#ff8a80"],
  2: ["#1a7f37", "#6bd68a"],
  3: ["#8a5a00", "#e5c07b"],
  6: ["#0b7285", "#66c7d8"],
};

const fonts = "ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace";

const style = [
  `text { font: 14px ${fonts}; white-space: pre; fill: var(--own) }`,
  ".b { font-weight: 700 } .d { opacity: 0.65 }",
  ...Object.keys(colors).map((color) => `.c${color} { fill: var(--c${color}) }`),
  `svg { ${variables(0, { own: "#1f2328", back: "#f6f8fa", line: "#d0d7de" })} }`,
  "@media (prefers-color-scheme: dark) { svg { " +
  `${variables(1, { own: "#e6edf3", back: "#161b22", line: "#3d444d" })} } }`,
].join("\n");

function variables(theme: 0 | 1, more: Readonly<Record<string, string>>): string {
  const palette = Object.entries(colors).map(([color, values]) => [`c${color}`, values[theme]]);
  return [...palette, ...Object.entries(more)].map(([name, value]) => `--${name}: ${value}`)
    .join("; ");
}

/** The picture. @param options `label`: what it shows, for who does not see it. */
export function terminalSvg(
  rows: readonly (readonly ScreenCell[])[],
  { label }: { readonly label: string },
): string {
  const columns = Math.max(...rows.map((row) => row.length));
  const width = Math.ceil(columns * cellWidth + 2 * margin);
  const height = rows.length * lineHeight + 2 * margin;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" ` +
    `height="${height}" role="img" aria-label="${escaped(label)}">`,
    `<style>\n${style}\n</style>`,
    `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" ` +
    `style="fill: var(--back); stroke: var(--line)"/>`,
    ...rows.flatMap((row, i) => runs(row).map((run) => shape(run, i))),
    "</svg>",
    "",
  ].join("\n");
}

/** Cells side by side that look the same. */
interface Run {
  readonly column: number;
  readonly cells: readonly ScreenCell[];
}

const blocks = "▁▂▃▄▅▆▇█";

/** Spaces are left out at both ends, and a gap of two ends a run: each is placed by its column. */
function runs(row: readonly ScreenCell[]): readonly Run[] {
  const found: { column: number; cells: ScreenCell[] }[] = [];
  let gap = 2;
  for (const [column, cell] of row.entries()) {
    if (cell.text === " ") {
      gap++;
      continue;
    }
    const last = found.at(-1);
    if (last !== undefined && gap < 2 && classOf(last.cells[0]!) === classOf(cell)) {
      for (let i = last.column + last.cells.length; i < column; i++) last.cells.push(row[i]!);
      last.cells.push(cell);
    } else found.push({ column, cells: [cell] });
    gap = 0;
  }
  return found;
}

function shape({ column, cells }: Run, row: number): string {
  const x = margin + column * cellWidth;
  const top = margin + row * lineHeight;
  // Blocks of a font leave gaps, and are as high as that font likes.
  if (cells.every(({ text }) => text === " " || blocks.includes(text))) {
    const parts = cells.map(({ text }, i) => {
      const high = lineHeight * (blocks.indexOf(text) + 1) / 8;
      return `M${round(x + i * cellWidth)} ${round(top + lineHeight - high)}h${cellWidth}v${
        round(high)
      }h-${cellWidth}z`;
    });
    const { color } = cells[0]!;
    return `<path style="fill: var(--${color === null ? "own" : `c${color}`})" d="${
      parts.join("")
    }"/>`;
  }
  const text = cells.map(({ text }) => text).join("");
  const length = round(cells.length * cellWidth);
  const names = classOf(cells[0]!);
  return `<text x="${round(x)}" y="${top + 13}" textLength="${length}"${
    names === "" ? "" : ` class="${names}"`
  }>${escaped(text)}</text>`;
}

function classOf({ color, isBold, isDim }: ScreenCell): string {
  return [
    ...(color !== null && color in colors ? [`c${color}`] : []),
    ...(isBold ? ["b"] : []),
    ...(isDim ? ["d"] : []),
  ].join(" ");
}

function round(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
