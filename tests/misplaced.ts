/** Flights on other partitions than their email addresses say, as the course's programs place them. */

import assert from "node:assert/strict";
import { judge } from "./crash/judge.ts";
import { type Envelope, expectedStatistics, recordText } from "./crash/oracle.ts";
import { flights, type FlightsOptions } from "./flights.ts";

/** Runs a command that must end well, and returns its stdout. */
export async function run(args: readonly string[], options: FlightsOptions): Promise<string> {
  const { code, signal, stdout, stderr } = await flights(args, options);
  assert.equal(code, 0, `flights ${args.join(" ")} ended with ${signal ?? code}: ${stderr}`);
  return stdout;
}

/** All records of a topic. */
export async function consume(
  topic: string,
  options: FlightsOptions,
): Promise<readonly Envelope[]> {
  const text = await run(["consume", topic, "--until-end", "--json"], options);
  return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

/**
 * Creates all topics anew, books, and puts flightdata where Kafka's default partitioner places it by its
 * key, the confirmation. Each partition is in the order of time.
 */
export async function misplaceFlights(
  options: FlightsOptions,
  { count, seed }: { readonly count: number; readonly seed: number },
): Promise<void> {
  const book = ["--rate", "max", "--seed", String(seed), "--create"];
  await run(["datagen", "--count", String(count), ...book], options);
  await run(["merge", "--until-end"], options);
  const placed = (await consume("flightdata", options)).toSorted((a, b) => a.ts - b.ts);
  await run(["datagen", "--create", "--count", "0"], options);
  const lines = placed.map(({ ts, key, payload }) => JSON.stringify({ ts, key, payload }));
  await run(["produce", "flightdata"], { ...options, stdin: lines.join("\n") + "\n" });
}

/** Judges userstatistics by the flights; what closed a window depends on the speed of partitions. */
export async function judgeStatistics(options: FlightsOptions): Promise<void> {
  const found = await consume("flightdata", options);
  const homes = Map.groupBy(found, ({ payload }) => JSON.parse(payload!).email_address);
  const spread = [...homes.values()].filter((own) =>
    new Set(own.map(({ partition }) => partition)).size > 1
  );
  assert.ok(spread.length > 10, "flights of a traveller must lie on several partitions");
  const plain = (text: string) => text.replace(/"(watermark|drain)"\]\]$/, "");
  const statistics = (await consume("userstatistics", options)).map(recordText);
  assert.deepEqual(
    judge(expectedStatistics(found).map(plain), statistics.map(plain)),
    { lost: [], doubled: [] },
  );
  for (const topic of ["late", "dead-letter"]) {
    assert.deepEqual(await consume(`stats-repartition-flightdata.${topic}`, options), []);
  }
}
