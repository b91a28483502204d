/** merge and stats as processes on the embedded log: watermarks travel with the data (semantics 24). */

import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { systemClock } from "../src/base/clock.ts";
import { readReportedTasks } from "../src/cli/reported_watermarks.ts";
import type { Log } from "../src/log/log.ts";
import { openSqliteLog } from "../src/log/sqlite/sqlite_log.ts";
import { judge } from "./crash/judge.ts";
import {
  type Envelope,
  expectedFlights,
  expectedStatistics,
  recordText,
  watermarkOfMerge,
} from "./crash/oracle.ts";
import { dataFolder, flights, type FlightsProcess, startFlights } from "./flights.ts";
import { needs } from "./permissions.ts";

const permissions = needs("read", "write", "run", "env", "sys");
const nothing = { lost: [], doubled: [] };
/** The longest that anything is waited for, in milliseconds. */
const patience = 60_000;

type Line = Readonly<Record<string, unknown>>;

function linesOf(text: string): readonly Line[] {
  return text.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
}

/** Runs a command that must do well. */
async function run(data: string, ...args: readonly string[]) {
  const { code, stdout, stderr } = await flights(args, { data });
  assert.equal(code, 0, `flights ${args.join(" ")}: ${stderr}`);
  return { stdout, told: linesOf(stderr) };
}

async function consume(data: string, topic: string): Promise<readonly Envelope[]> {
  const { stdout } = await run(data, "consume", topic, "--until-end", "--json");
  return linesOf(stdout) as unknown as readonly Envelope[];
}

/** Writes `count` bookings of each airline, from a minute of a day on. */
async function book(
  data: string,
  count: number,
  { minute = 0, create = 0 }: { readonly minute?: number; readonly create?: number } = {},
): Promise<void> {
  const start = new Date(Date.UTC(2026, 0, 31, 0, minute)).toISOString();
  const made = create > 0 ? ["--create", "--partitions", String(create)] : [];
  const what = ["--count", String(count), "--seed", String(count), "--start", start];
  await run(data, "datagen", ...made, "--rate", "max", ...what);
}

/** Waits until something is so. */
async function until(what: string, isSo: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = systemClock.now() + patience;
  while (!await isSo()) {
    assert.ok(systemClock.now() < deadline, `it never came to be that ${what}`);
    await systemClock.sleep(20);
  }
}

/** Whether a group has read these partitions of topics to their ends. */
async function hasRead(
  log: Log,
  group: string,
  { topics, partitions }: {
    readonly topics: readonly string[];
    readonly partitions: readonly number[];
  },
): Promise<boolean> {
  const described = await log.describeTopics(topics);
  const { offsets } = await log.describeGroup(group);
  return described.every((topic) =>
    partitions.every((partition) =>
      offsets.some((one) =>
        one.topic === topic.name && one.partition === partition &&
        one.offset === topic.partitions[partition]!.endOffset
      )
    )
  );
}

/** Ends processes by a signal that asks them to; they end well. */
async function end(...processes: readonly FlightsProcess[]): Promise<void> {
  for (const one of processes) one.kill("SIGTERM");
  for (const one of processes) {
    const { code, stderr } = await one.result;
    assert.equal(code, 143, stderr);
  }
}

/** Stops a process where it does not hold the log's file locked, which would stop everybody. */
async function standStill(process: FlightsProcess, data: string): Promise<void> {
  await until(`process ${process.pid} is stopped and the log is free`, () => {
    process.kill("SIGSTOP");
    using db = new DatabaseSync(join(data, "flights.db"), { timeout: 500 });
    try {
      db.exec("BEGIN IMMEDIATE; ROLLBACK");
      return true;
    } catch {
      process.kill("SIGCONT");
      return false;
    }
  });
}

/** What stats must have written: nothing is late, and windows are closed as merge's watermark says. */
async function judgeAll(data: string): Promise<void> {
  const bookings = [...await consume(data, "skyone"), ...await consume(data, "sunset")];
  const found = await consume(data, "flightdata");
  assert.ok(found.length > 0);
  assert.deepEqual(judge(expectedFlights(bookings), found.map(recordText)), nothing, "flightdata");
  assert.deepEqual(await consume(data, "flightdata.late"), []);
  const results = (await consume(data, "userstatistics")).map(recordText);
  const expected = expectedStatistics(found, { watermark: watermarkOfMerge(bookings) });
  assert.deepEqual(judge(expected, results), nothing, "userstatistics");
}

Deno.test({
  ...permissions,
  name: "semantics 24: stats behind merge, in a row and side by side, follows merge's watermarks",
  fn: async () => {
    using folder = dataFolder();
    const data = folder.path;
    await book(data, 600, { create: 5 });
    await run(data, "merge", "--until-end");
    const { told } = await run(data, "stats", "--until-end");
    const says = (text: string) => told.some(({ message }) => String(message).includes(text));
    assert.ok(says("flightdata: follows the watermarks that merge reports (5 tasks)"));
    assert.match(
      String(told.at(-1)!.message),
      /; [1-9]\d* held, waiting for merge task [0-4] at 2026-01-31T00:0/,
    );
    const live = ["merge", "stats"].map((job) =>
      startFlights([job, "--parallelism", "2", "--idle-timeout", "1h"], { data })
    );
    await live[1]!.told("flightdata: follows the watermarks that merge reports (5 tasks)");
    await book(data, 500, { minute: 10 });
    await using log = await openLog(data);
    const topics = ["skyone", "sunset"];
    const partitions = [0, 1, 2, 3, 4];
    await until("merge has read all", () => hasRead(log.log, "merge", { topics, partitions }));
    await end(...live);
    await run(data, "stats", "--until-end", "--drain");
    await judgeAll(data);
  },
});

Deno.test({
  ...permissions,
  name:
    "semantics 24: a member of merge that stands still makes nothing late, by record times it does",
  fn: async () => {
    using folder = dataFolder();
    const data = folder.path;
    await book(data, 300, { create: 4 });
    const merge = ["merge", "--idle-timeout", "1h"];
    const one = startFlights(merge, { data });
    await one.told("resumes sunset");
    const other = startFlights(merge, { data });
    await using log = await openLog(data);
    const inputs = ["skyone", "sunset"];
    const all = { topics: inputs, partitions: [0, 1, 2, 3] };
    await until("both have read all of theirs", async () => {
      const { members } = await log.log.describeGroup("merge");
      return members.length === 2 && members.every(({ partitions }) => partitions.length === 2) &&
        await hasRead(log.log, "merge", all);
    });
    const stats = startFlights(["stats"], { data });
    await stats.told("flightdata: follows the watermarks that merge reports (4 tasks)");

    const { members } = await log.log.describeGroup("merge");
    const isOther = ({ description }: { readonly description: string }) =>
      description.includes(`process ${other.pid}`);
    const going = members.find((member) => !isOther(member))!.partitions;
    const still = members.find(isOther)!.partitions;
    await standStill(other, data);
    await book(data, 1_500, { minute: 3 });
    await until(
      "the one has read all of its own",
      () => hasRead(log.log, "merge", { topics: inputs, partitions: going }),
    );
    await until(
      "stats has read it",
      () => hasRead(log.log, "stats", { topics: ["flightdata"], partitions: all.partitions }),
    );
    const [topic, reports] = await log.log.describeTopics(["flightdata", "flightdata.watermarks"]);
    const minute = 60_000;
    await until("the one says that it is minutes ahead", async () => {
      const [now] = await log.log.describeTopics([reports!.name]);
      const tasks = await readReportedTasks(log.log, { topic: topic!, reports: now! });
      const watermarks = (of: readonly number[]) =>
        tasks.filter(({ task }) => of.includes(task)).map(({ watermark }) => watermark!);
      assert.equal(new Set(tasks.map(({ producerId }) => producerId)).size, 2);
      return Math.min(...watermarks(going)) - Math.max(...watermarks(still)) > 5 * minute;
    });

    other.kill("SIGCONT");
    await until("all is read", () => hasRead(log.log, "merge", all));
    await end(one, other, stats);
    const shown = linesOf((await run(data, "topics", "watermarks", "flightdata")).stdout);
    assert.deepEqual(
      shown.map(({ partition, job, task, tasks }) => [partition, job, task, tasks].join(" ")),
      [0, 1, 2, 3].flatMap((partition) =>
        [0, 1, 2, 3].map((task) => `${partition} merge ${task} 4`)
      ),
    );
    await run(data, "stats", "--until-end", "--drain");
    await judgeAll(data);

    const hasty = ["--application-id", "hasty", "--watermarks", "record"];
    const { told } = await run(data, "stats", "--until-end", "--drain", ...hasty);
    const { late } = told.at(-1) as { readonly late: number };
    assert.ok(late > 100, `records must have come too late, ${late} did`);
    assert.equal((await consume(data, "flightdata.late")).length, late);
  },
});

Deno.test({
  ...permissions,
  name: "semantics 24: who writes beside merge is told of, and a merge that is gone is taken out",
  fn: async () => {
    using folder = dataFolder();
    const data = folder.path;
    await book(data, 200, { create: 2 });
    await run(data, "merge", "--until-end");
    const stats = startFlights(["stats"], { data });
    await stats.told("flightdata: follows the watermarks that merge reports (2 tasks)");

    const [flight] = await consume(data, "flightdata");
    const later = (minutes: number) => {
      const { key, payload, partition } = flight!;
      return JSON.stringify({ key, payload, partition, ts: flight!.ts + minutes * 60_000 });
    };
    const put = async (line: string) => {
      const { code, stderr } = await flights(["produce", "flightdata"], { data, stdin: line });
      assert.equal(code, 0, stderr);
    };
    await put(later(10));
    await stats.told("records of flightdata come from a writer that reports no watermarks");
    const before = await consume(data, "userstatistics");
    assert.ok(before.every(({ ts }) => ts < flight!.ts + 9 * 60_000), "windows wait for merge");

    const forget = ["topics", "watermarks", "flightdata", "--forget"];
    const merge = startFlights(["merge"], { data });
    await merge.told("resumes sunset");
    const refused = await flights([...forget, "merge"], { data });
    assert.equal(refused.code, 3, refused.stderr);
    assert.match(refused.stderr, /merge \(process \d+\) is; stop it first/);
    merge.kill("SIGKILL");
    await merge.result;
    await using log = await openLog(data);
    await until(
      "merge is gone",
      async () => (await log.log.describeGroup("merge")).members.length === 0,
    );

    const unknown = await flights([...forget, "nobody"], { data });
    assert.equal(unknown.code, 3, unknown.stderr);
    assert.match(unknown.stderr, /Cannot take nobody out of the writers of flightdata: .*merge/);
    const { told } = await run(data, ...forget, "merge");
    assert.match(String(told[0]!.message), /^took merge out of flightdata\.watermarks on 2 part/);
    assert.equal((await flights([...forget, "merge"], { data })).code, 3);
    assert.equal((await run(data, "topics", "watermarks", "flightdata")).stdout, "");

    await put(later(12));
    await stats.told("flightdata: from now on goes by its records' times");
    await end(stats);
    await run(data, "stats", "--until-end");
    const closed = (await consume(data, "userstatistics")).slice(before.length);
    assert.ok(
      closed.some(({ ts, headers }) =>
        ts >= flight!.ts + 10 * 60_000 && headers.includes("watermark")
      ),
      "its windows are closed by the times of the records",
    );
  },
});

Deno.test({
  ...permissions,
  name: "semantics 24: readers of a job that was reset and writes anew stay where they are",
  fn: async () => {
    using folder = dataFolder();
    const data = folder.path;
    await book(data, 600, { create: 2 });
    await run(data, "merge", "--until-end");
    await run(data, "stats", "--until-end");
    const results = await consume(data, "userstatistics");
    const { told: [reset] } = await run(data, "reset", "merge");
    assert.doesNotMatch(String(reset!.message), /watermarks/);
    await run(data, "merge", "--until-end");
    const bookings = [...await consume(data, "skyone"), ...await consume(data, "sunset")];
    const watermark = watermarkOfMerge(bookings);
    await run(data, "stats", "--until-end");
    const late = await consume(data, "flightdata.late");
    const closed = expectedFlights(bookings).map((text) => JSON.parse(text)[0] as number)
      .filter((ts) => Math.floor(ts / 60_000) * 60_000 + 59_999 <= watermark);
    assert.ok(closed.length > 0);
    assert.equal(late.length, closed.length);
    for (const { headers } of late) {
      assert.equal(headers[headers.indexOf("watermark") + 1], String(watermark));
    }
    assert.deepEqual(await consume(data, "userstatistics"), results);
  },
});

Deno.test({
  ...permissions,
  name: "topics watermarks goes with its topic, and says when nobody reports",
  fn: async () => {
    using folder = dataFolder();
    const data = folder.path;
    await book(data, 20, { create: 1 });
    const missing = await flights(["topics", "watermarks", "nowhere", "--wait", "0s"], { data });
    assert.equal(missing.code, 3, missing.stderr);
    const none = await run(data, "topics", "watermarks", "skyone");
    assert.equal(none.stdout, "");
    assert.match(String(none.told[0]!.message), /^no job reports watermarks of skyone/);
    await run(data, "merge", "--until-end", "--drain");
    const [task] = linesOf((await run(data, "topics", "watermarks", "flightdata")).stdout);
    const { reportedAt, producerId, ...rest } = task!;
    assert.ok(Number(reportedAt) > 0 && Number(producerId) > 0);
    const { length } = await consume(data, "flightdata");
    assert.deepEqual(rest, {
      partition: 0,
      job: "merge",
      task: 0,
      tasks: 1,
      watermark: null,
      idle: true,
      countsFrom: length,
      endOffset: length,
    });
    const { told } = await run(data, "topics", "delete", "flightdata");
    assert.match(
      String(told[0]!.message),
      /^deleted flightdata, and with it flightdata\.watermarks/,
    );
    const { stdout } = await run(data, "topics", "list");
    assert.ok(!stdout.includes("flightdata.watermarks\n") && stdout.includes("skyone\n"));
  },
});

/** The same log as the processes have it open. */
async function openLog(directory: string): Promise<AsyncDisposable & { readonly log: Log }> {
  const log = await openSqliteLog({ directory });
  return { log, [Symbol.asyncDispose]: () => log.close() };
}
