/** How every command runs: logging, signals, the log, and the exit code. */

import { messageOf } from "../base/errors.ts";
import type { Log } from "../log/log.ts";
import type { EverywhereOptions } from "./everywhere.ts";
import { exitCode, exitCodeOf } from "./exit_codes.ts";
import { startLogging, type Teller } from "./logging.ts";
import { withCommandConfigRead } from "./kafka_settings.ts";
import { openLog } from "./open_log.ts";
import { listenForStop } from "./signals.ts";

/** What the body of a command works with. */
export interface CommandContext {
  readonly log: Log;
  readonly tell: Teller;
  /** The options of every command, with what the file they name holds. */
  readonly everywhere: EverywhereOptions;
  /** Aborted when the process is asked to stop. */
  readonly signal: AbortSignal;
}

/** The body of a command; returns its exit code, by default 0 or that of the signal. */
export type CommandBody = (context: CommandContext) => Promise<number | void>;

/**
 * Opens the log, runs `body` and returns the exit code; errors are told, never thrown.
 *
 * @param settings `readOnly`: the command only looks, and makes no log.
 */
export async function runCommand(
  options: EverywhereOptions,
  body: CommandBody,
  { readOnly = false }: { readonly readOnly?: boolean } = {},
): Promise<number> {
  const tell = startLogging(options);
  const stop = listenForStop();
  let log: Log | null = null;
  try {
    const everywhere = await withCommandConfigRead(options);
    log = await openLog(everywhere, { readOnly });
    const code = await body({ log, tell, everywhere, signal: stop.signal });
    return code ?? stop.exitCode ?? exitCode.done;
  } catch (error) {
    tell.error(messageOf(error), { code: codeOf(error) });
    return exitCodeOf(error);
  } finally {
    await log?.close();
    stop.close();
  }
}

function codeOf(error: unknown): string {
  return error !== null && typeof error === "object" && "code" in error
    ? String(error.code)
    : "internal";
}
