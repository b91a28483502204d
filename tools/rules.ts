/**
 * The rules of docs/semantics.md and the tests named after them. Each rule has an item in the page's
 * list, `- Rule 7`, with an item for each test file below it, and each of these holds a test
 * `semantics 7: ...`. One file a line: so changes of it merge.
 */

/** Reads a file of the repository; null where there is none. */
export type ReadText = (path: string) => string | null;

/** The rules without an item, and the items without their test, as lines for people. */
export function rulesProblems(page: string, read: ReadText): string[] {
  const rules = [...page.matchAll(/^(\d+)\. \*\*/gm)].map(([, number]) => Number(number));
  const items = new Map<number, string[]>();
  for (const [, number, files] of page.matchAll(/^- Rule (\d+)\n((?: {2}- .*\n)*)/gm)) {
    items.set(Number(number), [...files!.matchAll(/`([^`]+\.ts)`/g)].map(([, file]) => file!));
  }
  return [
    ...rules.filter((rule) => !items.get(rule)?.length).map((rule) => `rule ${rule} names no test`),
    ...[...items.keys()].filter((item) => !rules.includes(item)).map((item) =>
      `there is no rule ${item}`
    ),
    ...[...items].flatMap(([rule, files]) =>
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
