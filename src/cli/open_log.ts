/** Opens the log that the options name. */

import process from "node:process";
import type { Log } from "../log/log.ts";
import { openSqliteLog } from "../log/sqlite/sqlite_log.ts";
import type { EverywhereOptions } from "./everywhere.ts";

/**
 * Opens the embedded log.
 *
 * @throws {FlightsError} `log-unreachable`, `log-forbidden`, `log-corrupt`, `log-version`.
 */
export function openLog(options: EverywhereOptions): Promise<Log> {
  const faultPoint = armedFaultPoint(process.env.FLIGHTS_FAULT_POINT);
  return openSqliteLog({ directory: options.data, ...(faultPoint && { faultPoint }) });
}

/**
 * For crash tests: `NAME:N` in the environment kills the process with SIGKILL when it comes to the
 * step NAME of a commit for the Nth time.
 */
function armedFaultPoint(setting: string | undefined): ((name: string) => void) | null {
  if (setting === undefined || setting === "") return null;
  const [armed, count] = setting.split(":");
  let left = Number(count ?? 1);
  return (name) => {
    if (name === armed && --left === 0) process.kill(process.pid, "SIGKILL");
  };
}
