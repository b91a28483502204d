import assert from "node:assert/strict";
import { join } from "node:path";
import { needs } from "../tests/permissions.ts";
import { runDeno } from "./process.ts";
import { addCounts, closingLine, countTests, doneFiles, testArguments } from "./run_tests.ts";

Deno.test("countTests tells passed, failed and skipped apart", () => {
  const report = `<testsuites tests="5"><testsuite>
    <testcase name="a"></testcase><testcase name="b"/>
    <testcase name="c"><skipped/></testcase>
    <testcase name="d"><failure message="no">at &lt;skipped/&gt;</failure></testcase>
    <testcase name="e"><error/></testcase></testsuite></testsuites>`;
  assert.deepEqual(countTests(report), { passed: 2, failed: 2, skipped: 1 });
  assert.deepEqual(countTests(""), { passed: 0, failed: 0, skipped: 0 });
});

Deno.test("doneFiles are those of which no test is left to run", () => {
  const suite = (file: string, cases: string) => `<testsuite name="${file}">${cases}</testsuite>`;
  const report = suite("a.ts", '<testcase name="a"/><testcase name="b"></testcase>') +
    suite("b.ts", '<testcase name="a"/><testcase name="b"><skipped/></testcase>') +
    suite("c.ts", '<testcase name="a"><failure/></testcase>') + suite("d.ts", "");
  assert.deepEqual(doneFiles(report), [{ file: "a.ts", passed: 2 }]);
});

Deno.test("addCounts adds each count", () => {
  const sum = addCounts({ passed: 1, failed: 2, skipped: 3 }, {
    passed: 10,
    failed: 20,
    skipped: 30,
  });
  assert.deepEqual(sum, { passed: 11, failed: 22, skipped: 33 });
});

Deno.test("testArguments leaves out what needs a broker unless it is named", () => {
  assert.deepEqual(testArguments([]), ["--ignore=tests/kafka"]);
  assert.deepEqual(testArguments(["src/base"]), ["--ignore=tests/kafka", "src/base"]);
  assert.deepEqual(testArguments(["./tests/kafka/a_test.ts"]), ["./tests/kafka/a_test.ts"]);
});

Deno.test("closingLine names skipped tests only where there are any", () => {
  assert.equal(closingLine({ passed: 3, failed: 0, skipped: 0 }), "3 passed, 0 failed");
  assert.equal(closingLine({ passed: 3, failed: 1, skipped: 2 }), "3 passed, 1 failed, 2 skipped");
});

Deno.test({
  ...needs("read", "write", "run", "env"),
  name: "the test task closes with the plain line and fails when a test fails or none ran",
  fn: async () => {
    const cases: [source: string, line: string, code: number][] = [
      [
        'Deno.test("a", () => {}); Deno.test.ignore("b", () => {});',
        "1 passed, 0 failed, 1 skipped",
        0,
      ],
      ['Deno.test("a", () => { throw new Error("no"); });', "0 passed, 1 failed", 1],
      ['Deno.test("a", () => {}); throw new Error("on load");', "0 passed, 1 failed", 1],
      ["const a: string = 1;", "0 passed, 1 failed", 1],
      ["export {};", "0 passed, 1 failed", 1],
      ['Deno.test("a", () => { setTimeout(() => {}, 1000); });', "0 passed, 1 failed", 1],
    ];
    const folder = await Deno.makeTempDir();
    try {
      for (const [source, line, code] of cases) {
        const file = join(folder, "planted_test.ts");
        await Deno.writeTextFile(file, source);
        const check = source.includes(": string") ? [] : ["--no-check"];
        const result = await runDeno(["run", "-A", "tools/run_tests.ts", ...check, file]);
        assert.equal(result.stdout.trimEnd().split("\n").at(-1), line, source);
        assert.equal(result.code, code, source);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  ...needs("read", "write", "run", "env"),
  name: "runTests ends tests that hang, and counts that as a failure",
  fn: async () => {
    const folder = await Deno.makeTempDir();
    try {
      const file = join(folder, "planted_test.ts");
      const hang = 'Deno.test("a", () => new Promise(() => setInterval(() => {}, 1000)));';
      await Deno.writeTextFile(file, hang);
      const module = JSON.stringify(new URL("./run_tests.ts", import.meta.url).href);
      const code = `import { runTests } from ${module};
        const counts = await runTests(["--no-check", ...Deno.args], { timeoutMs: 1500 });
        console.log(JSON.stringify(counts));`;
      const { stdout, stderr } = await runDeno(["eval", code, file], { timeoutMs: 30_000 });
      const counts = JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
      assert.deepEqual(counts, { passed: 0, failed: 1, skipped: 0, done: [] });
      assert.match(stderr, /^Cannot wait for the tests: 0.025 minutes must do/m);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
