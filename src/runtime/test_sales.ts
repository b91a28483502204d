/** A small job that sums up sales, and a log for it: what the tests of running jobs share. */

import assert from "node:assert/strict";
import { type SimulatedClock, systemClock } from "../base/clock.ts";
import { textOf } from "../base/bytes.ts";
import { type ErrorCode, FlightsError } from "../base/errors.ts";
import { textHeader } from "../base/record.ts";
import type { Log, Member } from "../log/log.ts";
import { RecordBatchBuilder } from "../log/records/builder.ts";
import { openSqliteLog } from "../log/sqlite/sqlite_log.ts";
import { StreamEnvironment } from "../stream/environment.ts";
import { json } from "../stream/json.ts";
import type { Topology } from "../stream/topology.ts";
import { WatermarkStrategy } from "../stream/watermark_strategy.ts";
import { TumblingEventTimeWindows } from "../stream/windows/window.ts";
import type { JobOptions } from "./job_options.ts";

export interface Sale {
  readonly shop: string;
  readonly sum: number;
}

/** Running totals of sales by shop and minute. */
export function salesTopology(window = "1m", lateness = "0s"): Topology {
  const env = new StreamEnvironment();
  env.fromSource<Sale>(
    { topic: "sales", deserializer: json((value) => value as Sale), partitionedBy: "shop" },
    WatermarkStrategy.forMonotonousTimestamps(),
  )
    .keyBy("shop")
    .window(TumblingEventTimeWindows.of(window))
    .allowedLateness(lateness)
    .runningReduce((a, b) => ({ shop: a.shop, sum: a.sum + b.sum }))
    .sinkTo({
      topic: "totals",
      key: ({ shop }) => shop,
      headers: (_, { closedBy }) => [textHeader("closed-by", closedBy ?? "")],
    });
  return env.topology;
}

export const sales = (): { applicationId: string; topology: Topology } => ({
  applicationId: "sales-job",
  topology: salesTopology(),
});

export async function openLog(partitions = 1, clock?: SimulatedClock): Promise<Log> {
  const log = await openSqliteLog({ directory: ":memory:", ...(clock && { clock }) });
  await log.createTopics([{ name: "sales", partitions }, { name: "totals", partitions: 1 }]);
  return log;
}

/** Appends sales: time in seconds, sum, and for several partitions the partition. */
export async function sell(
  log: Log,
  ...rows: (readonly [second: number, sum: number, shop?: string, partition?: number])[]
) {
  for (const [second, sum, shop = "a", partition = 0] of rows) {
    const builder = new RecordBatchBuilder();
    builder.appendText(second * 1_000, null, JSON.stringify({ shop, sum }));
    await log.append([{ topic: "sales", partition, batch: builder.finish() }]);
  }
}

export async function read(log: Log, topic: string): Promise<string[]> {
  const found: string[] = [];
  const [described] = await log.describeTopics([topic]);
  for (const [partition, { startOffset, endOffset }] of described!.partitions.entries()) {
    for (let offset = startOffset; offset < endOffset;) {
      const [fetched] = await log.fetch([{ topic, partition, offset }]);
      for (const batch of fetched!.batches) {
        for (let i = batch.firstAt(offset); i < batch.count; i++) {
          const by = batch.headers(i).find(({ name }) => name === "closed-by")?.value;
          found.push([batch.timestamp(i), batch.valueText(i), by ? textOf(by) : ""].join(" "));
        }
      }
      offset = fetched!.nextOffset;
    }
  }
  return found;
}

export const total = (second: number, sum: number, by = "watermark", shop = "a") =>
  `${second * 1_000 - 1} ${JSON.stringify({ shop, sum })} ${by}`;

export const untilEnd = (options: JobOptions = {}): JobOptions => ({
  untilEnd: { drain: false, wait: 50 },
  ...options,
});
export const draining: JobOptions = { untilEnd: { drain: true, wait: 50 } };

export async function fails(code: ErrorCode, run: Promise<unknown>): Promise<FlightsError> {
  const error = await run.then(() => null, (error) => error);
  assert.ok(error instanceof FlightsError, `nothing failed with ${code}: ${error}`);
  assert.equal(error.code, code);
  return error;
}

/** The same object, but for what `own` has. */
export function overlay<T extends object>(target: T, own: Partial<T>): T {
  return new Proxy(target, {
    get: (_, name) => {
      if (name in own) return Reflect.get(own, name);
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** The same log, but for what `change` makes of each member that joins. */
export function withMembers(log: Log, change: (member: Member) => Partial<Member>): Log {
  return overlay(log, {
    join: async (...args) => {
      const member = await log.join(...args);
      return overlay(member, change(member));
    },
  });
}

/** Waits, for ten seconds at most, until `condition` holds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 10_000; i++) {
    if (await condition()) return;
    await systemClock.sleep(1);
  }
  throw new Error("what was waited for did not come");
}
