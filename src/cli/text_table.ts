/** Tables for people. */

/** Lines of columns; numbers stand to the right. */
export function textTable(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => String(row[column]).length))
  );
  const isNumber = head.map((_, column) => rows.some((row) => typeof row[column] === "number"));
  const line = (cells: readonly (string | number)[]) =>
    cells.map((cell, column) => {
      const width = widths[column]!;
      return isNumber[column] ? String(cell).padStart(width) : String(cell).padEnd(width);
    }).join("  ").trimEnd();
  return [head, ...rows].map((row) => `${line(row)}\n`).join("");
}
