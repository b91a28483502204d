/** A chart of one line, in block characters. */

/** The full block is left out: two of them, one above the other, would be one. */
const blocks = "▁▂▃▄▅▆▇";

/**
 * The newest `width` figures, the largest of them as the highest block; what is not known is a space, and
 * what is above nothing never looks like nothing.
 */
export function sparkline(figures: readonly (number | null)[], width: number): string {
  const shown = figures.slice(-width);
  const most = Math.max(0, ...shown.map((figure) => figure ?? 0));
  const steps = blocks.length - 1;
  return shown.map((figure) => {
    if (figure === null) return " ";
    return blocks[most === 0 ? 0 : Math.ceil(figure / most * steps)];
  }).join("").padStart(width);
}
