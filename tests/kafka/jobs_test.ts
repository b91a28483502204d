/** The three commands on a real Kafka, judged as on the embedded log, and seen by Kafka's own tools. */

import assert from "node:assert/strict";
import { judge } from "../crash/judge.ts";
import {
  type Envelope,
  expectedFlights,
  expectedStatistics,
  recordText,
  watermarkOfMerge,
} from "../crash/oracle.ts";
import { dataFolder, flights } from "../flights.ts";
import { needs } from "../permissions.ts";
import { isFull } from "../full.ts";
import { startCluster } from "./broker.ts";
import type { KafkaVersion } from "./distribution.ts";
import { kafkaTool } from "./tool.ts";

const versions: readonly KafkaVersion[] = isFull() ? ["4.1.0", "3.9.1"] : ["4.1.0"];

async function commandsAgree(version: KafkaVersion): Promise<void> {
  await using cluster = await startCluster({ version });
  using folder = dataFolder();
  const env = { BOOTSTRAP_SERVERS: cluster.bootstrap(), XDG_STATE_HOME: folder.path };
  const run = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await flights(args, { data: folder.path, env });
    assert.equal(code, 0, `flights ${args.join(" ")}: ${stderr}`);
    return stdout;
  };
  const consume = async (topic: string): Promise<readonly Envelope[]> => {
    const text = await run("consume", topic, "--until-end", "--json");
    return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  };
  await run("datagen", "--create", "--count", "5000", "--rate", "max", "--seed", "1");
  await run("merge", "--until-end");
  await run("stats", "--until-end", "--drain");
  const bookings = [...await consume("skyone"), ...await consume("sunset")];
  const found = await consume("flightdata");
  assert.equal(bookings.length, 10_000);
  const nothing = { lost: [], doubled: [] };
  assert.deepEqual(judge(expectedFlights(bookings), found.map(recordText)), nothing);
  assert.deepEqual(await consume("flightdata.late"), []);
  const statistics = (await consume("userstatistics")).map(recordText);
  assert.deepEqual(
    judge(expectedStatistics(found, { watermark: watermarkOfMerge(bookings) }), statistics),
    nothing,
  );

  const [first] = await consume("userstatistics");
  const shown = await kafkaTool("ConsoleConsumer", [
    ...["--bootstrap-server", cluster.bootstrap(), "--topic", "userstatistics"],
    ...["--from-beginning", "--isolation-level", "read_committed"],
    ...["--max-messages", String(statistics.length)],
  ]);
  const values = shown.split("\n").filter((line) => line.startsWith("{"));
  assert.equal(values.length, statistics.length);
  assert.ok(values.includes(first!.payload!));

  // A second run has nothing to do, and a reset job computes the same again.
  await run("stats", "--until-end", "--drain");
  assert.equal((await consume("userstatistics")).length, statistics.length);
  await run("reset", "stats");
  await run("stats", "--until-end", "--drain");
  const again = (await consume("userstatistics")).map(recordText);
  assert.deepEqual(judge([...statistics, ...statistics], again), nothing);
}

for (const version of versions) {
  Deno.test({
    ...needs("net", "run", "read", "write", "env", "sys"),
    name:
      `datagen, merge and stats on Kafka ${version} give what the oracle gives, and nothing late`,
    fn: () => commandsAgree(version),
  });
}
