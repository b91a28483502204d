/** The dashboard: one page, and the stream of events that keeps it live. */

import { SharedLook } from "../shared_look.ts";
import type { Clock } from "../../base/clock.ts";
import { utf8 } from "../../base/bytes.ts";
import type { Frame } from "../frame.ts";
import page from "../page/dashboard.html" with { type: "text" };
import script from "../page/dashboard.bundle.js" with { type: "text" };
import style from "../page/dashboard.css" with { type: "text" };
import type { Routes } from "./server.ts";

/** A page that takes so many events less than it was sent is too slow, and cut off: it comes again. */
const longestQueue = 8;
/** How long a page waits before it comes again, in milliseconds. */
const retryMs = 1_000;

/** The routes, and what ends the streams of events. */
export interface DashboardRoutes {
  readonly routes: Routes;
  /** Cuts off all who listen. */
  close(): void;
}

/**
 * `/`, `/dashboard.js`, `/dashboard.css`: the page. `/events`: a frame a second as server-sent events,
 * as long as somebody listens.
 */
export function dashboardRoutes(
  look: () => Promise<Frame>,
  { clock, interval }: { readonly clock: Clock; readonly interval?: number },
): DashboardRoutes {
  // Encoded once for all who listen.
  const frames = new SharedLook(
    async () => utf8(`event: frame\ndata: ${JSON.stringify(await look())}\n\n`),
    { clock, ...(interval !== undefined && { interval }) },
  );
  const streams = new Set<() => void>();
  const events = (): Response => {
    let leave = () => {};
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        const end = () => {
          leave();
          controller.close();
        };
        const send = (bytes: Uint8Array) => {
          if ((controller.desiredSize ?? 0) < -longestQueue) end();
          else controller.enqueue(bytes);
        };
        send(utf8(`retry: ${retryMs}\n\n`));
        const unwatch = frames.watch({
          seen: send,
          failed: (reason) => send(utf8(`event: failed\ndata: ${JSON.stringify({ reason })}\n\n`)),
        });
        leave = () => {
          unwatch();
          streams.delete(end);
        };
        streams.add(end);
      },
      cancel: () => leave(),
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  };
  return {
    routes: {
      "/": () => asset(page, "text/html"),
      "/dashboard.js": () => asset(script, "text/javascript"),
      "/dashboard.css": () => asset(style, "text/css"),
      "/events": events,
    },
    close: () => {
      for (const end of [...streams]) end();
    },
  };
}

function asset(text: string, type: string): Response {
  return new Response(text, { headers: { "content-type": `${type}; charset=utf-8` } });
}
