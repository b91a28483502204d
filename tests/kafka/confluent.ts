/**
 * confluent-kafka, the Python client on librdkafka, from PyPI: fetched once into a virtual
 * environment of its own in the cache. A client that shares nothing with ours.
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { byPlace, type PlainRecord, type SentRecord } from "./plain_record.ts";
import { cachedFolder, runProgram } from "./test_cache.ts";

const version = "2.16.1";
/** Of the cached folder; another layout must have another. */
const layout = "1";
const script = fileURLToPath(new URL("./confluent.py", import.meta.url));
const timeoutMs = 60_000;

/** What {@linkcode carryOut} does, one after the other. */
export type ConfluentStep =
  | { readonly create: string; readonly partitions: number }
  | { readonly producer: string; readonly settings: Readonly<Record<string, string | number>> }
  | { readonly send: SentRecord; readonly by: string }
  | { readonly do: "flush" | "begin" | "commit" | "abort"; readonly by: string };

/** Where a record lies: partition and offset. */
export type Place = readonly [number, number];

/**
 * Carries out `steps`; returns where the records sent lie, in their order.
 *
 * @throws when one of them fails, with what the client said.
 */
export async function carryOut(
  bootstrap: string,
  steps: readonly ConfluentStep[],
): Promise<readonly Place[]> {
  const input = steps.map((step) => `${JSON.stringify(step)}\n`).join("");
  return linesOf(await runScript([bootstrap, "steps"], input));
}

/** The committed records of `topics`, in the order of topics, partitions and offsets. */
export async function recordsOf(
  bootstrap: string,
  ...topics: readonly string[]
): Promise<readonly PlainRecord[]> {
  return linesOf<PlainRecord>(await runScript([bootstrap, "records", ...topics], "")).sort(byPlace);
}

function linesOf<T>(text: string): T[] {
  return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

let environment: Promise<string> | null = null;

/** The python of the environment. */
function python(): Promise<string> {
  environment ??= environmentFolder().then((folder) => join(folder, "bin", "python"));
  return environment;
}

async function environmentFolder(): Promise<string> {
  const doing = `fetch confluent-kafka ${version}`;
  const purpose = { doing, needs: "Python 3" };
  const { stdout } = await runProgram(
    ["python3", "-c", "import platform; print(platform.python_version())"],
    purpose,
  );
  const name = `confluent-kafka-${version}-python-${stdout.trim()}-${layout}`;
  return await cachedFolder(name, async (folder) => {
    console.log(`confluent-kafka ${version} is fetched from PyPI, once`);
    await runProgram(["python3", "-m", "venv", folder], purpose);
    // Called as a module: the script pip would name this folder, which gets another name.
    const pip = [join(folder, "bin", "python"), "-m", "pip"] as const;
    const options = ["--quiet", "--disable-pip-version-check", "--only-binary=:all:"];
    await runProgram([...pip, "install", ...options, `confluent-kafka==${version}`], purpose);
  });
}

async function runScript(args: readonly string[], input: string): Promise<string> {
  const child = new Deno.Command(await python(), {
    args: [script, ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(timeoutMs),
  }).spawn();
  const feed = new Blob([input]).stream().pipeTo(child.stdin);
  // Who fails ends without reading all of it: what it printed tells why.
  const [output] = await Promise.all([child.output(), feed.catch(() => {})]);
  const text = new TextDecoder();
  const stdout = text.decode(output.stdout);
  if (output.success) return stdout;
  throw new Error(
    `Cannot run confluent.py ${args.join(" ")}: it must succeed within ${timeoutMs / 1_000} s, ` +
      `it ended with ${output.signal ?? output.code}:\n${stdout}${text.decode(output.stderr)}`,
  );
}
