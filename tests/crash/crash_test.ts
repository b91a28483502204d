/**
 * Jobs and datagen as real processes, ended by SIGKILL at every step of a commit and at random
 * moments; then the topics are compared with the oracle's, record by record (semantics 15).
 */

import assert from "node:assert/strict";
import { systemClock } from "../../src/base/clock.ts";
import { Random } from "../../src/base/random.ts";
import { commitSteps } from "../../src/log/sqlite/fault_point.ts";
import { dataFolder, flights, type FlightsProcess, startFlights } from "../flights.ts";
import { isFull } from "../full.ts";
import { needs } from "../permissions.ts";
import { judge } from "./judge.ts";
import {
  type Envelope,
  expectedFlights,
  expectedStatistics,
  recordText,
  watermarkOfMerge,
} from "./oracle.ts";

/** Random kills of each job; `task ok:full` makes it more than a hundred in all. */
const randomKills = isFull() ? 60 : 14;
const liveSeconds = isFull() ? 60 : 8;

const permissions = needs("read", "write", "run", "env", "sys");

async function run(
  args: readonly string[],
  data: string,
  env: Record<string, string> = {},
): Promise<void> {
  const { code, signal, stderr } = await flights(args, { data, env });
  assert.equal(code, 0, `flights ${args.join(" ")} ended with ${signal ?? code}: ${stderr}`);
}

async function consume(topic: string, data: string): Promise<readonly Envelope[]> {
  const { stdout } = await flights(["consume", topic, "--until-end", "--json"], { data });
  return stdout.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

/** Judges both jobs by what is on the topics now. */
async function judgeAll(data: string, options: { readonly closedBy: boolean }): Promise<void> {
  const bookings = [...await consume("skyone", data), ...await consume("sunset", data)];
  const found = await consume("flightdata", data);
  const nothing = { lost: [], doubled: [] };
  assert.ok(found.length > 0 && bookings.length > found.length);
  assert.deepEqual(judge(expectedFlights(bookings), found.map(recordText)), nothing, "flightdata");
  assert.deepEqual(await consume("flightdata.late", data), [], "flightdata.late");
  const statistics = (await consume("userstatistics", data)).map(recordText);
  const expected = expectedStatistics(found, { watermark: watermarkOfMerge(bookings) });
  // In a live run it depends on the moment whether a window is closed by the watermark or a drain.
  const plain = (text: string) =>
    options.closedBy ? text : text.replace(/"(watermark|drain|silence)"\]\]$/, "");
  assert.deepEqual(judge(expected.map(plain), statistics.map(plain)), nothing, "userstatistics");
}

/** Ends a process by SIGKILL and waits for its end. */
async function kill(victim: FlightsProcess): Promise<void> {
  victim.kill("SIGKILL");
  const { signal } = await victim.result;
  assert.equal(signal, "SIGKILL");
}

const jobs = ["merge", "stats"] as const;
const finish = { merge: ["merge", "--until-end"], stats: ["stats", "--until-end", "--drain"] };

Deno.test({
  ...permissions,
  name: "semantics 15: jobs killed at every step of a commit lose and double nothing",
  fn: async () => {
    using folder = dataFolder();
    const data = folder.path;
    await run(["datagen", "--create", "--count", "20000", "--rate", "max", "--seed", "1"], data);
    for (const job of jobs) {
      for (const step of commitSteps) {
        for (const nth of [1, 3]) {
          const env = { FLIGHTS_FAULT_POINT: `${step}:${nth}` };
          const { signal } = await flights([job, "--commit-interval", "5ms"], { data, env });
          assert.equal(signal, "SIGKILL", `${job} has not come to ${step} ${nth} times`);
        }
      }
      await run(finish[job], data);
    }
    await judgeAll(data, { closedBy: true });
  },
});

Deno.test({
  ...permissions,
  name: "semantics 15: jobs killed at random moments lose and double nothing",
  fn: async () => {
    using folder = dataFolder();
    const data = folder.path;
    const random = new Random(7);
    await run(["datagen", "--create", "--count", "30000", "--rate", "max", "--seed", "2"], data);
    for (const job of jobs) {
      for (let i = 0; i < randomKills; i++) {
        const victim = startFlights([job, "--commit-interval", "5ms"], { data });
        await victim.told(`${job} starts`);
        await systemClock.sleep(random.below(150));
        await kill(victim);
      }
      await run(finish[job], data);
    }
    await judgeAll(data, { closedBy: true });
  },
});

Deno.test({
  ...permissions,
  name:
    "semantics 15: datagen, merge and stats side by side, each killed again and again, lose and double nothing",
  fn: async () => {
    using folder = dataFolder();
    const data = folder.path;
    await run(["datagen", "--create", "--count", "0"], data);
    const random = new Random(11);
    const began = systemClock.now();
    const speed = 60;
    const start = {
      // Event time goes on where the one before cannot have come to yet.
      datagen: () => {
        const at = began - 3_600_000 + (systemClock.now() - began + 1_000) * speed;
        return ["datagen", "--rate", "20", "--speed", String(speed), "--start", String(at)];
      },
      merge: () => ["merge"],
      stats: () => ["stats"],
    };
    const names = ["datagen", "merge", "stats"] as const;
    const running = new Map(names.map((name) => [name, startFlights(start[name](), { data })]));
    let kills = 0;
    while (systemClock.now() - began < liveSeconds * 1_000) {
      await systemClock.sleep(100 + random.below(400));
      const name = random.pick(names);
      await kill(running.get(name)!);
      kills++;
      running.set(name, startFlights(start[name](), { data }));
    }
    for (const name of names) await kill(running.get(name)!);
    for (const job of jobs) await run(finish[job], data);
    await judgeAll(data, { closedBy: false });
    assert.ok(kills >= liveSeconds);
  },
});
