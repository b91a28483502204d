/** Jobs on standard input and output, as processes. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { openSqliteLog } from "../src/log/sqlite/sqlite_log.ts";
import { dataFolder } from "./flights.ts";
import { needs } from "./permissions.ts";

const permissions = needs("read", "write", "run", "env", "sys");
const script = fileURLToPath(new URL("./stdin_job.ts", import.meta.url));

function job(
  args: readonly string[],
  { shell = 'exec "$@"', stdin = "null" as "null" | "piped" } = {},
) {
  return new Deno.Command("sh", {
    args: ["-c", shell, "sh", Deno.execPath(), "run", "-A", "--quiet", script, ...args],
    stdin,
    stdout: "piped",
    stderr: "piped",
  });
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

async function output(command: Deno.Command) {
  const { code, stdout, stderr } = await command.output();
  return { code, stdout: textOf(stdout), stderr: textOf(stderr) };
}

/** How many lines are in the topic of the source. */
async function fedIn(directory: string): Promise<number> {
  const log = await openSqliteLog({ directory });
  const [topic] = await log.describeTopics(["lines-source-stdin"]);
  await log.close();
  return topic!.partitions[0]!.endOffset;
}

Deno.test({
  ...permissions,
  name: "execute: lines of standard input come out as they come in, and all at its end",
  fn: async () => {
    const child = job([], { stdin: "piped" }).spawn();
    const input = child.stdin.getWriter();
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const send = (line: string) => input.write(new TextEncoder().encode(line));
    // Each is waited for before the next is sent.
    for (const one of ["one\n", "two\r\n"]) {
      await send(one);
      assert.equal((await lines.read()).value, `line> ${one.trim().toUpperCase()}\n`);
    }
    await send("\nthree");
    await input.close();
    let rest = "";
    for (let read = await lines.read(); !read.done; read = await lines.read()) rest += read.value;
    assert.equal(rest, "line> \nline> THREE\n");
    assert.equal((await child.status).code, 0);
    assert.equal(textOf(await new Response(child.stderr).bytes()), "ended\n");
  },
});

Deno.test({
  ...permissions,
  name: "execute: a signal ends a run whose standard input stays open",
  fn: async () => {
    const child = job([], { stdin: "piped" }).spawn();
    const input = child.stdin.getWriter();
    await input.write(new TextEncoder().encode("one\n"));
    const lines = child.stdout.getReader();
    assert.equal(textOf((await lines.read()).value!), "line> ONE\n");
    child.kill("SIGTERM");
    assert.equal((await child.status).code, 0);
    await lines.cancel();
    await input.abort();
    assert.equal(textOf(await new Response(child.stderr).bytes()), "ended\n");
  },
});

for (
  const [name, shell] of [
    ["nobody reads", 'yes | head -50000 | "$@" | head -1; exit 1'],
    ["is full", 'yes | head -50000 | "$@" >/dev/full'],
  ] as const
) {
  Deno.test({
    ...permissions,
    name: `execute: standard output that ${name} ends the run with a word, and nothing is lost`,
    fn: async () => {
      using folder = dataFolder();
      const first = await output(job([folder.path], { shell }));
      assert.equal(first.code, 1);
      assert.match(first.stderr, /^output-failed: Cannot write to stdout: it must take what/);
      // What was not written comes with the next run, and nothing is read twice.
      const again = await output(job([folder.path]));
      assert.equal(again.code, 0, again.stderr);
      assert.match(again.stdout, /^(line> Y\n)+$/);
      const written = again.stdout.split("\n").length - 1;
      const fed = await fedIn(folder.path);
      // A full disk has taken nothing; `head` has taken more than it shows.
      if (name === "is full") assert.equal(written, fed);
      else assert.ok(written > 0 && written <= fed, `${written} of ${fed}`);
      assert.equal((await output(job([folder.path]))).stdout, "");
      assert.equal(await fedIn(folder.path), fed);
    },
  });
}
