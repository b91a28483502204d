/**
 * A job of your own: what each shop sells in a minute, on the embedded log.
 *
 * ```sh
 * deno run -A examples/sales_per_minute.ts
 * ```
 */

import {
  json,
  type Log,
  openSqliteLog,
  RecordBatchBuilder,
  runJob,
  StreamEnvironment,
  textHeader,
  TumblingEventTimeWindows,
  WatermarkStrategy,
} from "../src/mod.ts";

interface Sale {
  readonly shop: string;
  readonly sum: number;
}

/** The job: from the topic sales to the topic totals. */
function salesPerMinute(): StreamEnvironment {
  const env = new StreamEnvironment();
  env.fromSource<Sale>(
    { topic: "sales", deserializer: json((value) => value as Sale), partitionedBy: "shop" },
    WatermarkStrategy.forBoundedOutOfOrderness("5s"),
  )
    .keyBy("shop")
    .window(TumblingEventTimeWindows.of("1m"))
    .reduce((a, b) => ({ shop: a.shop, sum: a.sum + b.sum }))
    .sinkTo({
      topic: "totals",
      key: ({ shop }) => shop,
      headers: (_, { window }) => [textHeader("window-start", window!.start)],
    });
  return env;
}

/** Writes sales: second, shop, sum. */
async function sell(log: Log, sales: readonly (readonly [number, string, number])[]) {
  const builder = new RecordBatchBuilder();
  for (const [second, shop, sum] of sales) {
    builder.appendText(second * 1_000, shop, JSON.stringify({ shop, sum }));
  }
  await log.append([{ topic: "sales", partition: 0, batch: builder.finish() }]);
}

/** Prints what is on the topic totals. */
async function printTotals(log: Log) {
  const [totals] = await log.fetch([{ topic: "totals", partition: 0, offset: 0 }]);
  for (const batch of totals!.batches) {
    for (let i = 0; i < batch.count; i++) {
      const start = new TextDecoder().decode(batch.headers(i)[0]!.value!);
      console.log(`minute ${Number(start) / 60_000}: ${batch.valueText(i)}`);
    }
  }
}

const log = await openSqliteLog({ directory: ":memory:" });
await log.createTopics([{ name: "sales", partitions: 1 }, { name: "totals", partitions: 1 }]);
await sell(log, [
  [0, "harbour", 5],
  [40, "market", 8],
  [62, "harbour", 7],
  // Three seconds out of order: the window of the first minute is still open.
  [59, "market", 1],
  [130, "harbour", 2],
]);
const { topology } = salesPerMinute();
await runJob(log, { applicationId: "sales-per-minute", topology }, {
  untilEnd: { drain: true, wait: 1_000 },
});
await printTotals(log);
await log.close();
