/// <reference lib="dom" />
/** The stream of frames: it comes again by itself when it was cut off. */

import type { Frame } from "../frame.ts";
import type { History } from "../history.ts";

/** What the page knows. */
export interface View {
  /** The newest frame; null before the first. */
  readonly frame: Frame | null;
  readonly connection: "connecting" | "live" | "lost";
  /** Why the server has no newer one, as it says; null while it has, or says nothing. */
  readonly reason: string | null;
  /** When that frame came, on this machine's clock. */
  readonly since: number;
}

/** With no frame for so long the picture is not live, whatever the connection says, in milliseconds. */
const stale = 5_000;
/** The browser does not come again by itself after an answer that is no stream: a proxy's, say. */
const retryMs = 1_000;

/** Follows the events of the server until the returned function is called. */
export function follow(history: History, show: (view: View) => void): () => void {
  let source: EventSource;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let view: View = { frame: null, connection: "connecting", reason: null, since: Date.now() };
  const update = (change: Partial<View>) => {
    view = { ...view, ...change };
    show(view);
  };
  const connect = () => {
    source = new EventSource("events");
    source.addEventListener("frame", (event) => {
      const frame: Frame = JSON.parse((event as MessageEvent<string>).data);
      history.add(frame.overview);
      update({ frame, connection: "live", reason: null, since: Date.now() });
    });
    source.addEventListener("failed", (event) => {
      const { reason } = JSON.parse((event as MessageEvent<string>).data);
      update({ connection: "lost", reason });
    });
    source.addEventListener("error", () => {
      if (view.frame !== null) update({ connection: "lost", reason: null });
      if (source.readyState === EventSource.CLOSED) retry = setTimeout(connect, retryMs);
    });
  };
  connect();
  const timer = setInterval(() => {
    if (view.connection === "lost") update({});
    else if (view.frame !== null && Date.now() - view.since > stale) update({ connection: "lost" });
  }, 1_000);
  return () => {
    clearInterval(timer);
    clearTimeout(retry);
    source.close();
  };
}
