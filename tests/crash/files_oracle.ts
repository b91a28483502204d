/** What files_job.ts must write, by brute force: no code of the engine. */

/** A sale at a time, in milliseconds. */
export interface Sale {
  readonly at: number;
  readonly shop: string;
  readonly sum: number;
}

/** The lines that can be read. */
function salesOf(lines: readonly string[]): readonly Sale[] {
  return lines.flatMap((line) => {
    try {
      const sale = JSON.parse(line);
      return typeof sale.shop === "string" ? [sale] : [];
    } catch {
      return [];
    }
  });
}

/** The lines of `copies.jsonl`, in order. */
export function expectedCopies(lines: readonly string[]): readonly string[] {
  return salesOf(lines).map((sale) => JSON.stringify(sale));
}

/** The lines of `sums.jsonl`, in any order. */
export function expectedSums(lines: readonly string[]): readonly string[] {
  const sums = new Map<string, number>();
  for (const { at, shop, sum } of salesOf(lines)) {
    const minute = `${shop} ${Math.floor(at / 60_000)}`;
    sums.set(minute, (sums.get(minute) ?? 0) + sum);
  }
  return [...sums].map(([minute, sum]) => JSON.stringify({ shop: minute.split(" ")[0], sum }));
}
