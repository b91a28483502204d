/** Everything that a process answers over HTTP. */

import { type ListenAddress, serve, type StatusServer } from "./server.ts";
import { type StatusContext, statusRoutes } from "./status_routes.ts";

/**
 * Answers questions about a log and the jobs of this process, at `listen`.
 *
 * @throws {FlightsError} as `serve` does.
 */
export function startStatusServer(context: StatusContext, listen: ListenAddress): StatusServer {
  return serve({ ...statusRoutes(context) }, listen);
}
