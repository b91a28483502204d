/**
 * Runs the exactly-once suite by hand:
 *
 *     deno run -A tests/kafka/exactly_once/run.ts --seed 7 --minutes 30
 *
 * Prints each fault with its time, and at last what there was and what was found. The exit code is 1
 * where anything was found.
 */

import { parseArgs } from "node:util";
import { Random } from "../../../src/base/random.ts";
import { describeReport } from "./report.ts";
import { runSuite } from "./suite.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    minutes: { type: "string", default: "1" },
    every: { type: "string", default: "2500" },
    rate: { type: "string", default: "100" },
    "spares-first": { type: "boolean", default: false },
  },
});
const seed = Number(values.seed ?? new Random(Date.now()).below(1_000_000));
console.log(`seed ${seed}`);
const report = await runSuite({
  seed,
  seconds: Number(values.minutes) * 60,
  every: Number(values.every),
  rate: Number(values.rate),
  sparesFirst: values["spares-first"],
  tell: console.log,
});
console.log(describeReport(report));
if (report.findings.length > 0) Deno.exitCode = 1;
