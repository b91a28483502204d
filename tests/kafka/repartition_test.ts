/** `stats --repartition` on a real Kafka: misplaced flights, several members, kills, a reset. */

import assert from "node:assert/strict";
import { systemClock } from "../../src/base/clock.ts";
import { Random } from "../../src/base/random.ts";
import { dataFolder, flights, type FlightsOptions, startFlights } from "../flights.ts";
import { isFull } from "../full.ts";
import { judgeStatistics, misplaceFlights, run } from "../misplaced.ts";
import { needs } from "../permissions.ts";
import { type Cluster, startCluster } from "./broker.ts";

const permissions = needs("net", "run", "read", "write", "env", "sys");
const end = ["stats", "--repartition", "--until-end", "--drain"];
const kills = isFull() ? 30 : 6;

let cluster: Cluster | null = null;

// One broker for all tests: each begins with topics made anew.
Deno.test.beforeAll(async () => {
  if (!permissions.ignore) cluster = await startCluster();
});
Deno.test.afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
});

function optionsIn(folder: string): FlightsOptions {
  const env = { BOOTSTRAP_SERVERS: cluster!.bootstrap(), XDG_STATE_HOME: folder };
  return { data: folder, env };
}

Deno.test({
  ...permissions,
  name:
    "semantics 23: misplaced flights come to their totals on Kafka, with one member and with three",
  fn: async () => {
    using folder = dataFolder();
    const options = optionsIn(folder.path);
    await misplaceFlights(options, { count: 5_000, seed: 31 });
    const refused = await flights(["stats", "--until-end"], options);
    assert.equal(refused.code, 3, refused.stderr);
    assert.match(refused.stderr, /"code":"misplaced-key"/);
    await run(["reset", "stats"], options);
    for (const parallelism of ["1", "3"]) {
      await misplaceFlights(options, { count: 5_000, seed: 31 });
      await run(["stats", "--repartition", "--until-end", "--parallelism", parallelism], options);
      await run([...end, "--parallelism", parallelism], options);
      await judgeStatistics(options);
    }
    await run(["reset", "stats"], options);
    const topics = await run(["topics", "list"], options);
    assert.doesNotMatch(topics, /stats-/);
  },
});

Deno.test({
  ...permissions,
  name:
    "semantics 15 and 23: stats --repartition on Kafka killed at random moments loses and doubles nothing",
  fn: async () => {
    using folder = dataFolder();
    const options = optionsIn(folder.path);
    const random = new Random(13);
    await misplaceFlights(options, { count: 20_000, seed: 32 });
    for (let i = 0; i < kills; i++) {
      const args = ["stats", "--repartition", "--commit-interval", "10ms", "--parallelism", "2"];
      const victim = startFlights(args, options);
      await victim.told("resumes stats-repartition-flightdata");
      await systemClock.sleep(random.below(800));
      victim.kill("SIGKILL");
      await victim.result;
    }
    await run(end, options);
    await judgeStatistics(options);
  },
});
