/** Everything that a process answers over HTTP. */

import { Frames } from "../frame.ts";
import { observe } from "../observe.ts";
import { dashboardRoutes } from "./dashboard_routes.ts";
import { type ListenAddress, serve, type StatusServer } from "./server.ts";
import { type StatusContext, statusRoutes } from "./status_routes.ts";

/**
 * Answers questions about a log and the jobs of this process, at `listen`.
 *
 * @throws {FlightsError} as `serve` does.
 */
export function startStatusServer(context: StatusContext, listen: ListenAddress): StatusServer {
  const { log, own, clock } = context;
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
