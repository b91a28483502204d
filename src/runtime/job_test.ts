import assert from "node:assert/strict";
import { type Clock, SimulatedClock, systemClock } from "../base/clock.ts";
import { FlightsError } from "../base/errors.ts";
import { openSqliteLog } from "../log/sqlite/sqlite_log.ts";
import { StreamEnvironment } from "../stream/environment.ts";
import { json } from "../stream/json.ts";
import { WatermarkStrategy } from "../stream/watermark_strategy.ts";
import { runJob } from "./job.ts";
import type { ResumedInput } from "./job_options.ts";
import type { JobStatus } from "./job_status.ts";
import {
  draining,
  fails,
  openLog,
  overlay,
  read,
  type Sale,
  sales,
  salesTopology,
  sell,
  total,
  until,
  untilEnd,
  withMembers,
} from "./test_sales.ts";

Deno.test("semantics 11: a bounded run stops at the end, and open windows stay for the next one", async () => {
  const log = await openLog();
  await sell(log, [0, 1], [30, 2], [61, 4]);
  const first = await runJob(log, sales(), untilEnd());
  assert.deepEqual(await read(log, "totals"), [total(60, 3)]);
  assert.equal(first.state, "stopped");
  assert.equal(first.tasks[0]!.held, 1);
  await sell(log, [119, 8], [120, 16]);
  await runJob(log, sales(), untilEnd());
  assert.deepEqual(await read(log, "totals"), [total(60, 3), total(120, 15)]);
  await log.close();
});

Deno.test("semantics 11: draining fires the open windows and moves the watermark to their end", async () => {
  const log = await openLog();
  await sell(log, [0, 1], [61, 4]);
  const status = await runJob(log, sales(), draining);
  assert.deepEqual(await read(log, "totals"), [total(60, 1), total(120, 5, "drain")]);
  assert.equal(status.tasks[0]!.watermark, 119_999);
  await sell(log, [119, 8], [180, 1]);
  const next = await runJob(log, sales(), untilEnd());
  assert.equal(next.tasks[0]!.outcomes.late, 1);
  assert.deepEqual(await read(log, "sales.late"), [
    `119000 ${JSON.stringify({ shop: "a", sum: 8 })} `,
  ]);
  await log.close();
});

Deno.test("semantics 11: records that come during a bounded run are left for the next one", async () => {
  const log = await openLog();
  await sell(log, [0, 1]);
  let appended = false;
  const status = await runJob(
    log,
    sales(),
    untilEnd({
      observer: {
        resumed: () => {
          appended = true;
          void sell(log, [90, 1]);
        },
      },
    }),
  );
  assert.ok(appended);
  assert.equal(status.tasks[0]!.inputs[0]!.position, 1);
  await log.close();
});

Deno.test("semantics 13: offsets, state and outputs are committed together, and an empty commit is not made", async () => {
  const log = await openLog();
  await sell(log, [0, 1], [61, 4]);
  const first = await runJob(log, sales(), untilEnd());
  assert.ok(first.commits.count > 0);
  const again = await runJob(log, sales(), untilEnd());
  // That it registers with its readers (semantics 24) is all there is to commit.
  assert.equal(again.commits.count, 1);
  const { offsets } = await log.describeGroup("sales-job");
  assert.deepEqual(offsets.map(({ topic, offset }) => [topic, offset]), [["sales", 2]]);
  await log.close();
});

Deno.test("semantics 13: a failing transaction leaves nothing, and the next start replays", async () => {
  const log = await openLog();
  await sell(log, [0, 1], [61, 4], [62, 8]);
  const full = new FlightsError("log-full", "Cannot commit: there must be room, there is none");
  const broken = withMembers(log, (member) => ({
    begin: () => overlay(member.begin(), { commit: () => Promise.reject(full) }),
  }));
  await fails("log-full", runJob(broken, sales(), untilEnd()));
  assert.deepEqual(await read(log, "totals"), []);
  assert.deepEqual((await log.describeGroup("sales-job")).offsets, []);
  await runJob(log, sales(), draining);
  assert.deepEqual(await read(log, "totals"), [total(60, 1), total(120, 13, "drain")]);
  await log.close();
});

Deno.test("semantics 14: state comes back from the changelog, however often the job is restarted", async () => {
  const log = await openLog();
  const expected: string[] = [];
  for (let minute = 0, sum = 0; minute < 12; minute++) {
    await sell(log, [minute * 60, 1], [minute * 60 + 59, 2]);
    await runJob(log, sales(), untilEnd());
    sum += 3;
    if (minute < 11) expected.push(total((minute + 1) * 60, sum));
  }
  assert.deepEqual(await read(log, "totals"), expected);
  await log.close();
});

Deno.test("semantics 14: saved windows of another size or lateness are refused, and kept", async () => {
  const log = await openLog();
  await sell(log, [0, 1]);
  await runJob(log, sales(), untilEnd());
  for (const topology of [salesTopology("2m"), salesTopology("1m", "10s")]) {
    const other = { applicationId: "sales-job", topology };
    await fails("state-incompatible", runJob(log, other, untilEnd()));
  }
  await runJob(log, sales(), draining);
  assert.deepEqual(await read(log, "totals"), [total(60, 1, "drain")]);
  await log.close();
});

Deno.test("semantics 16: a member that was replaced joins again and replays", async () => {
  const clock = new SimulatedClock();
  const log = await openLog(1, clock);
  await sell(log, [0, 1]);
  const stop = new AbortController();
  const statuses: JobStatus[] = [];
  const replaced: string[] = [];
  const running = runJob(log, sales(), {
    signal: stop.signal,
    commitInterval: 1,
    observer: { status: (status) => statuses.push(status), replaced: (why) => replaced.push(why) },
  });
  await until(() => (statuses.at(-1)?.commits.count ?? 0) > 0);
  // Its lease runs out; another member takes over, and leaves.
  clock.advance(60_000);
  const other = await log.join("sales-job", {
    description: "other",
    topics: ["sales"],
    version: "1",
  });
  await other.poll([], { maxWaitMs: 100 });
  assert.deepEqual(other.assignment.partitions, [0]);
  await sell(log, [61, 2]);
  await until(() => replaced.length > 0);
  await other.close();
  await until(() => statuses.at(-1)?.tasks[0]?.inputs[0]?.position === 2);
  stop.abort();
  await running;
  assert.deepEqual(await read(log, "totals"), [total(60, 1)]);
  await log.close();
});

Deno.test("semantics 17: a committed offset that is gone stops the job, unless it is decided where to go on", async () => {
  const clock = new SimulatedClock();
  const log = await openSqliteLog({ directory: ":memory:", clock });
  // Room for two batches of one sale.
  await log.createTopics([{ name: "sales", partitions: 1, retentionBytes: 250 }, {
    name: "totals",
    partitions: 1,
  }]);
  await sell(log, [0, 1]);
  await runJob(log, sales(), untilEnd());
  await sell(log, [61, 2], [62, 2], [63, 2]);
  // Retention looks at most once a second.
  clock.advance(1_000);
  await sell(log, [64, 2]);
  let startOffset = 0;
  await until(async () => {
    const [topic] = await log.describeTopics(["sales"]);
    startOffset = topic!.partitions[0]!.startOffset;
    return startOffset > 0;
  });
  assert.equal(startOffset, 3);
  const error = await fails("offset-out-of-range", runJob(log, sales(), untilEnd()));
  assert.match(error.message, new RegExp(`offset 1, the log starts at ${startOffset}`));
  const status = await runJob(log, sales(), untilEnd({ onDataLoss: "earliest" }));
  // The state was kept: the window of the first sale closes with it.
  assert.deepEqual(status.tasks[0]!.inputs[0]!.position, 5);
  assert.deepEqual(await read(log, "totals"), [total(60, 1)]);
  await log.close();
});

Deno.test("semantics 17: a topic created anew stops the job, and starts with empty state when so decided", async () => {
  const log = await openLog();
  await sell(log, [0, 1], [61, 2]);
  await runJob(log, sales(), untilEnd());
  await log.deleteTopics(["sales"]);
  await log.createTopics([{ name: "sales", partitions: 1 }]);
  await sell(log, [0, 16], [61, 32]);
  const error = await fails("topic-changed", runJob(log, sales(), draining));
  assert.match(error.message, /deleted and created anew/);
  await runJob(log, sales(), { ...draining, onDataLoss: "earliest" });
  assert.deepEqual(await read(log, "totals"), [
    total(60, 1),
    total(60, 16),
    total(120, 48, "drain"),
  ]);
  await log.close();
});

Deno.test("semantics 17: a topic deleted under a running job stops it", async () => {
  const log = await openLog();
  await sell(log, [0, 1]);
  const statuses: JobStatus[] = [];
  const running = fails(
    "topic-changed",
    runJob(log, sales(), {
      commitInterval: 1,
      observer: { status: (status) => statuses.push(status) },
    }),
  );
  await until(() => (statuses.at(-1)?.commits.count ?? 0) > 0);
  await log.deleteTopics(["sales"]);
  await running;
  await log.close();
});

Deno.test("semantics 18: a start tells where it resumes; the first one obeys from", async () => {
  const log = await openLog();
  await sell(log, [0, 1], [61, 2], [121, 4]);
  const told: ResumedInput[] = [];
  const observer = { resumed: (inputs: readonly ResumedInput[]) => void told.push(...inputs) };
  await runJob(log, { ...sales(), applicationId: "by-time" }, untilEnd({ from: 61_000, observer }));
  await runJob(
    log,
    { ...sales(), applicationId: "at-end" },
    untilEnd({ from: "latest", observer }),
  );
  await runJob(
    log,
    { ...sales(), applicationId: "at-end" },
    untilEnd({ from: "earliest", observer }),
  );
  await runJob(log, sales(), untilEnd({ observer }));
  const found = told.map(({ resume }) => [resume.kind, "offset" in resume ? resume.offset : null]);
  assert.deepEqual(found, [["first", 1], ["first", 3], ["committed", 3], ["first", 0]]);
  await log.close();
});

Deno.test("semantics 7: a member takes the oldest record over all its partitions", async () => {
  const log = await openLog(2);
  const env = new StreamEnvironment();
  env.fromSource(
    { topic: "sales", deserializer: json((value) => value as Sale) },
    WatermarkStrategy.forMonotonousTimestamps(),
  )
    .sinkTo({ topic: "totals" });
  await sell(
    log,
    [9, 9, "a", 0],
    [1, 1, "a", 1],
    [2, 2, "a", 1],
    [10, 10, "a", 0],
    [3, 3, "a", 1],
    [10, 11, "a", 1],
  );
  // One batch of a partition at a time: what is not fetched yet may be older.
  const slow = withMembers(log, (member) => ({
    poll: (positions, options) => member.poll(positions, { ...options, maxPartitionBytes: 1 }),
  }));
  await runJob(slow, { applicationId: "copy", topology: env.topology }, untilEnd());
  const sums = (await read(log, "totals")).map((text) => JSON.parse(text.split(" ")[1]!).sum);
  assert.deepEqual(sums, [1, 2, 3, 9, 10, 11]);
  await log.close();
});

Deno.test("a second member waits, says for whom, and takes over with the state when the first leaves", async () => {
  const log = await openLog();
  await sell(log, [0, 1]);
  const stops = [new AbortController(), new AbortController()];
  const waiting: string[] = [];
  const statuses: (JobStatus | undefined)[] = [];
  const run = (i: number) =>
    runJob(log, sales(), {
      commitInterval: 1,
      description: `member ${i}`,
      signal: stops[i]!.signal,
      observer: {
        waiting: (reason) => waiting.push(reason),
        status: (status) => statuses[i] = status,
      },
    });
  const first = run(0);
  await until(() => (statuses[0]?.commits.count ?? 0) > 0);
  const second = run(1);
  await until(() => waiting.length > 0);
  assert.match(waiting[0]!, /member 0/);
  stops[0]!.abort();
  await first;
  await sell(log, [61, 2]);
  await until(() => statuses[1]?.tasks[0]?.inputs[0]?.position === 2);
  stops[1]!.abort();
  await second;
  assert.deepEqual(await read(log, "totals"), [total(60, 1)]);
  await log.close();
});

Deno.test("semantics 16: a bounded run goes on when its log was lost for a moment, not for longer than it waits", async () => {
  const log = await openLog();
  await sell(log, [0, 1], [61, 4]);
  let losses = 0;
  const lost = (times: number) =>
    overlay(log, {
      join: (...args) =>
        losses++ < times
          ? Promise.reject(new FlightsError("log-unreachable", "Cannot join: as planned"))
          : log.join(...args),
    });
  const pace: Clock = {
    now: systemClock.now,
    sleep: (_, signal) => systemClock.sleep(1, signal),
  };
  const replaced: string[] = [];
  const observer = { replaced: (reason: string) => void replaced.push(reason) };
  const status = await runJob(lost(2), sales(), untilEnd({ pace, observer }));
  assert.equal(status.tasks[0]!.inputs[0]!.position, 2);
  assert.equal(replaced.length, 2);
  losses = 0;
  await fails("log-unreachable", runJob(lost(Infinity), sales(), untilEnd({ pace })));
  assert.ok(losses > 1);
  await log.close();
});

Deno.test("a bounded run does not wait for ever for another member or a topic", async () => {
  const log = await openLog();
  const holder = await log.join("sales-job", {
    description: "holder",
    topics: ["sales"],
    version: "1",
  });
  await holder.poll([], { maxWaitMs: 100 });
  await fails("members-alive", runJob(log, sales(), untilEnd()));
  await holder.close();
  await log.deleteTopics(["totals"]);
  await fails("topic-missing", runJob(log, sales(), untilEnd()));
  await log.close();
});

Deno.test("a job waits for its topics, says so once, and goes on by itself", async () => {
  const log = await openSqliteLog({ directory: ":memory:" });
  const stop = new AbortController();
  const waiting: string[] = [];
  let status: JobStatus | null = null;
  const running = runJob(log, sales(), {
    commitInterval: 1,
    signal: stop.signal,
    observer: { waiting: (reason) => waiting.push(reason), status: (one) => status = one },
  });
  await until(() => waiting.length > 0);
  await log.createTopics([{ name: "sales", partitions: 1 }, { name: "totals", partitions: 1 }]);
  await sell(log, [0, 1]);
  await until(() => status?.tasks[0]?.inputs[0]?.position === 1);
  stop.abort();
  await running;
  assert.deepEqual(waiting, ["the log has no topic sales, totals yet"]);
  await log.close();
});

Deno.test("a job waits until it can see the topics that another member has created at the same time", async () => {
  const log = await openLog();
  await sell(log, [0, 1]);
  await runJob(log, sales(), untilEnd());
  const changelog = "sales-job-changelog-sales";
  const waited: string[] = [];
  const slow = overlay(log, {
    createTopics: (topics) => {
      const message = `Cannot create topic ${topics[0]!.name}: it must be new, it exists`;
      return Promise.reject(new FlightsError("topic-exists", message));
    },
    describeTopics: async (names) => {
      const found = await log.describeTopics(names);
      return waited.length > 0 ? found : found.filter(({ name }) => name !== changelog);
    },
  });
  const waiting = (reason: string) => void waited.push(reason);
  await runJob(slow, sales(), { ...draining, observer: { waiting } });
  assert.deepEqual(waited, [`the log has no topic ${changelog} yet`]);
  assert.deepEqual(await read(log, "totals"), [total(60, 1, "drain")]);
  await log.close();
});
