/**
 * `deno task build [--entry FILE] [--output FILE]`: makes one executable that needs neither deno nor
 * the network where it runs. By `deno compile` where that can be had (it downloads a runtime), else
 * a launcher with the program and this very deno packed behind it (tools/launcher.sh).
 */

import { createHash } from "node:crypto";
import { Buffer } from "node:buffer";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { root, run, runDeno } from "./process.ts";

/** The download behind `deno compile` may hang; the rest of it takes seconds. */
const compileTimeoutMs = 120_000;
const checkTimeoutMs = 60_000;

/** What was made. */
export interface Build {
  readonly form: "compiled" | "packed";
  readonly bytes: number;
  readonly seconds: number;
  /** Why it is packed and not compiled. */
  readonly reason: string | null;
}

/**
 * Makes `output` from `entry`; it is there whole or not at all.
 *
 * @throws {Error} when neither form answers `--version` as the source does.
 */
export async function build(entry: string, output: string): Promise<Build> {
  const start = performance.now();
  const folder = await Deno.makeTempDir({ dir: resolve(output, ".."), prefix: ".build-" });
  try {
    const version = await versionOf([Deno.execPath(), "run", "--allow-all", entry], {});
    const compiled = join(folder, "compiled");
    const reason = await compile(entry, compiled, version);
    const made = reason === null ? compiled : await pack(entry, folder, version);
    const { size } = await Deno.stat(made);
    await Deno.rename(made, output);
    return {
      form: reason === null ? "compiled" : "packed",
      bytes: size,
      seconds: (performance.now() - start) / 1000,
      reason,
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Compiles `entry`, and says why not when the result does not work. */
async function compile(entry: string, output: string, version: string): Promise<string | null> {
  // The young generation is as small as in launcher.sh.
  const v8 = "--v8-flags=--max-semi-space-size=8";
  const args = ["compile", "--quiet", "--allow-all", "--no-check", "--exclude-unused-npm", v8];
  const { success, timedOut, stderr } = await runDeno([...args, "--output", output, entry], {
    timeoutMs: compileTimeoutMs,
  });
  if (timedOut) return `deno compile took longer than ${compileTimeoutMs / 1000} s`;
  if (!success) return /error sending request for url \S+/.exec(stderr)?.[0] ?? stderr.trim();
  // With a wrong runtime deno compile succeeds all the same; only running the result tells.
  try {
    const answer = await versionOf([output], {});
    return answer === version ? null : "what deno compile made does not run the program";
  } catch (error) {
    return String(error);
  }
}

/** Packs the bundled program and this deno behind the launcher. */
async function pack(entry: string, folder: string, version: string): Promise<string> {
  if (Deno.build.os === "windows") {
    throw new Error("Cannot pack flights: the launcher needs a POSIX shell, this is Windows");
  }
  const bundle = join(folder, "bundle.js");
  const { success, stderr } = await runDeno(
    ["bundle", "--quiet", "--platform", "deno", "--output", bundle, entry],
  );
  if (!success) throw new Error(`Cannot bundle ${entry}: deno bundle says ${stderr.trim()}`);
  const program = await Deno.readFile(bundle);
  const runtime = await Deno.readFile(Deno.execPath());
  const packed = join(folder, "packed");
  await Deno.writeFile(packed, launcherWith(program, runtime), { mode: 0o755 });
  const answer = await versionOf([packed], { XDG_CACHE_HOME: join(folder, "cache") });
  if (answer !== version) {
    throw new Error(`Cannot pack ${entry}: --version must print ${version}, it prints ${answer}`);
  }
  return packed;
}

/** The launcher, filled in, with both parts behind it. */
function launcherWith(program: Uint8Array, runtime: Uint8Array): Uint8Array {
  const template = Deno.readTextFileSync(new URL("./launcher.sh", import.meta.url));
  const programPacked = gzipSync(program, { level: 9 });
  const runtimePacked = gzipSync(runtime);
  // Offsets have a fixed width, so that filling them in does not move what they point at.
  const number = (value: number) => String(value).padEnd(9);
  const fill = (launcherSize: number) =>
    new TextEncoder().encode(template.replaceAll(/@([A-Z_]+)@/g, (_, name: string) => ({
      PROGRAM: `program-${contentName(program)}.js`,
      PROGRAM_SIZE: number(program.length),
      PROGRAM_AT: number(launcherSize + 1),
      PROGRAM_PACKED: number(programPacked.length),
      RUNTIME: `deno-${contentName(runtime)}`,
      RUNTIME_SIZE: number(runtime.length),
      RUNTIME_AT: number(launcherSize + programPacked.length + 1),
      RUNTIME_PACKED: number(runtimePacked.length),
      MEGABYTES: String(Math.ceil((program.length + runtime.length) / 1e6)),
    }[name]!)));
  const launcher = fill(fill(0).length);
  return new Uint8Array(Buffer.concat([launcher, programPacked, runtimePacked]));
}

function contentName(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex").slice(0, 16);
}

/** What a command prints for `--version`. */
async function versionOf(
  command: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const { success, stdout, stderr } = await run([...command, "--version"], {
    env,
    timeoutMs: checkTimeoutMs,
  });
  if (!success) {
    throw new Error(`Cannot run ${command[0]} --version: it must exit 0, it says ${stderr.trim()}`);
  }
  return stdout.trim();
}

if (import.meta.main) {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      entry: { type: "string", default: join(root, "main.ts") },
      output: { type: "string", default: join(root, "flights") },
    },
  });
  const { form, bytes, seconds, reason } = await build(
    resolve(values.entry),
    resolve(values.output),
  );
  const size = (bytes / 1e6).toFixed(1);
  console.log(`${values.output}: ${form}, ${size} MB, made in ${seconds.toFixed(1)} s`);
  if (reason !== null) console.log(`Packed, not compiled: ${reason}`);
}
