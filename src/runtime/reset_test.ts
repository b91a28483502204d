import assert from "node:assert/strict";
import { openSqliteLog } from "../log/sqlite/sqlite_log.ts";
import type { Log } from "../log/log.ts";
import { RecordBatchBuilder } from "../log/records/builder.ts";
import { StreamEnvironment } from "../stream/environment.ts";
import { json } from "../stream/json.ts";
import { WatermarkStrategy } from "../stream/watermark_strategy.ts";
import { TumblingEventTimeWindows } from "../stream/windows/window.ts";
import { runJob } from "./job.ts";
import type { ResumePoint } from "./resume.ts";
import { resetJob } from "./reset.ts";
import { fails } from "./test_sales.ts";

interface Sale {
  readonly shop: string;
  readonly sum: number;
}

/** Running totals of sales by shop and minute. */
function salesJob() {
  const env = new StreamEnvironment();
  env.fromSource<Sale>(
    { topic: "sales", deserializer: json((value) => value as Sale), partitionedBy: "shop" },
    WatermarkStrategy.forMonotonousTimestamps(),
  )
    .keyBy("shop")
    .window(TumblingEventTimeWindows.of("1m"))
    .runningReduce((a, b) => ({ shop: a.shop, sum: a.sum + b.sum }))
    .sinkTo({ topic: "totals", key: ({ shop }) => shop });
  return { applicationId: "job", topology: env.topology };
}

/** A log with one sale of 1, 2, 4 and 8 in the minutes 0 to 3. */
async function openLog(): Promise<Log> {
  const log = await openSqliteLog({ directory: ":memory:" });
  await log.createTopics(["sales", "totals"].map((name) => ({ name, partitions: 1 })));
  const builder = new RecordBatchBuilder();
  for (let minute = 0; minute < 4; minute++) {
    builder.appendText(minute * 60_000, null, `{"shop":"a","sum":${2 ** minute}}`);
  }
  await log.append([{ topic: "sales", partition: 0, batch: builder.finish() }]);
  return log;
}

/** Runs the job to the end and returns where it resumed. */
async function run(log: Log): Promise<ResumePoint> {
  let resume: ResumePoint | undefined;
  await runJob(log, salesJob(), {
    untilEnd: { drain: true, wait: 0 },
    observer: { resumed: ([input]) => resume = input!.resume },
  });
  return resume!;
}

/** The totals written so far. */
async function totals(log: Log): Promise<readonly number[]> {
  const [fetched] = await log.fetch([{ topic: "totals", partition: 0, offset: 0 }]);
  return fetched!.batches.flatMap((batch) =>
    Array.from({ length: batch.count }, (_, i) => JSON.parse(batch.valueText(i)!).sum)
  );
}

Deno.test("resetJob to earliest makes the next start a first start with empty state", async () => {
  const log = await openLog();
  await run(log);
  assert.deepEqual(await totals(log), [1, 3, 7, 15]);
  assert.deepEqual(await resetJob(log, "job"), {
    inputs: ["sales"],
    offsets: [],
    deletedTopics: ["job-changelog-sales"],
  });
  assert.deepEqual(await log.describeTopics(["job-changelog-sales"]), []);
  assert.equal((await run(log)).kind, "first");
  assert.deepEqual(await totals(log), [1, 3, 7, 15, 1, 3, 7, 15]);
  await log.close();
});

Deno.test("resetJob to a time lets the next start go on from there with empty state", async () => {
  const log = await openLog();
  await run(log);
  const { offsets } = await resetJob(log, "job", { to: 90_000 });
  assert.deepEqual(offsets.map(({ topic, partition, offset }) => [topic, partition, offset]), [
    ["sales", 0, 2],
  ]);
  const resume = await run(log);
  assert.deepEqual([resume.kind, "offset" in resume && resume.offset], ["committed", 2]);
  assert.deepEqual(await totals(log), [1, 3, 7, 15, 4, 12]);
  // A restart after that keeps the new state.
  const builder = new RecordBatchBuilder();
  builder.appendText(240_000, null, '{"shop":"a","sum":16}');
  await log.append([{ topic: "sales", partition: 0, batch: builder.finish() }]);
  await run(log);
  assert.equal((await totals(log)).at(-1), 28);
  await log.close();
});

Deno.test("resetJob leaves other jobs' topics and offsets alone", async () => {
  const log = await openLog();
  await log.createTopics([{ name: "job2-changelog-sales", partitions: 1 }]);
  const other = [{ topic: "sales", partition: 0, offset: 1, metadata: "" }];
  await log.resetGroup("job2", other);
  await run(log);
  await resetJob(log, "job");
  assert.deepEqual((await log.describeGroup("job2")).offsets, other);
  const names = (await log.describeTopics()).map(({ name }) => name);
  assert.deepEqual(names, [
    "job2-changelog-sales",
    "sales",
    "sales.dead-letter",
    "sales.late",
    "totals",
    "totals.watermarks",
  ]);
  await log.close();
});

Deno.test("resetJob changes nothing while a member lives, and names it", async () => {
  const log = await openLog();
  await run(log);
  const before = await log.describeGroup("job");
  const member = await log.join("job", {
    description: "job (process 1)",
    topics: ["sales"],
    version: "1",
  });
  await assert.rejects(resetJob(log, "job"), {
    code: "members-alive",
    message: /job \(process 1\) is; stop it first/,
  });
  await member.close();
  assert.deepEqual(await log.describeGroup("job"), before);
  assert.equal((await log.describeTopics(["job-changelog-sales"])).length, 1);
  await log.close();
});

Deno.test("resetJob of a job that never ran finds nothing", async () => {
  const log = await openLog();
  const nothing = { inputs: [], offsets: [], deletedTopics: [] };
  assert.deepEqual(await resetJob(log, "nobody"), nothing);
  assert.deepEqual(await resetJob(log, "nobody", { to: 5 }), nothing);
  await log.close();
});

Deno.test("no job goes by a name that a reset would take for a topic of another", async () => {
  const log = await openSqliteLog({ directory: ":memory:" });
  const job = { ...salesJob(), applicationId: "a-sink-x" };
  const error = await fails("invalid-argument", runJob(log, job));
  assert.match(error.message, /must not contain "-sink-"/);
  await log.close();
});
