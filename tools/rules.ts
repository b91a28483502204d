/**
 * The rules of docs/semantics.md and the tests named after them. Each rule has a row in the page's
 * table, `| 7 | test files |`, and each file named there holds a test `semantics 7: ...`.
 */

/** Reads a file of the repository; null where there is none. */
export type ReadText = (path: string) => string | null;

/** The rules without a row, and the rows without their test, as lines for people. */
export function rulesProblems(page: string, read: ReadText): string[] {
  const rules = [...page.matchAll(/^(\d+)\. \*\*/gm)].map(([, number]) => Number(number));
  const rows = new Map<number, string[]>();
  for (const [, number, files] of page.matchAll(/^\| *(\d+) *\|(.*)$/gm)) {
    rows.set(Number(number), [...files!.matchAll(/`([^`]+\.ts)`/g)].map(([, file]) => file!));
  }
  return [
    ...rules.filter((rule) => !rows.get(rule)?.length).map((rule) => `rule ${rule} names no test`),
    ...[...rows.keys()].filter((row) => !rules.includes(row)).map((row) =>
      `there is no rule ${row}`
    ),
    ...[...rows].flatMap(([rule, files]) =>
      files.filter((file) => !rulesTested(read(file) ?? "").has(rule))
        .map((file) => `${file} has no test "semantics ${rule}: ..."`)
    ),
  ].map((problem) => `docs/semantics.md: ${problem}`);
}

/** The rules that the tests of a file are named after: "semantics 7: ", "semantics 1 to 11: ". */
export function rulesTested(source: string): Set<number> {
  const rules = new Set<number>();
  for (const [, list] of source.matchAll(/["'`]semantics (\d[\d, to&and]*): /g)) {
    for (const [, first, last = first] of list!.matchAll(/(\d+)(?: to (\d+))?/g)) {
      for (let rule = Number(first); rule <= Number(last); rule++) rules.add(rule);
    }
  }
  return rules;
}
