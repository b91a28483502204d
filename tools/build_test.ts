import assert from "node:assert/strict";
import { join } from "node:path";
import { needs } from "../tests/permissions.ts";
import { run, runDeno, type RunResult } from "./process.ts";

const standIn = `
if (Deno.args[0] === "--version") console.log("stand-in 1");
else if (Deno.args[0] === "exit") Deno.exit(Number(Deno.args[1]));
else if (Deno.args[0] === "wait") {
  for (const signal of ["SIGINT", "SIGTERM"]) {
    Deno.addSignalListener(signal, () => { console.log(signal); Deno.exit(7); });
  }
  setInterval(() => {}, 1000);
  console.log("ready");
} else if (Deno.args[0] === "cat") await Deno.stdin.readable.pipeTo(Deno.stdout.writable);
else console.log(JSON.stringify(Deno.args));
`;

/** The environment of a machine without deno, home in `folder`. */
function bare(folder: string, more: Readonly<Record<string, string>> = {}) {
  return { clearEnv: true, env: { PATH: "/usr/bin:/bin", HOME: folder, TMPDIR: folder, ...more } };
}

function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

/** Builds the stand-in, packed, into a folder that is gone after the test. */
async function withBuild(
  test: (executable: string, folder: string, report: RunResult) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "flights-build-" });
  try {
    const entry = join(folder, "main.ts");
    await Deno.writeTextFile(entry, standIn);
    const executable = join(folder, "program");
    // With deno in the place of its runtime, deno compile makes something that is not the program.
    const report = await runDeno(
      ["run", "-A", "tools/build.ts", "--entry", entry, "--output", executable],
      { env: { DENORT_BIN: Deno.execPath() } },
    );
    assert.equal(report.code, 0, report.stderr);
    await test(executable, folder, report);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  ignore: Deno.build.os === "windows" || needs("read", "write", "run", "env").ignore,
  name: "build packs a program that runs as its source does",
  fn: (t) =>
    withBuild(async (executable, folder, report) => {
      await t.step("refuses what deno compile made when it is not the program", () => {
        assert.match(report.stdout, /program: packed, \d+\.\d MB, made in/);
        assert.match(report.stdout, /Packed, not compiled: /);
      });

      await t.step("first starts at once all succeed and leave one copy", async () => {
        const starts = [1, 2, 3].map((n) => run([executable, `${n}`], bare(folder)));
        const answers = (await Promise.all(starts)).map(({ stdout }) => stdout);
        assert.deepEqual(answers, ['["1"]\n', '["2"]\n', '["3"]\n']);
        const copies = names(join(folder, ".cache/flights")).filter((name) =>
          /^(deno|program)-/.test(name)
        );
        assert.equal(copies.length, 2, copies.join());
      });

      await t.step("arguments arrive as they are", async () => {
        const args = ["a b", "", "--help", "$HOME `x` '\"", "two\nlines", "é", "*"];
        const { stdout } = await run([executable, ...args], bare(folder));
        assert.deepEqual(JSON.parse(stdout), args);
      });

      await t.step("exit codes, standard input and signals pass", async () => {
        for (const code of [0, 1, 6, 143]) {
          assert.equal((await run([executable, "exit", `${code}`], bare(folder))).code, code);
        }
        assert.equal(await feed(executable, folder), "from outside\n");
        for (const signal of ["SIGINT", "SIGTERM"] as const) {
          assert.deepEqual(await signalled(executable, folder, signal), [`${signal}\n`, 7]);
        }
      });

      await t.step("a copy that is cut short is made anew", async () => {
        const cache = join(folder, ".cache/flights");
        const runtime = join(cache, names(cache).find((name) => name.startsWith("deno-"))!);
        await Deno.truncate(runtime, 1000);
        const result = await run([executable, "again"], bare(folder));
        assert.equal(result.stdout, '["again"]\n', result.stderr);
      });

      await t.step("where the cache cannot be written the temporary folder serves", async () => {
        // A file in the place of a folder refuses everybody, root too.
        const result = await run([executable, "x"], bare(folder, { XDG_CACHE_HOME: executable }));
        assert.equal(result.stdout, '["x"]\n', result.stderr);
        const own = names(folder).find((name) => /^flights-\d+$/.test(name));
        assert.ok(own !== undefined);
        assert.equal((await Deno.stat(join(folder, own))).mode! & 0o077, 0);
      });

      await t.step("where neither can be written it says what it needs", async () => {
        const none = { XDG_CACHE_HOME: executable, TMPDIR: executable };
        const result = await run([executable, "x"], bare(folder, none));
        assert.equal(result.code, 1);
        assert.match(result.stderr, /^Cannot start flights: it needs room for \d+ MB/);
        assert.equal(result.stdout, "");
      });
    }),
});

async function feed(executable: string, folder: string): Promise<string> {
  const child = new Deno.Command(executable, {
    args: ["cat"],
    ...bare(folder),
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode("from outside\n"));
  await writer.close();
  return new TextDecoder().decode((await child.output()).stdout);
}

/** What a waiting program prints on a signal, and its exit code. */
async function signalled(
  executable: string,
  folder: string,
  signal: Deno.Signal,
): Promise<[string, number]> {
  const child = new Deno.Command(executable, { args: ["wait"], ...bare(folder), stdout: "piped" })
    .spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  assert.equal((await reader.read()).value, "ready\n");
  child.kill(signal);
  let printed = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    printed += part.value;
  }
  return [printed, (await child.status).code];
}
