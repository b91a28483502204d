/** Which jobs may share a group. */

import assert from "node:assert/strict";
import type { DataStream, KeyedStream } from "../stream/data_stream.ts";
import { StreamEnvironment } from "../stream/environment.ts";
import { json } from "../stream/json.ts";
import { type StateTtl, ValueStateDescriptor } from "../stream/operators/functions.ts";
import { WatermarkStrategy } from "../stream/watermark_strategy.ts";
import type { Trigger } from "../stream/windows/trigger.ts";
import { CountTrigger } from "../stream/windows/triggers.ts";
import { TumblingEventTimeWindows } from "../stream/windows/window.ts";
import { runJob } from "./job.ts";
import { draining, openLog, overlay, type Sale } from "./test_sales.ts";

type Change = (
  stream: KeyedStream<Sale, string>,
  env: StreamEnvironment,
) => DataStream<Sale>;

const add = (a: Sale, b: Sale) => ({ shop: a.shop, sum: a.sum + b.sum });

const remembering = (ttl: StateTtl): Change => (stream) =>
  stream.process<Sale>((runtime) => {
    runtime.getState(new ValueStateDescriptor<number>("last", { ttl }));
    return { processElement: (sale, _, out) => out.collect(sale) };
  });

const windowed = (size: string, trigger: Trigger): Change => (stream) =>
  stream.window(TumblingEventTimeWindows.of(size)).trigger(trigger).reduce(add);

const joined = (upper: string): Change => (stream) =>
  stream.intervalJoin(stream).between(0, upper).process<Sale>(() => ({
    processElement: (left, right, _, out) => out.collect(add(left, right)),
  }));

const lookedUp = (isInner: boolean): Change => (stream, env) => {
  const table = env.fromTable({ topic: "shops", deserializer: json((value) => value) });
  return isInner
    ? stream.lookupJoin(table, (sale) => sale, { type: "inner" })
    : stream.lookupJoin(table, (sale) => sale);
};

/** The version under which the members of a job join their group. */
async function versionOf(change: Change): Promise<string> {
  const log = await openLog();
  await log.createTopics([{ name: "shops", partitions: 1 }]);
  const env = new StreamEnvironment();
  const stream = env.fromSource<Sale>(
    { topic: "sales", deserializer: json((value) => value as Sale), partitionedBy: "shop" },
    WatermarkStrategy.forMonotonousTimestamps(),
  ).keyBy("shop");
  change(stream, env).sinkTo({ topic: "totals" });
  const versions: string[] = [];
  const listening = overlay(log, {
    join: (group, options) => {
      versions.push(options.version);
      return log.join(group, options);
    },
  });
  await runJob(listening, { applicationId: "job", topology: env.topology }, draining);
  await log.close();
  return versions.join();
}

Deno.test("members whose jobs differ in a setting or a time-to-live are not of one version", async () => {
  const jobs = [
    remembering({ duration: "1h" }),
    remembering({ duration: "2h" }),
    remembering({ duration: "1h", updateOn: "read-and-write" }),
    remembering({ duration: "1h", time: "processing" }),
    windowed("1m", CountTrigger.of(1)),
    windowed("1m", CountTrigger.of(2)),
    windowed("2m", CountTrigger.of(2)),
    joined("1s"),
    joined("2s"),
    lookedUp(false),
    lookedUp(true),
  ];
  const versions = await Promise.all(jobs.map(versionOf));
  assert.equal(new Set(versions).size, jobs.length);
  assert.deepEqual(await Promise.all(jobs.map(versionOf)), versions);
});
