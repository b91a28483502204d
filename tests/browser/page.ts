/** A dashboard that is served frames by a test, and the page that shows it. */

import type { Browser, Page } from "playwright-core";
import { systemClock } from "../../src/base/clock.ts";
import type { Frame } from "../../src/status/frame.ts";
import { dashboardRoutes } from "../../src/status/http/dashboard_routes.ts";
import { serve, type StatusServer } from "../../src/status/http/server.ts";
import type { LogOverview } from "../../src/status/overview.ts";
import {
  inputStatus,
  jobOverview,
  jobStatus,
  logOverview,
  noon,
  taskStatus,
  topicOverview,
  windowStatus,
} from "../../src/status/test_overviews.ts";
import { why } from "../../src/status/why/why.ts";

/** A frame of an overview. */
export function frameOf(overview: LogOverview, change: Partial<Frame> = {}): Frame {
  const findings = why(overview);
  return { version: 1, overview, findings, results: [], strays: [], leaders: [], ...change };
}

/** A minute of merge and stats; `i` counts the looks. */
export function minute(i: number): Frame {
  const at = noon + i * 1_000;
  const position = 10 + i * 5;
  const read = { position, endOffset: position, lastRecordAt: at, lastMovedAt: at };
  const merge = jobStatus("merge", [
    taskStatus([
      inputStatus("skyone", { ...read, watermark: at - 2_000 }),
      inputStatus("sunset", read),
    ]),
  ], { at, writes: ["flightdata"] });
  const stats = jobStatus("stats", [
    taskStatus([inputStatus("flightdata", { ...read, watermark: at - 3_000 })], {
      windows: { count: 1, earliest: [windowStatus(noon, { keys: 7 })] },
    }),
  ], { at, writes: ["userstatistics"] });
  const topics = ["skyone", "sunset", "flightdata", "userstatistics"].map((name) =>
    topicOverview(name, { partitions: [{ startOffset: 0, endOffset: position }] })
  );
  return frameOf(logOverview([jobOverview(merge), jobOverview(stats)], { at, topics }), {
    leaders: [{ email_address: "A@email.com", total_flight_duration: 90, number_of_flights: 2 }],
  });
}

/** A server of frames. */
export interface FrameServer {
  readonly address: string;
  close(): Promise<void>;
}

/** Serves what `look` gives, again and again. */
export function serveFrames(
  look: () => Frame | Promise<Frame>,
  { interval = 100, port = 0 }: { readonly interval?: number; readonly port?: number } = {},
): FrameServer {
  const dashboard = dashboardRoutes(() => Promise.try(look), {
    clock: systemClock,
    interval,
  });
  const server: StatusServer = serve(dashboard.routes, { port });
  return {
    address: server.address,
    close: async () => {
      dashboard.close();
      await server.close();
    },
  };
}

/** A page, and what went wrong in it. */
export interface WatchedPage extends AsyncDisposable {
  readonly page: Page;
  /** Errors on its console, and those that nobody caught. */
  readonly errors: readonly string[];
}

/** Opens a page on an address. */
export async function openPage(
  browser: Browser,
  address: string,
  { width = 1240, height = 900, colorScheme = "light" }: {
    readonly width?: number;
    readonly height?: number;
    readonly colorScheme?: "light" | "dark";
  } = {},
): Promise<WatchedPage> {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme });
  const errors: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(error.message));
  await page.goto(address);
  await page.getByRole("heading", { name: "What stands in the way" }).waitFor();
  return { page, errors, [Symbol.asyncDispose]: () => page.close() };
}
