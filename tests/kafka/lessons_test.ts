/** Lessons of the course on a real Kafka, on bookings that the command line writes. */

import assert from "node:assert/strict";
import {
  type Envelope,
  expectedFlights,
  expectedStatistics,
  type RecordText,
} from "../crash/oracle.ts";
import { outputOf, startExample } from "../examples.ts";
import { dataFolder, flights } from "../flights.ts";
import { needs } from "../permissions.ts";
import { type Cluster, startCluster } from "./broker.ts";

const permissions = needs("net", "run", "read", "write", "env", "sys");

let cluster: Cluster | null = null;

// One broker for all tests: each begins with topics made anew.
Deno.test.beforeAll(async () => {
  if (!permissions.ignore) cluster = await startCluster();
});
Deno.test.afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
});

/** The command line and the lessons on the broker, with a folder for what is to outlast them. */
function onKafka(folder: string) {
  const env = { BOOTSTRAP_SERVERS: cluster!.bootstrap(), XDG_STATE_HOME: folder };
  const run = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await flights(args, { data: folder, env });
    assert.equal(code, 0, `flights ${args.join(" ")}: ${stderr}`);
    return stdout;
  };
  const consume = async (topic: string): Promise<readonly Envelope[]> => {
    const text = await run("consume", topic, "--until-end", "--json");
    return linesOf(text).map((line) => JSON.parse(line));
  };
  const lesson = async (file: string) => linesOf(await outputOf(file, ["--until-end"], { env }));
  return { env, run, consume, lesson };
}

Deno.test({
  ...permissions,
  name: "08_source on Kafka prints live what datagen writes, and goes on where it was stopped",
  fn: async () => {
    using folder = dataFolder();
    const { env, run, consume, lesson } = onKafka(folder.path);
    await run("datagen", "--create", "--seed", "7", "--count", "5", "--rate", "max");
    const first = startExample("08_source.ts", [], { env });
    for (const { payload } of await consume("skyone")) await first.printed(payload!);
    await run("datagen", "--seed", "8", "--count", "5", "--rate", "max");
    for (const { payload } of await consume("skyone")) await first.printed(payload!);
    first.kill("SIGINT");
    const { code, stdout, stderr } = await first.result;
    assert.equal(code, 130, stderr);
    await run("datagen", "--seed", "9", "--count", "5", "--rate", "max");
    const rest = await lesson("08_source.ts");
    assert.equal(rest.length, 5);
    const all = (await consume("skyone")).map(({ payload }) => payload);
    assert.deepEqual([...linesOf(stdout), ...rest].sort(), all.sort());
    await run("reset", "lesson-08");
    assert.doesNotMatch(await run("topics", "list"), /lesson-08/);
  },
});

Deno.test({
  ...permissions,
  name: "20_running_totals on Kafka, behind 16_merge, gives and prints what the oracle gives",
  fn: async () => {
    using folder = dataFolder();
    const { run, consume, lesson } = onKafka(folder.path);
    await run("datagen", "--create", "--seed", "1", "--count", "2000", "--rate", "max");
    const merged = await lesson("16_merge.ts");
    const bookings = [...await consume("skyone"), ...await consume("sunset")];
    assert.deepEqual(merged.sort(), payloadsOf(expectedFlights(bookings)));
    const printed = await lesson("20_running_totals.ts");
    const expected = payloadsOf(expectedStatistics(await consume("flightdata")));
    assert.ok(expected.length > 500);
    assert.deepEqual(printed.sort(), expected);
    const written = (await consume("userstatistics")).map(({ payload }) => payload);
    assert.deepEqual(written.sort(), expected);
  },
});

function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

function payloadsOf(records: readonly RecordText[]): string[] {
  return records.map((record): string => JSON.parse(record)[2]).sort();
}
