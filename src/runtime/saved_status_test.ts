/** What commits tell when nobody runs a job, held against what its last member told. */

import assert from "node:assert/strict";
import type { Log } from "../log/log.ts";
import { RecordBatchBuilder } from "../log/records/builder.ts";
import { StreamEnvironment } from "../stream/environment.ts";
import { json } from "../stream/json.ts";
import { operatorCases } from "../stream/tests/test_operators.ts";
import { WatermarkStrategy } from "../stream/watermark_strategy.ts";
import { TumblingEventTimeWindows } from "../stream/windows/window.ts";
import { runJob } from "./job.ts";
import type { Job } from "./job_options.ts";
import type { JobStatus } from "./job_status.ts";
import { resetJob } from "./reset.ts";
import { isJobName, savedStatus, topicIdOf } from "./saved_status.ts";
import { openCase } from "./test_cases.ts";
import { draining, openLog, type Sale, sales, sell, untilEnd } from "./test_sales.ts";

async function look(log: Log, job: string): Promise<JobStatus> {
  const { offsets } = await log.describeGroup(job);
  return savedStatus(job, { offsets, topics: await log.describeTopics(), now: 7 });
}

/** What a commit can tell of a status. */
function lasting({ applicationId, reads, writes, tasks }: JobStatus) {
  return {
    applicationId,
    reads: reads.toSorted(),
    writes,
    tasks: tasks.map(({ stateEntries: _1, stateBytes: _2, windows: _3, inputs, ...task }) => ({
      ...task,
      inputs: inputs.map((
        { topic, position, endOffset, lag, watermark, idle, outcomes, carried, writers, heldBy },
      ) => ({
        topic,
        position,
        endOffset,
        lag,
        watermark,
        idle,
        outcomes,
        carried,
        writers,
        heldBy,
      })),
    })),
  };
}

for (const drain of [false, true]) {
  Deno.test(
    `savedStatus tells of every operator's job what its member told last, ${
      drain ? "drained" : "with windows open"
    }`,
    async () => {
      let held = 0;
      for (const operatorCase of operatorCases) {
        const log = await openCase(operatorCase);
        const job = { applicationId: "a-job", topology: operatorCase.topology() };
        const told = await runJob(log, job, { untilEnd: { drain, wait: 1_000 } });
        const saved = await look(log, "a-job");
        assert.deepEqual(lasting(saved), lasting(told), operatorCase.name);
        held += saved.tasks.reduce((sum, task) => sum + task.held, 0);
        await log.close();
      }
      if (!drain) assert.ok(held > 0, "some are held");
    },
  );
}

/** Totals of two topics of sales, on any partition: three stages. */
function repartitioning(): Job {
  const env = new StreamEnvironment();
  const source = (topic: string) =>
    env.fromSource<Sale>(
      { topic, deserializer: json((value) => value as Sale) },
      WatermarkStrategy.forMonotonousTimestamps(),
    );
  source("sales").union(source("more"))
    .keyBy("shop").window(TumblingEventTimeWindows.of("1m"))
    .reduce((a, b) => ({ shop: a.shop, sum: a.sum + b.sum }))
    .keyBy("sum").reduce((_, b) => b)
    .sinkTo({ topic: "totals" });
  return { applicationId: "sales-job", topology: env.topology };
}

Deno.test("savedStatus puts the inputs of a job that repartitions into its stages", async () => {
  const log = await openLog(2);
  await log.createTopics([{ name: "more", partitions: 2 }]);
  await sell(log, [0, 1, "a", 0], [61, 2, "b", 1], [130, 4, "a", 1]);
  for (const partition of [0, 1]) {
    const builder = new RecordBatchBuilder();
    builder.appendText(70_000, null, JSON.stringify({ shop: "c", sum: 8 }));
    await log.append([{ topic: "more", partition, batch: builder.finish() }]);
  }
  const told = await runJob(log, repartitioning(), untilEnd());
  const saved = await look(log, "sales-job");
  assert.deepEqual(lasting(saved), lasting(told));
  assert.deepEqual(saved.tasks.map(({ ended }) => ended), [
    "hold",
    "hold",
    null,
    "hold",
    "hold",
    null,
  ]);
  assert.ok(new Set(saved.tasks.map(({ stage }) => stage)).size >= 3, "three stages");
  assert.deepEqual([saved.state, saved.at, saved.members], ["stopped", 7, []]);
  await log.close();
});

Deno.test("savedStatus tells positions and lags of what another program has committed", async () => {
  const log = await openLog();
  await sell(log, [0, 1], [61, 2], [130, 4]);
  const metadata = ["", "{}", "null", "7", '{"v":1}', '{"v":1,"topic":"x","counts":null}'];
  for (const text of metadata) {
    const offset = { topic: "sales", partition: 0, offset: 1, metadata: text };
    await log.resetGroup("flink", [offset]);
    const { reads, writes, tasks: [task, ...others] } = await look(log, "flink");
    assert.deepEqual([reads, writes, others], [["sales"], [], []]);
    const { inputs: [input], ...rest } = task!;
    assert.deepEqual([input!.position, input!.lag, input!.watermark], [1, 2, null], text);
    assert.deepEqual([rest.stage, rest.watermark, rest.holder], ["sales", null, null]);
    assert.equal(topicIdOf(offset), null);
  }
  await log.close();
});

Deno.test("savedStatus of a job that was reset, of gone topics, and of nobody", async () => {
  const log = await openLog();
  await sell(log, [0, 1], [61, 2]);
  await runJob(log, sales(), draining);
  await resetJob(log, "sales-job", { to: 0 });
  const reset = await look(log, "sales-job");
  assert.deepEqual(reset.tasks.map(({ stage, inputs }) => [stage, inputs[0]!.lag]), [["sales", 2]]);
  const { offsets } = await log.describeGroup("sales-job");
  assert.notEqual(topicIdOf(offsets[0]!), null);
  const gone = savedStatus("sales-job", { offsets, topics: [], now: 0 });
  assert.deepEqual(gone.tasks[0]!.inputs.map(({ endOffset, lag }) => [endOffset, lag]), [[
    null,
    null,
  ]]);
  const { reads, tasks } = await look(log, "nobody");
  assert.deepEqual([reads, tasks], [[], []]);
  await log.close();
});

Deno.test("groups of feeds and taps are no jobs", () => {
  const names = ["merge", "stats-2", "merge-source-in", "merge-sink-out"];
  assert.deepEqual(names.filter(isJobName), ["merge", "stats-2"]);
});
