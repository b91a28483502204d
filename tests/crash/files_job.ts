/**
 * A job between files, for crash tests: `files_job.ts FOLDER` copies the sales in `sales.jsonl` to
 * `copies.jsonl` and writes each shop's sums by minute to `sums.jsonl`. It says `starts`, and `fed` when
 * the job itself begins.
 */

import { openLog } from "../../src/cli/open_log.ts";
import {
  execute,
  json,
  Sinks,
  Sources,
  StreamEnvironment,
  TumblingEventTimeWindows,
  WatermarkStrategy,
} from "../../src/mod.ts";
import type { Sale } from "./files_oracle.ts";

const [folder] = Deno.args;

function parse(value: unknown): Sale {
  const sale = value as Sale;
  if (typeof sale.shop !== "string") throw new Error("a sale has a shop");
  return sale;
}

const env = new StreamEnvironment();
const sales = env.fromSource(
  Sources.file(`${folder}/sales.jsonl`, json(parse)),
  WatermarkStrategy.forMonotonousTimestamps<Sale>().withTimestampAssigner(({ at }) => at),
);
sales.sinkTo(Sinks.file(`${folder}/copies.jsonl`));
sales.keyBy("shop")
  .window(TumblingEventTimeWindows.of("1m"))
  .reduce((a, b) => ({ ...a, sum: a.sum + b.sum }))
  .map(({ shop, sum }) => ({ shop, sum }))
  .sinkTo(Sinks.file(`${folder}/sums.jsonl`));

const telling = { logLevel: "info", logFormat: "text", color: false } as const;
const log = await openLog({ data: `${folder}/log`, ...telling });
console.error("starts");
await execute(env, {
  applicationId: "files",
  log,
  commitInterval: 5,
  observer: { resumed: () => console.error("fed") },
});
await log.close();
