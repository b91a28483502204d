/**
 * A job from a file to files as a real process, ended by SIGKILL at every step of the commits of its
 * feed, its tasks and its taps, and at random moments; then the files are compared with the oracle's,
 * line by line (semantics 15).
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../src/base/clock.ts";
import { Random } from "../../src/base/random.ts";
import { commitSteps } from "../../src/log/sqlite/fault_point.ts";
import { dataFolder } from "../flights.ts";
import { isFull } from "../full.ts";
import { needs } from "../permissions.ts";
import { expectedCopies, expectedSums } from "./files_oracle.ts";

const permissions = needs("read", "write", "run", "env", "sys");
const script = fileURLToPath(new URL("./files_job.ts", import.meta.url));

/** Sales in order of their times, some lines of which cannot be read. */
function salesLines(count: number, seed: number): readonly string[] {
  const random = new Random(seed);
  let at = 0;
  return Array.from({ length: count }, () => {
    at += random.below(500);
    if (random.chance(0.01)) return random.pick(["", "{", '{"shop":7}']);
    return JSON.stringify({ at, shop: `shop-${random.below(9)}`, sum: random.below(100) });
  });
}

function start(folder: string, env: Record<string, string> = {}) {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", script, folder],
    env,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  });
}

/** Runs it to its end, or to the step at which it is killed; true when it was. */
async function run(folder: string, env: Record<string, string> = {}): Promise<boolean> {
  const { code, signal, stderr } = await start(folder, env).output();
  if (signal === "SIGKILL") return true;
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return false;
}

/** Kills it so long after it has told `word`; false when it had ended by then. */
async function killAfter(folder: string, word: string, milliseconds: number): Promise<boolean> {
  const child = start(folder).spawn();
  const told = new Promise<void>((resolve) => {
    const listen = async () => {
      let all = "";
      for await (const chunk of child.stderr) {
        all += new TextDecoder().decode(chunk);
        if (all.includes(word)) resolve();
      }
      resolve();
    };
    void listen();
  });
  await told;
  await systemClock.sleep(milliseconds);
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended.
  }
  return (await child.status).signal === "SIGKILL";
}

function linesOf(path: string): readonly string[] {
  const text = Deno.readTextFileSync(path);
  assert.ok(text === "" || text.endsWith("\n"), `the last line of ${path} is whole`);
  return text.split("\n").slice(0, -1);
}

function judge(folder: string, lines: readonly string[]): void {
  const copies = linesOf(`${folder}/copies.jsonl`);
  assert.equal(copies.length, expectedCopies(lines).length);
  assert.deepEqual(copies, expectedCopies(lines));
  const sums = linesOf(`${folder}/sums.jsonl`);
  assert.deepEqual(sums.toSorted(), expectedSums(lines).toSorted());
}

Deno.test({
  ...permissions,
  name:
    "semantics 15: a job between files killed at every step of its commits writes each line once",
  fn: async () => {
    for (const step of commitSteps) {
      using folder = dataFolder();
      const lines = salesLines(12_000, step.length);
      Deno.writeTextFileSync(`${folder.path}/sales.jsonl`, lines.join("\n"));
      for (const nth of [1, 3, 5, 13]) {
        const isKilled = await run(folder.path, { FLIGHTS_FAULT_POINT: `${step}:${nth}` });
        // A slow machine does the rest in fewer and larger commits.
        assert.ok(isKilled || nth > 5, `it has not come to ${step} ${nth} times`);
      }
      await run(folder.path);
      judge(folder.path, lines);
      // A run with nothing new adds nothing.
      await run(folder.path);
      judge(folder.path, lines);
    }
  },
});

Deno.test({
  ...permissions,
  name: "semantics 15: a job between files killed at random moments writes each line once",
  fn: async () => {
    using folder = dataFolder();
    const random = new Random(5);
    const lines = salesLines(40_000, 3);
    Deno.writeTextFileSync(`${folder.path}/sales.jsonl`, lines.join("\n") + "\n");
    let kills = 0;
    for (let i = 0; i < (isFull() ? 60 : 14); i++) {
      const word = random.pick(["starts", "fed"]);
      if (await killAfter(folder.path, word, random.below(120))) kills++;
    }
    assert.ok(kills >= 10, `it was killed ${kills} times before its end`);
    await run(folder.path);
    judge(folder.path, lines);
  },
});
