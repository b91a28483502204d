/** How a process that runs jobs answers questions about them: `--http`. */

import { Option } from "@commander-js/extra-typings";
import { type Clock, systemClock } from "../base/clock.ts";
import type { Log } from "../log/log.ts";
import type { JobStatus } from "../runtime/job_status.ts";
import type { ListenAddress } from "../status/http/server.ts";
import type { Teller } from "./logging.ts";
import { httpAddress } from "./values.ts";

/** Where to answer, as the options say; left out: see {@linkcode httpOption}. */
export type HttpOption = ListenAddress | "off";

/** The option of a job. On the embedded log it needs none, since the log can tell where it is. */
export function httpOption() {
  return new Option(
    "--http <[host:]port|off>",
    "answer questions there: dashboard, /metrics, /live, /ready, /status (default: on the embedded log a " +
      "free port of this machine, on Kafka off)",
  ).argParser(httpAddress);
}

/** What is answered, and where. */
export interface AnsweringOptions {
  readonly log: Log;
  readonly tell: Teller;
  /** As the option says. */
  readonly http: HttpOption | undefined;
  /** Whether the log is the embedded one. */
  readonly isEmbedded: boolean;
  /** The jobs that run in this process, as they are now. */
  readonly own: () => readonly JobStatus[];
  /** The clock that they go by; default the machine's. */
  readonly clock?: Clock;
}

/**
 * Answers while `body` runs, which is told the address, or null for none.
 *
 * @throws {FlightsError} `invalid-argument` when the address that was asked for cannot be had.
 */
export async function answering<T>(
  { log, tell, http, isEmbedded, own, clock = systemClock }: AnsweringOptions,
  body: (address: string | null) => Promise<T>,
): Promise<T> {
  const listen = http ?? (isEmbedded && mayListen() ? { port: 0 } : "off");
  if (listen === "off") return await body(null);
  // Only who answers needs what it takes.
  const { startStatusServer } = await import("../status/http/status_server.ts");
  const server = startStatusServer({ log, own, clock }, listen);
  tell.info(`answers at ${server.address}`, { address: server.address });
  try {
    return await body(server.address);
  } finally {
    await server.close();
  }
}

/** Nobody is asked for a permission that was not asked for. */
function mayListen(): boolean {
  return Deno.permissions.querySync({ name: "net" }).state === "granted";
}
