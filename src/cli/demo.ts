/** `flights demo`. */

import { Command, Option } from "@commander-js/extra-typings";
import process from "node:process";
import { systemClock } from "../base/clock.ts";
import { runCommand } from "./command.ts";
import { runDemo } from "./demo/demo_run.ts";
import { demoView } from "./demo/demo_view.ts";
import { withEverywhere } from "./everywhere.ts";
import { exitCode } from "./exit_codes.ts";
import { withExamples } from "./usage.ts";
import { integer } from "./values.ts";

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
    .addOption(new Option("--seed <s>", "what is booked").argParser(integer(0)).default(1))
    .option("--follow", "run on at real time afterwards");
  withExamples(command, [
    ["flights demo", "half an hour of event time, in seconds"],
    ["flights demo --minutes 120 --seed 7", "more of it, and other bookings"],
    ["flights demo --follow", "run on at real time afterwards"],
  ]);
  return withEverywhere(command).action(async (options, self) => {
    const fresh = self.getOptionValueSource("data") === "default";
    const data = fresh ? Deno.makeTempDirSync({ prefix: "flights-demo-" }) : options.data;
    const start = Math.floor(systemClock.now() / minute) * minute - options.minutes * minute;
    const view = demoView(options);
    process.exitCode = await runCommand({ ...options, data }, async ({ log, signal }) => {
      const { minutes, seed, follow = false } = options;
      const audit = await runDemo({ log, seed, start, minutes, follow, signal, view });
      view.end(audit);
      const good = audit.checks.every(({ expected, found }) => expected === found);
      return good ? undefined : exitCode.mismatch;
    });
    if (fresh) Deno.removeSync(data, { recursive: true });
  });
}
