/** Figures and times as the page writes them. */

const grouped = new Intl.NumberFormat("en");

/** A whole number with separators. */
export function count(value: number): string {
  return grouped.format(Math.round(value));
}

/** Records a second: a decimal where that says more. */
export function rate(value: number): string {
  return `${value > 0 && value < 10 ? value.toFixed(1) : count(value)}/s`;
}

/** The time of day, in UTC, of a time in milliseconds since the epoch. */
export function clock(time: number): string {
  return new Date(time).toISOString().slice(11, 19);
}

/** A length of time: `350 ms`, `41 s`, `3 min 5 s`, `2 h 4 min`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 0) return `-${duration(-milliseconds)}`;
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  const seconds = Math.round(milliseconds / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return join(minutes, "min", seconds % 60, "s");
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return join(hours, "h", minutes % 60, "min");
  return join(Math.floor(hours / 24), "d", hours % 24, "h");
}

function join(large: number, unit: string, small: number, part: string): string {
  return small === 0 ? `${large} ${unit}` : `${large} ${unit} ${small} ${part}`;
}
