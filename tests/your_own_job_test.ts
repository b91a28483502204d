/** docs/your-own-job.md as its reader does it: in a folder outside of the repository. */

import assert from "node:assert/strict";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { dataFolder, flights, type FlightsProcess, startProgram } from "./flights.ts";
import { needs } from "./permissions.ts";

const permissions = needs("read", "write", "run", "env");
const root = fileURLToPath(new URL("..", import.meta.url));
const page = () => Deno.readTextFileSync(join(root, "docs/your-own-job.md"));

/** Fills a folder with the example's files and the page's deno.json, which leads to this clone. */
function fill(folder: string): void {
  const example = join(root, "examples/your_own_job");
  for (const { name } of Deno.readDirSync(example)) {
    Deno.copyFileSync(join(example, name), join(folder, name));
  }
  const [, config] = /```json\n([^]*?)```/.exec(page())!;
  const mod = join(root, "src/mod.ts");
  Deno.writeTextFileSync(
    join(folder, "deno.json"),
    config!.replace("../flights/src/mod.ts", () => mod),
  );
}

function start(folder: string, args: readonly string[]): FlightsProcess {
  return startProgram(["env", "-C", folder, Deno.execPath(), ...args], {
    data: "",
    env: { BOOTSTRAP_SERVERS: "", NO_COLOR: "1" },
  });
}

async function outputOf(folder: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await start(folder, args).result;
  assert.equal(code, 0, stderr);
  return stdout;
}

/** Compares with a golden file, which FLIGHTS_UPDATE_GOLDEN=1 writes. */
function isGolden(name: string, printed: string): void {
  const file = join(root, "examples/golden", name);
  if (process.env.FLIGHTS_UPDATE_GOLDEN === "1") Deno.writeTextFileSync(file, printed);
  assert.equal(printed, Deno.readTextFileSync(file));
}

Deno.test({
  ...permissions,
  name:
    "the job of docs/your-own-job.md is checked, tested, run and explained outside of the clone",
  fn: async () => {
    using folder = dataFolder();
    fill(folder.path);
    await outputOf(folder.path, ["check", "."]);
    await outputOf(folder.path, ["test", "-A"]);
    isGolden("your_own_job.txt", await outputOf(folder.path, ["run", "-A", "main.ts"]));
    isGolden(
      "your_own_job_explain.txt",
      await outputOf(folder.path, ["run", "-A", "live.ts", "explain"]),
    );
  },
});

Deno.test({
  ...permissions,
  name: "the job of docs/your-own-job.md is killed, started again, and gives each alarm once",
  fn: async () => {
    using folder = dataFolder();
    fill(folder.path);
    const data = join(folder.path, ".flights");
    const live = ["run", "-A", "live.ts"];
    const send = ["run", "-A", "send.ts"];
    const killed = start(folder.path, live);
    await killed.told("running on");
    await outputOf(folder.path, send);
    const first = await flights(["consume", "alarms", "--count", "1"], { data });
    killed.kill("SIGKILL");
    await killed.result;

    const at = (time: string, celsius: number) =>
      `${JSON.stringify({ sensor: "door", at: `2025-07-01T${time}Z`, celsius })}\n`;
    const more = at("12:10:00", 33) + at("12:12:30", 20);
    Deno.writeTextFileSync(join(folder.path, "readings.jsonl"), more, { append: true });
    const again = start(folder.path, live);
    await again.told("running on");
    await outputOf(folder.path, send);
    await flights(["consume", "alarms", "--count", "2"], { data });
    again.kill("SIGINT");
    assert.equal((await again.result).code, 0);
    const all = await flights(["consume", "alarms", "--until-end"], { data });
    const alarm = (sensor: string, time: string) =>
      JSON.stringify({ sensor, hotSince: `2025-07-01T${time}.000Z` });
    assert.equal(first.stdout, `${alarm("roof", "12:00:50")}\n`);
    assert.deepEqual(
      all.stdout.trim().split("\n").sort(),
      [alarm("door", "12:10:00"), alarm("roof", "12:00:50")],
    );
  },
});
