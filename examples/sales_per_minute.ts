/**
 * A job of your own: what each shop sells in a minute.
 *
 * ```sh
 * deno run -A examples/sales_per_minute.ts
 * ```
 */

import {
  execute,
  StreamEnvironment,
  TumblingEventTimeWindows,
  WatermarkStrategy,
} from "../src/mod.ts";

interface Sale {
  readonly second: number;
  readonly shop: string;
  readonly sum: number;
}

const sales: readonly Sale[] = [
  { second: 0, shop: "harbour", sum: 5 },
  { second: 40, shop: "market", sum: 8 },
  { second: 62, shop: "harbour", sum: 7 },
  // Three seconds out of order: the window of the first minute is still open.
  { second: 59, shop: "market", sum: 1 },
  { second: 130, shop: "harbour", sum: 2 },
];

const env = new StreamEnvironment();
const watermarks = WatermarkStrategy.forBoundedOutOfOrderness<Sale>("5s")
  .withTimestampAssigner(({ second }) => second * 1_000);
env.fromCollection(sales, watermarks)
  .keyBy("shop")
  .window(TumblingEventTimeWindows.of("1m"))
  .reduce((a, b) => ({ ...a, sum: a.sum + b.sum }))
  .map(({ second, shop, sum }) => `minute ${Math.floor(second / 60)}: ${shop} ${sum}`)
  .print();
await execute(env);
