/**
 * `deno task test [ARGS]`: runs `deno test` with the arguments it is given (files, `--filter`) and
 * closes with the plain line "N passed, N failed". Steps count as tests. That no test ran at all is
 * a failure, which `deno test` does not see. What needs a broker is left out unless it is named.
 */

import { join } from "node:path";
import { root } from "./process.ts";

/** Where the tests are that need a broker: `deno task test:kafka`. */
export const brokerTests = "tests/kafka";

/** The argument that leaves them out. */
export const leaveOutBrokerTests = `--ignore=${brokerTests}`;

/** How many tests ended how. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** A file of which no test is left to run. */
export interface DoneFile {
  readonly file: string;
  readonly passed: number;
}

/** How a run of tests ended. */
export interface TestRun extends TestCounts {
  /** The files all of whose tests ran and passed, and how many these were. */
  readonly done: readonly DoneFile[];
}

/** How the tests are run. */
export interface TestOptions {
  /**
   * Without any, side by side: what needs permissions leaves itself out, and what does not touches
   * nothing that others touch. Default: with all, one after the other.
   */
  readonly permissions?: "all" | "none";
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** A test that hangs must not hang the gate: killed after this long; default 30 minutes. */
  readonly timeoutMs?: number;
}

/** Counts the test cases of a JUnit report. */
export function countTests(junit: string): TestCounts {
  let passed = 0, failed = 0, skipped = 0;
  for (const [testCase] of junit.matchAll(/<testcase\b[^>]*?(?:\/>|>[^]*?<\/testcase>)/g)) {
    if (/<(?:failure|error)\b/.test(testCase)) failed++;
    else if (/<skipped\b/.test(testCase)) skipped++;
    else passed++;
  }
  return { passed, failed, skipped };
}

/** The files of a JUnit report all of whose tests ran and passed. */
export function doneFiles(junit: string): readonly DoneFile[] {
  return [...junit.matchAll(/<testsuite name="([^"]+)"[^>]*>([^]*?)<\/testsuite>/g)]
    .map(([, file, cases]) => ({ file: file!, ...countTests(cases!) }))
    .filter(({ passed, failed, skipped }) => passed > 0 && failed + skipped === 0)
    .map(({ file, passed }) => ({ file, passed }));
}

/** The counts of two runs together. */
export function addCounts(a: TestCounts, b: TestCounts): TestCounts {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
  };
}

/** "N passed, N failed", and ", N skipped" where there are any. */
export function closingLine({ passed, failed, skipped }: TestCounts): string {
  return `${passed} passed, ${failed} failed` + (skipped > 0 ? `, ${skipped} skipped` : "");
}

/**
 * Runs the tests, their output passed through. What fails outside of a test, such as a file that
 * does not load, counts as one failed test, and so does a run without any test.
 */
export async function runTests(
  args: readonly string[],
  { env = {}, timeoutMs = 1_800_000, permissions = "all" }: TestOptions = {},
): Promise<TestRun> {
  const folder = await Deno.makeTempDir({ prefix: "flights-test-" });
  const report = join(folder, "junit.xml");
  const deadline = AbortSignal.timeout(timeoutMs);
  try {
    const { success } = await new Deno.Command(Deno.execPath(), {
      args: [
        "test",
        ...(permissions === "all" ? ["--allow-all"] : ["--no-prompt", "--parallel"]),
        "--sanitize-ops",
        "--sanitize-resources",
        `--junit-path=${report}`,
        ...args,
      ],
      cwd: root,
      env: { ...env },
      stdout: "inherit",
      stderr: "inherit",
      signal: deadline,
    }).spawn().status;
    // What was killed may have left a line begun.
    if (!success) console.log();
    if (!success && deadline.aborted) {
      console.error(
        `Cannot wait for the tests: ${timeoutMs / 60_000} minutes must do, they run on`,
      );
    }
    const junit = await Deno.readTextFile(report).catch(() => "");
    const counts = { ...countTests(junit), done: doneFiles(junit) };
    const none = counts.passed + counts.failed === 0;
    if (success && none) {
      console.error("Cannot count this as passed: at least one test must run, none did");
    }
    return counts.failed === 0 && (!success || none) ? { ...counts, failed: 1 } : counts;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The arguments for `deno test`: what needs a broker is left out unless it is named. */
export function testArguments(args: readonly string[]): readonly string[] {
  return args.some((arg) => arg.includes(brokerTests)) ? args : [leaveOutBrokerTests, ...args];
}

if (import.meta.main) {
  const counts = await runTests(testArguments(Deno.args));
  console.log(closingLine(counts));
  if (counts.failed > 0) Deno.exitCode = 1;
}
