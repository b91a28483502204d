/**
 * `deno task bench [NAME...] [--small]`: runs the benchmarks of bench/ (all, or those named), each
 * in a process of its own, and hands the options on to them.
 */

import { root, runDeno } from "./process.ts";

/** The file in bench/ that the benchmarks share and that measures nothing itself. */
const shared = "measure";

/** The names of the benchmarks, in order. */
export function benchmarks(): readonly string[] {
  return [...Deno.readDirSync(`${root}bench`)]
    .filter(({ name, isFile }) => isFile && name.endsWith(".ts") && !name.endsWith("_test.ts"))
    .map(({ name }) => name.replace(/\.ts$/, ""))
    .filter((name) => name !== shared)
    .sort();
}

if (import.meta.main) {
  const options = Deno.args.filter((arg) => arg.startsWith("-"));
  const named = Deno.args.filter((arg) => !arg.startsWith("-"));
  const known = benchmarks();
  for (const name of named) {
    if (known.includes(name)) continue;
    console.error(`Cannot run benchmark ${name}: it must be one of ${known.join(", ")}`);
    Deno.exit(2);
  }
  for (const name of named.length > 0 ? named : known) {
    console.log(`\n${name}`);
    const { stdout, stderr, success } = await runDeno(
      ["run", "-A", `bench/${name}.ts`, ...options],
      { timeoutMs: 3_600_000 },
    );
    console.log(stdout.trimEnd());
    if (!success) {
      console.error(stderr.trimEnd());
      Deno.exitCode = 1;
    }
  }
}
