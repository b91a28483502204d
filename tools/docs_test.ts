import assert from "node:assert/strict";
import { docsProblems } from "./docs.ts";

const files = new Set(["README.md", "docs/time.md", "docs", "src/stream/task.ts", "tools/ok.ts"]);
const judge = (text: string, path = "docs/time.md") =>
  docsProblems(
    [{ path, text }, { path: "README.md", text: "# The `one`, and only" }],
    (file) => files.has(file),
  );

Deno.test("docsProblems accepts links that resolve and links elsewhere", () => {
  const links = ["../README.md", "time.md", "../README.md#the-one-and-only", "https://deno.com"];
  for (const link of links) assert.deepEqual(judge(`[a](${link})`), [], link);
  assert.deepEqual(judge("## Here\n[a](#here)"), []);
  assert.deepEqual(judge("`[a](gone.md)`\n\n```md\n[a](gone.md)\n# b\n```\n"), []);
});

Deno.test("docsProblems reports links to files and headings that are not there", () => {
  for (const link of ["README.md", "gone.md", "../README.md#two", "#here"]) {
    assert.deepEqual(judge(`[a](${link})`), [`docs/time.md links to ${link}, which is not there`]);
  }
});

Deno.test("docsProblems reports code that is named and not there, in tables too", () => {
  assert.deepEqual(judge("| 3 | `src/stream/task.ts` |\n`stream/task.ts` and `tools/ok.ts`"), []);
  assert.deepEqual(judge("| 3 | `src/stream/gone.ts` |"), [
    "docs/time.md names src/stream/gone.ts, which is not there",
  ]);
});
