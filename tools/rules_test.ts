import assert from "node:assert/strict";
import { rulesProblems, rulesTested } from "./rules.ts";

const files: Readonly<Record<string, string>> = {
  "src/a_test.ts": 'Deno.test("semantics 1: a", f); Deno.test("semantics 2 to 3: b", f);',
};
const rules = "1. **A.** a\n2. **B.** b\n   1. not a rule\n";
const judge = (items: string) =>
  rulesProblems(`${rules}\n${items}`, (path) => files[path] ?? null)
    .map((problem) => problem.replace("docs/semantics.md: ", ""));

Deno.test("rulesTested reads single rules, lists and ranges, from test names only", () => {
  const source =
    '"semantics 1: a" "semantics 5, 7 and 9: b" `semantics 11 to 13: c` // semantics 4: d';
  assert.deepEqual([...rulesTested(source)], [1, 5, 7, 9, 11, 12, 13]);
});

Deno.test("rulesProblems accepts an item with tests for every rule", () => {
  assert.deepEqual(judge("- Rule 1\n  - `src/a_test.ts`\n- Rule 2\n  - `src/a_test.ts`\n"), []);
});

Deno.test("rulesProblems reports rules and items without their test", () => {
  const item = "- Rule 1\n  - `src/a_test.ts`\n";
  assert.deepEqual(judge(item), ["rule 2 names no test"]);
  assert.deepEqual(judge(`${item}- Rule 2\n`), ["rule 2 names no test"]);
  assert.deepEqual(judge(`${item}- Rule 2\n  - \`src/a_test.ts\`\n  - \`src/b_test.ts\`\n`), [
    'src/b_test.ts has no test "semantics 2: ..."',
  ]);
  assert.deepEqual(
    judge(`${item}- Rule 2\n  - \`src/a_test.ts\`\n- Rule 4\n  - \`src/a_test.ts\`\n`),
    ["there is no rule 4", 'src/a_test.ts has no test "semantics 4: ..."'],
  );
});
