import assert from "node:assert/strict";
import { findCycles, layerProblems } from "./layers.ts";

/** A graph from lines like "a: b c". */
function graphOf(...lines: string[]): Map<string, string[]> {
  return new Map(lines.map((line) => {
    const [from, to = ""] = line.split(":");
    return [from!, to.split(" ").filter((name) => name !== "")];
  }));
}

Deno.test("findCycles finds none where imports only go down", () => {
  assert.deepEqual(findCycles(graphOf("a: b c", "b: c d", "c: d", "d:")), []);
});

Deno.test("findCycles finds a circle, a file that imports itself, and circles apart", () => {
  assert.deepEqual(findCycles(graphOf("a: b", "b: c", "c: b")), [["b", "c"]]);
  assert.deepEqual(findCycles(graphOf("a: a")), [["a"]]);
  assert.deepEqual(findCycles(graphOf("a: b", "b: a", "c: d", "d: c")), [["a", "b"], ["c", "d"]]);
});

Deno.test("layerProblems names circles and broken walls", () => {
  const problems = layerProblems(graphOf(
    "src/base/a.ts: src/base/b.ts",
    "src/base/b.ts: src/base/a.ts src/log/log.ts",
    "src/log/log.ts: src/base/a.ts",
  ));
  assert.equal(problems.filter((problem) => problem.startsWith("Imports go round")).length, 2);
  assert.ok(
    problems.some((problem) => problem.startsWith("src/base/b.ts imports src/log/log.ts:")),
  );
  assert.deepEqual(layerProblems(graphOf("src/log/log.ts: src/base/a.ts", "src/base/a.ts:")), []);
});

Deno.test("layerProblems lets types go round in a family, and nothing else", () => {
  const graph = graphOf("src/base/a.ts: src/base/b.ts", "src/base/b.ts: src/base/a.ts");
  assert.deepEqual(layerProblems(graph, graphOf("src/base/b.ts: src/base/a.ts")), []);
  assert.equal(layerProblems(graph, graphOf("src/base/b.ts: src/base/c.ts")).length, 1);
});
