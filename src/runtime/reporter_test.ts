/** What the tasks of a job tell the readers of what they write (semantics 24). */

import assert from "node:assert/strict";
import { type Clock, SimulatedClock, systemClock } from "../base/clock.ts";
import { FlightsError } from "../base/errors.ts";
import type { Log } from "../log/log.ts";
import { openSqliteLog } from "../log/sqlite/sqlite_log.ts";
import { Chain, shopOn, topicOf } from "./test_chain.ts";
import { runJob } from "./job.ts";
import type { JobOptions } from "./job_options.ts";
import type { JobStatus } from "./job_status.ts";
import {
  draining,
  fails,
  openLog,
  overlay,
  read,
  sales,
  sell,
  until,
  untilEnd,
  withMembers,
} from "./test_sales.ts";
import { reportsOn } from "./test_writers.ts";

/** Watermarks, in the order in which they were told. */
const told = async (log: Log, topic = "totals", partition = 0) =>
  (await reportsOn(log, topic, partition)).map(({ watermark }) => watermark);

/** A job that goes on, on clocks that are moved by hand. */
function running(log: Log, options: JobOptions = {}) {
  const clock = new SimulatedClock(10_000_000);
  const paced = new SimulatedClock(1_000);
  const pace: Clock = {
    now: () => paced.now(),
    sleep: (_, signal) => systemClock.sleep(1, signal),
  };
  const stop = new AbortController();
  const seen: JobStatus[] = [];
  let polls = 0;
  const quick = withMembers(log, (member) => ({
    poll: (positions, options) => {
      polls++;
      return member.poll(positions, {
        ...options,
        maxWaitMs: Math.min(options?.maxWaitMs ?? 0, 2),
      });
    },
  }));
  const ended = runJob(quick, sales(), {
    clock,
    pace,
    commitInterval: 1,
    signal: stop.signal,
    observer: { status: (status) => seen.push(status) },
    ...options,
  });
  ended.catch(() => {});
  /** Lets time go by, and the job see what it is now. */
  const pass = async (milliseconds: number) => {
    clock.advance(milliseconds);
    paced.advance(milliseconds);
    const before = polls;
    await until(() => polls > before + 3);
  };
  return {
    pass,
    at: (offset: number) =>
      until(() => {
        paced.advance(1);
        return seen.at(-1)?.tasks[0]?.inputs[0]?.position === offset;
      }),
    stop: () => {
      stop.abort();
      return ended;
    },
  };
}

Deno.test("semantics 24: a task's first transaction on a topic holds its registration and nothing else", async () => {
  const log = await openLog();
  await sell(log, [0, 1], [61, 2]);
  let commits = 0;
  const failing = withMembers(log, (member) => ({
    begin: () => {
      const transaction = member.begin();
      return overlay(transaction, {
        commit: (...args) => {
          if (++commits === 1) return transaction.commit(...args);
          return Promise.reject(new FlightsError("log-full", "Cannot commit: as planned"));
        },
      });
    },
  }));
  await fails("log-full", runJob(failing, sales(), untilEnd()));
  const [totals] = await log.describeTopics(["totals"]);
  const [report, ...others] = await reportsOn(log, "totals");
  assert.deepEqual(others, []);
  const { task, tasks, topic, watermark, next } = report!;
  assert.deepEqual({ task, tasks, topic, watermark, next }, {
    task: 0,
    tasks: 1,
    topic: totals!.id,
    watermark: null,
    next: 0,
  });
  assert.deepEqual(await read(log, "totals"), []);
  const { offsets } = await log.describeGroup("sales-job");
  assert.deepEqual(offsets.map(({ offset }) => offset), [0]);
  await log.close();
});

Deno.test("semantics 24: a report is stamped with the job's clock and names the writer of the batches", async () => {
  const log = await openLog();
  await sell(log, [0, 1], [61, 2]);
  await runJob(log, sales(), untilEnd({ clock: new SimulatedClock(777) }));
  const [, last] = await reportsOn(log, "totals");
  const [fetched] = await log.fetch([{ topic: "totals", partition: 0, offset: 0 }]);
  assert.equal(last!.timestamp, 777);
  assert.equal(last!.producer, fetched!.batches[0]!.producerId);
  await log.close();
});

Deno.test("semantics 24: a task reports at most once a second, and in a run's last commit what has changed since", async () => {
  const log = await openLog();
  const job = running(log);
  await sell(log, [0, 1]);
  await job.at(1);
  const before = (await told(log)).length;
  for (let i = 1; i <= 5; i++) {
    await sell(log, [i, 1]);
    await job.at(i + 1);
  }
  assert.equal((await told(log)).length, before);
  await job.pass(1_000);
  assert.equal((await told(log)).at(-1), 4_999);
  assert.equal((await told(log)).length, before + 1);
  await sell(log, [61, 1]);
  await job.at(7);
  assert.equal((await told(log)).at(-1), 4_999);
  await job.stop();
  assert.equal((await told(log)).at(-1), 60_999);
  assert.equal(
    (await reportsOn(log, "totals")).at(-1)!.next,
    1,
    "behind what the watermark closed",
  );
  await log.close();
});

Deno.test("semantics 24: a report tells what its own commit holds, whatever is processed beside it", async () => {
  const log = await openLog();
  const waiting: (() => void)[] = [];
  let isOpen = false;
  let isReading = false;
  const held = withMembers(log, (member) => ({
    poll: (...args) => {
      if (waiting.length > 0) isReading = true;
      return member.poll(...args);
    },
    begin: () => {
      const transaction = member.begin();
      return overlay(transaction, {
        commit: async (...args) => {
          if (!isOpen) await new Promise<void>((resolve) => waiting.push(resolve));
          await transaction.commit(...args);
        },
      });
    },
  }));
  const job = running(held);
  await until(() => waiting.length === 1);
  waiting.pop()!();
  await sell(log, [0, 1]);
  await job.pass(1_000);
  await until(async () => {
    await job.pass(500);
    return waiting.length === 1;
  });
  isReading = false;
  await sell(log, [90, 1]);
  // It is read, and processed when the job asks for more.
  await until(() => isReading);
  await job.pass(0);
  isOpen = true;
  waiting.pop()!();
  await job.at(2);
  await job.stop();
  const found = await reportsOn(log, "totals");
  assert.deepEqual(found.map(({ watermark, next }) => [watermark, next]), [
    [null, 0],
    [-1, 0],
    [89_999, 1],
  ]);
  await log.close();
});

Deno.test("semantics 24: a quiet task is idle at once and comes back at once, and tells nothing in between", async () => {
  const log = await openLog();
  const job = running(log);
  await sell(log, [0, 1]);
  await job.at(1);
  // The window of the only record is closed by silence: until then it may give out what is older.
  for (let i = 0; i < 80; i++) await job.pass(1_000);
  const quiet = await told(log);
  assert.equal(quiet.at(-1), "idle");
  assert.equal(quiet.filter((one) => one === "idle").length, 1);
  const closing = quiet.filter((one) => typeof one === "number");
  assert.deepEqual(closing, closing.toSorted((a, b) => a - b));
  assert.ok(closing.at(-1)! < 59_999 + 1_000, `${closing}`);
  assert.equal((await read(log, "totals")).length, 1);
  for (let i = 0; i < 24; i++) await job.pass(3_600_000);
  assert.equal((await told(log)).length, quiet.length, "an idle job writes nothing");
  await sell(log, [90_000, 1]);
  await job.at(2);
  assert.equal((await told(log)).at(-1), 89_999_999);
  await job.stop();
  await log.close();
});

Deno.test("semantics 24: what silence closes in an idle task is not late for its readers, whose other writers go on", async () => {
  const chain = await Chain.open({ stages: ["1m", "1m"], partitions: [2, 1], outOfOrderness: 0 });
  const names = [0, 1].map((partition) => shopOn(partition, 2));
  const sale = (partition: number, time: number) =>
    chain.sell(partition, { shop: names[partition]!, sum: 1, time });
  for (const stage of [0, 1]) chain.start(stage);
  await sale(0, 600_000);
  await sale(1, 600_000);
  await chain.passed(0);
  for (let i = 1; i <= 40; i++) {
    chain.clock.advance(4_000);
    await sale(1, 600_000 + i * 4_000);
    await chain.passed(0);
    await chain.looked();
  }
  await chain.stopAll();
  for (const stage of [0, 1]) await chain.bounded(stage, { drain: true });
  assert.deepEqual(await read(chain.log, `${topicOf(1)}.late`), []);
  assert.equal((await read(chain.log, topicOf(2))).length, 4);
  await chain.close();
});

Deno.test("semantics 24: a task that was idle does not begin as idle, for it may have a backlog", async () => {
  const log = await openLog();
  const job = running(log);
  await sell(log, [0, 1]);
  await job.at(1);
  for (let i = 0; i < 80; i++) await job.pass(1_000);
  await job.stop();
  assert.equal((await told(log)).at(-1), "idle");
  const before = (await told(log)).length;
  await sell(log, [100, 1]);
  await runJob(log, sales(), untilEnd());
  const after = (await told(log)).slice(before);
  assert.equal(after.includes("idle"), false, `${after}`);
  await log.close();
});

Deno.test("semantics 24: after a bounded run a task holds, after a drain it is idle", async () => {
  const log = await openLog(2);
  await sell(log, [10, 1, "a", 0], [10, 1, "d", 1]);
  await runJob(log, sales(), untilEnd());
  const held = await reportsOn(log, "totals");
  assert.deepEqual(held.slice(-2).map(({ watermark }) => watermark), [9_999, 9_999]);
  await runJob(log, sales(), draining);
  const idle = (await reportsOn(log, "totals")).slice(-2);
  assert.deepEqual(idle.map(({ watermark, next }) => [watermark, next]), [["idle", 2], [
    "idle",
    2,
  ]]);
  await log.close();
});

Deno.test("semantics 24: each task reports on all partitions, of those it never wrote to the end that it found", async () => {
  const chain = await Chain.open({ stages: ["double"], partitions: [3], outOfOrderness: 0 });
  await chain.log.deleteTopics([topicOf(1)]);
  await chain.log.createTopics([{ name: topicOf(1), partitions: 2 }]);
  const [one, two] = [shopOn(0, 2), shopOn(1, 2)];
  await chain.sell(0, { shop: one!, sum: 1, time: 1_000 }, { shop: one!, sum: 1, time: 2_000 });
  await chain.sell(2, { shop: two!, sum: 1, time: 5_000 });
  await chain.bounded(0);
  const last = async (partition: number) => {
    const all = await reportsOn(chain.log, topicOf(1), partition);
    const tasks = [0, 1, 2].map((task) => all.findLast((report) => report.task === task)!);
    return tasks.map(({ tasks, watermark, next }) => [tasks, watermark, next]);
  };
  assert.deepEqual(await last(0), [[3, 1_999, 2], [3, "idle", 0], [3, 4_999, 0]]);
  assert.deepEqual(await last(1), [[3, 1_999, 0], [3, "idle", 0], [3, 4_999, 1]]);
  // A start finds ends that cover all that was written before it, by whomever.
  await chain.bounded(0);
  assert.deepEqual((await last(0)).map(([, , next]) => next), [2, 2, 2]);
  await chain.close();
});

Deno.test("semantics 24: a quiet task reports anew before its report is deleted by age", async () => {
  const log = await openSqliteLog({
    directory: ":memory:",
    clock: new SimulatedClock(10_000_000),
  });
  await log.createTopics([
    { name: "sales", partitions: 1 },
    { name: "totals", partitions: 1, retentionMs: 60_000 },
  ]);
  const job = running(log);
  const isThere = async () => (await log.describeTopics(["totals.watermarks"])).length > 0;
  await until(async () => await isThere() && (await told(log)).length > 0);
  await job.pass(10_000);
  assert.deepEqual(await told(log), [null, "idle"]);
  await job.pass(29_000);
  assert.equal((await told(log)).length, 2);
  await job.pass(1_000);
  assert.deepEqual(await told(log), [null, "idle", "idle"]);
  await job.stop();
  await log.close();
});

Deno.test("semantics 24: members that share and hand over tasks keep the chain exact", async () => {
  const chain = await Chain.open({
    stages: ["double", "1m"],
    partitions: [4, 2],
    outOfOrderness: 0,
  });
  const shops = ["ann", "bob", "cid", "dee"];
  const sellAll = async (time: number) => {
    for (const [partition, shop] of shops.entries()) {
      await chain.sell(partition, { shop, sum: 1, time: time + partition * 30_000 });
      await chain.looked();
    }
  };
  const reader = chain.start(1);
  const first = chain.start(0);
  await sellAll(600_000);
  const second = chain.start(0);
  await sellAll(700_000);
  // Its place is taken while it does not ask.
  second.hold();
  chain.leaseClock.advance(60_000);
  await chain.passed(0);
  second.release();
  await sellAll(800_000);
  const last = chain.start(1);
  await reader.stop();
  await first.stop();
  await sellAll(900_000);
  await chain.passed(0);
  await last.stop();
  await second.stop();
  for (const stage of [0, 1]) await chain.bounded(stage, { drain: true });
  assert.deepEqual(await read(chain.log, `${topicOf(1)}.late`), []);
  const found = (await read(chain.log, topicOf(2))).map((text) =>
    JSON.parse(text.split(" ")[1]!).sum
  );
  assert.equal(found.reduce((sum, one) => sum + one, 0), 32);
  await chain.close();
});
