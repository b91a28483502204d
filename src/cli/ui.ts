/** `flights ui`. */

import { Command, Option } from "@commander-js/extra-typings";
import process from "node:process";
import { systemClock } from "../base/clock.ts";
import { FlightsError } from "../base/errors.ts";
import type { ListenAddress } from "../status/http/server.ts";
import { runCommand } from "./command.ts";
import { withEverywhere } from "./everywhere.ts";
import { withExamples } from "./usage.ts";
import { httpAddress } from "./values.ts";

/** Builds the command. */
export function uiCommand() {
  const command = new Command("ui")
    .summary("shows all jobs of a log in a browser")
    .description(
      "serves the dashboard of all jobs of a log: flow, lag, event time, windows, late and dead letters, and what " +
        "stands in the way",
    )
    .addOption(
      new Option("--http <[host:]port>", "where to serve it; 0 is any free port")
        .argParser((text) => httpAddress(text)).default({ port: 9464 }, "9464 of this machine"),
    );
  withExamples(command, [
    ["flights ui", "open http://127.0.0.1:9464 in a browser"],
    ["flights ui --bootstrap-server localhost:9092", "the jobs on a Kafka"],
  ]);
  return withEverywhere(command).action(async (options) => {
    const { http } = options;
    process.exitCode = await runCommand(options, async ({ log, tell, signal }) => {
      if (http === "off") {
        throw new FlightsError(
          "invalid-argument",
          "Cannot serve the dashboard: --http must be a port, it is off",
        );
      }
      const { startStatusServer } = await import("../status/http/status_server.ts");
      const listen: ListenAddress = http;
      const server = startStatusServer({ log, own: null, clock: systemClock }, listen);
      tell.info(`the dashboard is at ${server.address}`, { address: server.address });
      try {
        await new Promise<void>((resolve) => {
          if (signal.aborted) resolve();
          signal.addEventListener("abort", () => resolve(), { once: true });
        });
      } finally {
        await server.close();
      }
    }, { readOnly: true });
  });
}
