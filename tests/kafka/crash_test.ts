/** Jobs on a real Kafka, ended by SIGKILL at random moments, judged record by record (semantics 15). */

import assert from "node:assert/strict";
import { systemClock } from "../../src/base/clock.ts";
import { Random } from "../../src/base/random.ts";
import { judge } from "../crash/judge.ts";
import {
  type Envelope,
  expectedFlights,
  expectedStatistics,
  recordText,
  watermarkOfMerge,
} from "../crash/oracle.ts";
import { dataFolder, flights, startFlights } from "../flights.ts";
import { isFull } from "../full.ts";
import { needs } from "../permissions.ts";
import { startCluster } from "./broker.ts";

const kills = isFull() ? 50 : 8;

Deno.test({
  ...needs("net", "run", "read", "write", "env", "sys"),
  name: "semantics 15: jobs on Kafka killed at random moments lose and double nothing",
  fn: async () => {
    await using cluster = await startCluster();
    using folder = dataFolder();
    const env = { BOOTSTRAP_SERVERS: cluster.bootstrap(), XDG_STATE_HOME: folder.path };
    const data = folder.path;
    const run = async (...args: readonly string[]) => {
      const { code, stdout, stderr } = await flights(args, { data, env });
      assert.equal(code, 0, `flights ${args.join(" ")}: ${stderr}`);
      return stdout;
    };
    const consume = async (topic: string): Promise<readonly Envelope[]> => {
      const text = await run("consume", topic, "--until-end", "--json");
      return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
    };
    const random = new Random(5);
    await run("datagen", "--create", "--count", "20000", "--rate", "max", "--seed", "4");
    for (const [job, end] of [["merge", []], ["stats", ["--drain"]]] as const) {
      for (let i = 0; i < kills; i++) {
        const victim = startFlights([job, "--commit-interval", "10ms"], { data, env });
        await victim.told(`${job} starts`);
        await systemClock.sleep(100 + random.below(500));
        victim.kill("SIGKILL");
        await victim.result;
      }
      await run(job, "--until-end", ...end);
    }
    const bookings = [...await consume("skyone"), ...await consume("sunset")];
    const found = await consume("flightdata");
    const nothing = { lost: [], doubled: [] };
    assert.deepEqual(judge(expectedFlights(bookings), found.map(recordText)), nothing);
    assert.deepEqual(await consume("flightdata.late"), []);
    const statistics = (await consume("userstatistics")).map(recordText);
    assert.deepEqual(
      judge(expectedStatistics(found, { watermark: watermarkOfMerge(bookings) }), statistics),
      nothing,
    );
  },
});
