/** Opens the log that the options name. */

import process from "node:process";
import type { Log } from "../log/log.ts";
import { openSqliteLog } from "../log/sqlite/sqlite_log.ts";
import { openKafkaLog } from "../log/kafka/kafka_log.ts";
import type { EverywhereOptions } from "./everywhere.ts";
import { kafkaLogOptions } from "./kafka_settings.ts";

/**
 * Opens Kafka where brokers are named, on the command line or in the client properties; else the
 * embedded log. Client properties must have been read before.
 *
 * @param settings `readOnly`: an embedded log is left as it is, and must be there (`topic-missing`).
 * @throws {FlightsError} `log-unreachable`, `log-forbidden`, `log-corrupt`, `log-version`,
 * `invalid-argument` for client properties that cannot be used.
 */
export async function openLog(
  options: EverywhereOptions,
  { readOnly = false }: { readonly readOnly?: boolean } = {},
): Promise<Log> {
  const kafka = await kafkaLogOptions(options);
  if (kafka !== null) return openKafkaLog(kafka);
  const faultPoint = armedFaultPoint(process.env.FLIGHTS_FAULT_POINT);
  const { data: directory } = options;
  return await openSqliteLog({ directory, readOnly, ...(faultPoint && { faultPoint }) });
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
