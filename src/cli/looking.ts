/** What the commands that look at jobs have in common. */

import { Argument, type Command, Option } from "@commander-js/extra-typings";
import { systemClock } from "../base/clock.ts";
import { observe } from "../status/observe.ts";
import type { Log } from "../log/log.ts";
import { addressOf } from "../status/http/server.ts";
import type { LogOverview } from "../status/overview.ts";
import type { CommandContext } from "./command.ts";
import type { EverywhereOptions } from "./everywhere.ts";
import { withEverywhere } from "./everywhere.ts";
import type { HttpOption } from "./answering.ts";
import { withWait } from "./usage.ts";
import { applicationId, httpAddress } from "./values.ts";
import { waitForLog } from "./wait_for_topics.ts";

/** The options of a command that looks at jobs. */
export type LookOptions = EverywhereOptions & {
  readonly http?: HttpOption;
  readonly json?: true;
  readonly wait: number;
};

/** The job that is asked about. */
export function jobArgument() {
  return new Argument("[job]", "a job's application id (default: all jobs of the log)")
    .argParser(applicationId);
}

/** Adds {@linkcode LookOptions} to a command. */
export function withLookOptions<A extends unknown[], O extends Record<string, unknown>>(
  command: Command<A, O>,
  { json }: { readonly json: string },
): Command<A, O & LookOptions> {
  command
    .addOption(
      new Option("--http <[host:]port>", "where a running job answers, if the log cannot tell")
        .argParser(httpAddress),
    )
    .option("--json", json);
  return withEverywhere(withWait(command)) as unknown as Command<A, O & LookOptions>;
}

/** Looks at the log of a command, and its jobs; null when it was stopped while it waited. */
export async function look(
  context: CommandContext,
  options: Pick<LookOptions, "http" | "wait">,
): Promise<LogOverview | null> {
  const { wait } = options;
  return await waitForLog(context, (log) => lookOnce(log, options), { wait });
}

/** Looks without waiting. */
export function lookOnce(log: Log, { http }: Pick<LookOptions, "http">): Promise<LogOverview> {
  const addresses = http === undefined || http === "off"
    ? []
    : [addressOf(http.host ?? "127.0.0.1", http.port)];
  return observe(log, { now: systemClock.now(), addresses });
}
