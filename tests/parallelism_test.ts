/** Several members of a job in one process (`--parallelism`), on the embedded log. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { systemClock } from "../src/base/clock.ts";
import { judge } from "./crash/judge.ts";
import {
  type Envelope,
  expectedFlights,
  expectedStatistics,
  recordText,
  watermarkOfMerge,
} from "./crash/oracle.ts";
import { dataFolder, flights, startFlights } from "./flights.ts";
import { needs } from "./permissions.ts";

const permissions = needs("read", "write", "run", "env", "sys");
const nothing = { lost: [], doubled: [] };

/** Runs a command that must do well; returns what it printed. */
async function run(data: string, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await flights(args, { data });
  assert.equal(code, 0, `flights ${args.join(" ")}: ${stderr}`);
  return stdout;
}

async function consume(data: string, topic: string): Promise<readonly Envelope[]> {
  const text = await run(data, "consume", topic, "--until-end", "--json");
  return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

/** Makes the topics, with `count` bookings of each airline. */
async function book(data: string, count: number, partitions = 5): Promise<void> {
  const of = ["--partitions", String(partitions), "--count", String(count), "--seed", "11"];
  // From a stated time on: the last window's end is far from the last record's time.
  of.push("--start", "2026-01-31T00:00");
  await run(data, "datagen", "--create", "--rate", "max", ...of);
}

/** Judges flightdata by the bookings, and returns what is on it. */
async function judgeFlights(data: string): Promise<readonly Envelope[]> {
  const bookings = [...await consume(data, "skyone"), ...await consume(data, "sunset")];
  const found = await consume(data, "flightdata");
  assert.ok(found.length > 0);
  assert.deepEqual(judge(expectedFlights(bookings), found.map(recordText)), nothing);
  return found;
}

/** The JSON lines of stderr. */
function told(stderr: string): readonly Record<string, unknown>[] {
  return stderr.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
}

Deno.test({
  ...permissions,
  name: "semantics 11: merge with two members takes all there is, and tells their sum",
  fn: async () => {
    using folder = dataFolder();
    const data = folder.path;
    await book(data, 3_000);
    const { code, stderr } = await flights(["merge", "--until-end", "--parallelism", "2"], {
      data,
    });
    assert.equal(code, 0, stderr);
    const found = await judgeFlights(data);
    const last = told(stderr).at(-1)!;
    assert.match(String(last.message), /^merge stopped after .*: 6000 records in/);
    assert.deepEqual(last.outputs, { flightdata: found.length });
    const again = await flights(["merge", "--until-end", "--parallelism", "2"], { data });
    assert.equal(again.code, 0, again.stderr);
    assert.equal((await consume(data, "flightdata")).length, found.length);
  },
});

Deno.test({
  ...permissions,
  name: "semantics 11: stats with more members than partitions ends, and fires each window once",
  fn: async () => {
    using folder = dataFolder();
    const data = folder.path;
    await book(data, 3_000, 2);
    await run(data, "merge", "--until-end");
    const { code, stderr } = await flights(
      ["stats", "--until-end", "--drain", "--parallelism", "3"],
      { data },
    );
    assert.equal(code, 0, stderr);
    const drained = told(stderr).filter(({ watermarks }) => watermarks !== undefined);
    assert.match(String(drained[0]?.message), /^drained: open windows of 2 tasks fired/);
    const found = await judgeFlights(data);
    assert.deepEqual(await consume(data, "flightdata.late"), []);
    const bookings = [...await consume(data, "skyone"), ...await consume(data, "sunset")];
    const expected = expectedStatistics(found, { watermark: watermarkOfMerge(bookings) });
    const statistics = (await consume(data, "userstatistics")).map(recordText);
    assert.deepEqual(judge(expected, statistics), nothing);
  },
});

Deno.test({
  ...permissions,
  name: "semantics 15: members killed together amid a commit lose and double nothing",
  fn: async () => {
    using folder = dataFolder();
    const data = folder.path;
    await book(data, 3_000);
    for (const step of ["commit-appended", "commit-durable"]) {
      const env = { FLIGHTS_FAULT_POINT: `${step}:2` };
      const args = ["merge", "--parallelism", "2", "--commit-interval", "5ms"];
      const { signal } = await flights(args, { data, env });
      assert.equal(signal, "SIGKILL");
    }
    await run(data, "merge", "--until-end", "--parallelism", "2");
    await judgeFlights(data);
  },
});

Deno.test({
  ...permissions,
  name: "members share the partitions; SIGTERM and SIGINT end all of them after a commit",
  fn: async () => {
    using folder = dataFolder();
    const data = folder.path;
    await book(data, 1_000);
    for (const [signal, expected] of [["SIGTERM", 143], ["SIGINT", 130]] as const) {
      const args = ["merge", "--parallelism", "2", "--commit-interval", "1h"];
      const job = startFlights(args, { data });
      for (const member of [1, 2]) await job.told(`member ${member}: resumes sunset`);
      job.kill(signal);
      const { code, stderr } = await job.result;
      assert.equal(code, expected, stderr);
      assert.match(String(told(stderr).at(-1)!.message), /^merge stopped after/);
    }
    await run(data, "merge", "--until-end");
    await judgeFlights(data);
    // It refuses while any member lives.
    await run(data, "reset", "merge");
  },
});

Deno.test({
  ...permissions,
  name: "a second signal ends the process at once, whatever its members wait for",
  fn: async () => {
    using folder = dataFolder();
    const data = folder.path;
    await book(data, 100);
    const job = startFlights(["merge", "--parallelism", "2"], { data });
    await job.told("resumes sunset");
    // While somebody else writes, no member can leave.
    const other = new DatabaseSync(join(data, "flights.db"));
    try {
      other.exec("PRAGMA busy_timeout = 10000; BEGIN IMMEDIATE");
      const start = systemClock.now();
      // The system hands over two signals as one when the first has not been taken.
      const over = new AbortController();
      const ended = job.result.finally(() => over.abort());
      while (!over.signal.aborted) {
        try {
          job.kill("SIGTERM");
        } catch (error) {
          // It has ended, though not all it said has been read.
          assert.ok(error instanceof TypeError);
        }
        await systemClock.sleep(200, over.signal);
      }
      const { code, stderr } = await ended;
      assert.equal(code, 143, stderr);
      assert.ok(systemClock.now() - start < 5_000, "the members would have waited for ten seconds");
    } finally {
      other.close();
    }
  },
});

Deno.test({
  ...permissions,
  name: "a member that fails stops the others, and its error is the process's",
  fn: async () => {
    using folder = dataFolder();
    const data = folder.path;
    await book(data, 200);
    await run(data, "merge", "--until-end");
    const [flight] = await consume(data, "flightdata");
    const stdin = JSON.stringify({ ...flight, partition: (flight!.partition + 1) % 5 });
    await flights(["produce", "flightdata"], { data, stdin });
    for (const end of [[], ["--until-end"]]) {
      const { code, stderr } = await flights(["stats", "--parallelism", "2", ...end], { data });
      assert.equal(code, 3, stderr);
      const errors = told(stderr).filter(({ level }) => level === "error");
      assert.deepEqual(errors.map(({ code }) => code), ["misplaced-key"]);
    }
    await run(data, "reset", "stats");
  },
});

Deno.test({
  ...permissions,
  name: "semantics 11: what another process holds is waited for, and taken for done when it did it",
  fn: async () => {
    using folder = dataFolder();
    const data = folder.path;
    await book(data, 500);
    const args = ["merge", "--until-end", "--parallelism", "2", "--wait", "1s"];
    const holder = startFlights(["merge"], { data });
    await holder.told("resumes sunset");
    await run(data, ...args);
    await judgeFlights(data);

    holder.kill("SIGSTOP");
    await run(data, "datagen", "--count", "500", "--rate", "max", "--seed", "12");
    const { code, stderr } = await flights(args, { data });
    holder.kill("SIGCONT");
    assert.equal(code, 3, stderr);
    const error = told(stderr).at(-1)!;
    assert.equal(error.code, "members-alive");
    assert.match(String(error.message), new RegExp(`process ${holder.pid}\\) holds \\d`));
    holder.kill("SIGTERM");
    await holder.result;
    await run(data, ...args);
    await judgeFlights(data);
  },
});

Deno.test({
  ...permissions,
  name: "semantics 11: bounded runs of several processes share the work, and all of them end",
  fn: async () => {
    using folder = dataFolder();
    const data = folder.path;
    await book(data, 3_000);
    const args = ["merge", "--until-end", "--parallelism", "2"];
    const results = await Promise.all([1, 2].map(() => flights(args, { data })));
    for (const { code, stderr } of results) assert.equal(code, 0, stderr);
    await judgeFlights(data);
  },
});
