/**
 * `deno task ok [--full]`: the gate. Every step runs, so that one run tells all there is to mend;
 * one line a step, its output only where it failed. The tests come last: first those that need no
 * permission, without any; then the others, against the executable that the gate has built, those on
 * real brokers at the end. The closing line counts a failed step as a failed test.
 * `--full` adds the long suites (tests/full.ts).
 */

import { root, runDeno, type RunResult } from "./process.ts";
import { addCounts, brokerTests, closingLine, runTests, type TestCounts } from "./run_tests.ts";

interface Step {
  readonly name: string;
  /** Deno's arguments. */
  readonly args: readonly string[];
}

/** Where the examples are whole programs, which assert what they say. */
const pagesOfExamples = ["docs/testing.md", "src/mod.ts", "src/stream/testing/test_driver.ts"];

const steps: readonly Step[] = [
  { name: "format", args: ["fmt", "--check"] },
  { name: "lint", args: ["lint"] },
  // With the examples in comments.
  { name: "types", args: ["check", "--doc"] },
  { name: "public documentation", args: ["doc", "--lint", "src/mod.ts"] },
  { name: "layers", args: ["run", "-A", "tools/layers.ts"] },
  { name: "docs", args: ["run", "-A", "tools/docs.ts"] },
  { name: "examples in pages", args: ["test", "-A", "--doc", ...pagesOfExamples] },
  { name: "compose", args: ["run", "-A", "tools/compose.ts"] },
  { name: "bench", args: ["run", "-A", "tools/bench.ts", "--small"] },
  { name: "page", args: ["run", "-A", "tools/page.ts", "--check"] },
  // The tests in a browser leave themselves out where there is none.
  { name: "chromium", args: ["run", "-A", "tests/browser/chromium.ts"] },
  { name: "build", args: ["run", "-A", "tools/build.ts"] },
];

function report(name: string, { success, timedOut, seconds, stdout, stderr }: RunResult): void {
  const state = success ? "ok" : timedOut ? "TIME OUT" : "FAILED";
  console.log(`${name.padEnd(28)} ${state.padEnd(8)} ${seconds.toFixed(1).padStart(6)} s`);
  if (!success) console.log(`${stdout}${stderr}`.trimEnd());
}

if (import.meta.main) {
  const start = performance.now();
  const failedSteps: string[] = [];
  for (const { name, args } of steps) {
    const result = await runDeno(args);
    report(name, result);
    if (!result.success) failedSteps.push(name);
  }
  const built = !failedSteps.includes("build");
  // The types have had their step: a wrong one must not hide what the tests say.
  const full = Deno.args.includes("--full");
  const env = {
    ...(built && { FLIGHTS_EXECUTABLE: `${root}flights` }),
    ...(full && { FLIGHTS_FULL: "1" }),
  };
  const timeoutMs = (full ? 75 : 25) * 60_000;
  // What needs no permission is run once, without any.
  const plain = await runTests(["--no-check"], { permissions: "none", timeoutMs });
  const ignored = `--ignore=${[brokerTests, ...plain.done.map(({ file }) => file)].join(",")}`;
  const passed = plain.done.reduce((sum, one) => sum + one.passed, 0);
  const counts = [
    await runTests(["--no-check", ignored], { env, timeoutMs }),
    await runTests(["--no-check", brokerTests], { env, timeoutMs }),
  ].reduce<TestCounts>(addCounts, { passed, failed: plain.failed, skipped: 0 });
  const minutes = (performance.now() - start) / 60_000;
  console.log(
    failedSteps.length === 0 && counts.failed === 0
      ? `The gate is open after ${minutes.toFixed(1)} minutes`
      : `The gate is shut: ${[...failedSteps, `${counts.failed} tests`].join(", ")}`,
  );
  const failed = counts.failed + failedSteps.length;
  console.log(closingLine({ ...counts, failed }));
  if (failed > 0) Deno.exitCode = 1;
}
