/** `flights demo`. */

import { Command, Option } from "@commander-js/extra-typings";
import process from "node:process";
import { SimulatedClock, systemClock } from "../base/clock.ts";
import type { JobStatus } from "../runtime/job_status.ts";
import { answering, type HttpOption } from "./answering.ts";
import { runCommand } from "./command.ts";
import { runDemo } from "./demo/demo_run.ts";
import { demoView } from "./demo/demo_view.ts";
import { type EverywhereOptions, withEverywhere } from "./everywhere.ts";
import { exitCode } from "./exit_codes.ts";
import { TextOutput } from "./text_output.ts";
import { withExamples } from "./usage.ts";
import { filled, httpAddress, integer, seed, time } from "./values.ts";

const minute = 60_000;

/** Builds the command. */
export function demoCommand() {
  const command = new Command("demo")
    .description("runs datagen, merge and stats in one process, with a simulated clock")
    .addOption(
      new Option("--minutes <n>", "minutes of event time").argParser(integer(10, 100_000)).default(
        30,
      ),
    )
    .addOption(new Option("--seed <s>", "what is booked").argParser(seed).default(1))
    .addOption(
      new Option("--start <time>", "first event time (default: so that it ends at now)")
        .argParser(time),
    )
    .option("--follow", "run on at real time afterwards")
    .addOption(
      new Option("--http <[host:]port>", "serve the dashboard there meanwhile").argParser(
        httpAddress,
      ),
    );
  withExamples(command, [
    ["flights demo", "half an hour of event time, in seconds"],
    ["flights demo --minutes 120 --seed 7", "more of it, and other bookings"],
    ["flights demo --follow", "run on at real time afterwards"],
    ["flights demo --follow --http 9464", "with a dashboard at http://127.0.0.1:9464"],
    ["flights demo --data shown", "keep its log, to look into it"],
  ]);
  const complete = withEverywhere(command, {
    data: new Option("--data <dir>", "folder for the demo's log (default: one that is deleted)")
      .argParser(filled),
  });
  return complete.action(async (options) => {
    process.exitCode = await demo(options);
  });
}

interface DemoCommandOptions extends Omit<EverywhereOptions, "data"> {
  readonly data?: string;
  readonly minutes: number;
  readonly seed: number;
  readonly start?: number;
  readonly follow?: true;
  readonly http?: HttpOption;
}

/** Runs the demo on a log of its own; returns the exit code. */
async function demo(options: DemoCommandOptions): Promise<number> {
  const { minutes, seed, follow = false } = options;
  const fresh = options.data === undefined;
  const data = options.data ?? Deno.makeTempDirSync({ prefix: "flights-demo-" });
  const start = options.start ??
    Math.floor(systemClock.now() / minute) * minute - minutes * minute;
  const output = new TextOutput();
  const view = demoView(output, options);
  try {
    return await runCommand({ ...options, data }, async ({ log, tell, signal: asked }) => {
      const signal = AbortSignal.any([asked, output.closed, view.quit]);
      const clock = new SimulatedClock(start);
      const statuses = new Map<string, JobStatus>();
      const own = () => [...statuses.values()];
      const audit = await answering(
        { log, tell, http: options.http ?? "off", isEmbedded: true, own, clock },
        () => runDemo({ log, seed, start, minutes, follow, signal, view, clock, statuses }),
      );
      view.end(audit);
      const good = audit.checks.every(({ expected, found }) => expected === found);
      return good ? undefined : exitCode.mismatch;
    });
  } finally {
    view.close();
    if (fresh) Deno.removeSync(data, { recursive: true });
  }
}
