/** Everything that a process answers over HTTP. */

import { systemClock } from "../../base/clock.ts";
import { Frames } from "../frame.ts";
import { observe } from "../observe.ts";
import { dashboardRoutes } from "./dashboard_routes.ts";
import { type ListenAddress, serve, type StatusServer } from "./server.ts";
import { type StatusContext, statusRoutes } from "./status_routes.ts";

/**
 * Answers questions about a log and the jobs of this process, at `listen`: the dashboard, `/status`,
 * `/why`, `/live`, `/ready`, `/metrics`. A job tells how it is by its observer, and the log where it
 * answers by its `address`.
 *
 * ```ts
 * import { execute, type JobStatus, openSqliteLog, startStatusServer, StreamEnvironment } from "flights";
 *
 * const env = new StreamEnvironment();
 * const log = await openSqliteLog({ directory: ".flights" });
 * let newest: readonly JobStatus[] = [];
 * const server = startStatusServer({ log, own: () => newest }, { port: 9464 });
 * await execute(env, {
 *   log,
 *   applicationId: "mine",
 *   address: server.address,
 *   observer: { status: (status) => newest = [status] },
 * });
 * await server.close();
 * ```
 *
 * @throws {FlightsError} `invalid-argument` when the address is in use or is none of this machine's.
 */
export function startStatusServer(context: StatusContext, listen: ListenAddress): StatusServer {
  const { log, own, clock = systemClock } = context;
  let ownAddress = "";
  const look = () => observe(log, { now: clock.now(), own: own?.() ?? [], ownAddress });
  const frames = new Frames(log, look);
  const dashboard = dashboardRoutes(() => frames.look(), { clock });
  const server = serve({ ...dashboard.routes, ...statusRoutes(context, look) }, listen);
  ownAddress = server.address;
  return {
    address: server.address,
    close: async () => {
      dashboard.close();
      await server.close();
    },
  };
}
