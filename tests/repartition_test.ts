/** `stats --repartition` as processes on the embedded log: flights that lie on any partition. */

import assert from "node:assert/strict";
import { systemClock } from "../src/base/clock.ts";
import { Random } from "../src/base/random.ts";
import { commitSteps } from "../src/log/sqlite/fault_point.ts";
import { dataFolder, flights, startFlights } from "./flights.ts";
import { isFull } from "./full.ts";
import { judgeStatistics, misplaceFlights, run } from "./misplaced.ts";
import { needs } from "./permissions.ts";

const permissions = needs("read", "write", "run", "env", "sys");
const end = ["stats", "--repartition", "--until-end", "--drain"];
const randomKills = isFull() ? 40 : 8;

Deno.test({
  ...permissions,
  name: "semantics 23: misplaced flights stop stats with exit code 3, and --repartition takes them",
  fn: async () => {
    using folder = dataFolder();
    const options = { data: folder.path };
    await misplaceFlights(options, { count: 5_000, seed: 3 });
    const refused = await flights(["stats", "--until-end", "--drain"], options);
    assert.equal(refused.code, 3, refused.stderr);
    assert.match(refused.stderr, /"code":"misplaced-key"/);
    assert.match(refused.stderr, /reset the job .* \(flights stats --repartition;/);
    // State of the other kind is not gone on with: totals would begin anew amid their flights.
    const mixed = await flights(end, options);
    assert.equal(mixed.code, 3, mixed.stderr);
    assert.match(mixed.stderr, /"code":"state-incompatible"/);
    await run(["reset", "stats"], options);
    const { code, stderr } = await flights(end, options);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /flightdata before it is repartitioned: \d+ records in/);
    await judgeStatistics(options);
    const again = await flights(["stats", "--until-end"], options);
    assert.equal(again.code, 3, again.stderr);
    assert.match(again.stderr, /"code":"state-incompatible"/);
  },
});

for (const parallelism of ["1", "2", "3"]) {
  Deno.test({
    ...permissions,
    name: `semantics 11 and 23: a bounded run of ${parallelism} members drains all stages`,
    fn: async () => {
      using folder = dataFolder();
      const options = { data: folder.path };
      await misplaceFlights(options, { count: 5_000, seed: 5 });
      await run(["stats", "--repartition", "--until-end", "--parallelism", parallelism], options);
      await run([...end, "--parallelism", parallelism], options);
      await judgeStatistics(options);
    },
  });
}

Deno.test({
  ...permissions,
  name:
    "semantics 15 and 23: stats --repartition killed at every step of a commit and at random moments loses and doubles nothing",
  fn: async () => {
    using folder = dataFolder();
    const options = { data: folder.path };
    const random = new Random(9);
    await misplaceFlights(options, { count: 20_000, seed: 7 });
    const args = ["stats", "--repartition", "--commit-interval", "5ms"];
    for (const step of commitSteps) {
      const env = { FLIGHTS_FAULT_POINT: `${step}:3` };
      const { signal, stderr } = await flights(args, { ...options, env });
      assert.equal(signal, "SIGKILL", `it has not come to ${step} three times: ${stderr}`);
    }
    for (let i = 0; i < randomKills; i++) {
      const victim = startFlights([...args, "--parallelism", "2"], options);
      await victim.told("stats starts");
      await systemClock.sleep(random.below(400));
      victim.kill("SIGKILL");
      assert.equal((await victim.result).signal, "SIGKILL");
    }
    await run(end, options);
    await judgeStatistics(options);
  },
});

Deno.test({
  ...permissions,
  name: "reset and datagen --create leave nothing of a repartition topic",
  fn: async () => {
    using folder = dataFolder();
    const options = { data: folder.path };
    await misplaceFlights(options, { count: 500, seed: 8 });
    const repartitions = async () =>
      (await run(["topics", "list"], options)).split("\n")
        .filter((line) => line.includes("stats-"));
    for (const command of [["reset", "stats"], ["datagen", "--create", "--count", "0"]]) {
      await run(end, options);
      assert.equal((await repartitions()).length, 5);
      await run(command, options);
      assert.deepEqual(await repartitions(), []);
    }
  },
});
