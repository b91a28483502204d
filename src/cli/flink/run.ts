/** How a command that works with a cluster of Flink runs: as every command does, but without a log. */

import { type Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { systemClock } from "../../base/clock.ts";
import { FlightsError, messageOf } from "../../base/errors.ts";
import { GatewaySession } from "../../flink/gateway.ts";
import type { EverywhereOptions } from "../everywhere.ts";
import { exitCode, exitCodeOf } from "../exit_codes.ts";
import { withCommandConfigRead } from "../kafka_settings.ts";
import { startLogging, type Teller } from "../logging.ts";
import { listenForStop } from "../signals.ts";
import { duration } from "../values.ts";

/** What the body of such a command works with. */
export interface FlinkContext {
  readonly tell: Teller;
  /** The options of every command, with what the file they name holds. */
  readonly everywhere: EverywhereOptions;
  /** Aborted when the process is asked to stop. */
  readonly signal: AbortSignal;
}

/** Runs `body` and returns the exit code; errors are told, never thrown. */
export async function runFlinkCommand(
  options: EverywhereOptions,
  body: (context: FlinkContext) => Promise<void>,
): Promise<number> {
  const tell = startLogging(options);
  const stop = listenForStop();
  try {
    await body({ tell, everywhere: await withCommandConfigRead(options), signal: stop.signal });
    return stop.exitCode ?? exitCode.done;
  } catch (error) {
    // What it waited for was given up on when the signal came.
    if (stop.exitCode !== null) return stop.exitCode;
    const code = error instanceof FlightsError ? error.code : "internal";
    tell.error(messageOf(error), { code });
    return exitCodeOf(error);
  } finally {
    stop.close();
  }
}

/** The options by which a cluster is reached. */
export type GatewayOptions = {
  readonly gateway: string;
  readonly web?: string;
  readonly wait: number;
};

/** An address without a slash at its end. */
function address(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) {
    return text.replace(/\/+$/, "");
  }
  throw new InvalidArgumentError("It must be an address such as http://localhost:8083.");
}

/** Adds them to a command. @param waits what `--wait` waits for. */
export function withGateway<A extends unknown[], O extends Record<string, unknown>>(
  command: Command<A, O>,
  { waits, wait }: { readonly waits: string; readonly wait: readonly [number, string] },
): Command<A, O & GatewayOptions> {
  return command
    .addOption(
      new Option("--gateway <url>", "the cluster's SQL Gateway").argParser(address)
        .default("http://localhost:8083").env("FLIGHTS_FLINK_GATEWAY"),
    )
    .addOption(
      new Option("--web <url>", "its job manager (default: as the gateway knows it)")
        .argParser(address).env("FLIGHTS_FLINK_WEB"),
    )
    .addOption(
      new Option("--wait <duration>", waits).argParser(duration).default(...wait),
    ) as unknown as Command<A, O & GatewayOptions>;
}

/** How long the gateway may be away. */
const patience = 10_000;

/** Works in a session, which is closed at the end. */
export async function withSession<T>(
  { gateway, wait }: GatewayOptions,
  signal: AbortSignal,
  work: (session: GatewaySession) => Promise<T>,
): Promise<T> {
  const session = await GatewaySession.open({
    ...{ url: gateway, clock: systemClock, signal, patience: Math.min(wait, patience) },
  });
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}
