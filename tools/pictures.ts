/**
 * `deno task pictures`: makes the pictures of README anew, each from the real program
 * (tests/pty/pictures_test.ts holds that of the terminal to it).
 */

import { dirname, join } from "node:path";
import { installChromium, launchChromium } from "../tests/browser/chromium.ts";
import { openPage } from "../tests/browser/page.ts";
import { dataFolder, startFlights } from "../tests/flights.ts";
import { TerminalRun } from "../tests/pty/terminal.ts";
import { root } from "./process.ts";
import { terminalSvg } from "./terminal_svg.ts";

/** A file in the repository, and what it is to hold. */
export interface Picture {
  readonly path: string;
  readonly make: () => Promise<string>;
}

/** The live view in the middle of a demo, some time after a silence. All is fixed: records, times, the log's name. */
async function terminalPicture(): Promise<string> {
  using folder = dataFolder();
  const args = ["demo", "--seed", "1", "--start", "2026-01-31T12:00", "--data", "demo"];
  await using run = new TerminalRun(args, {
    data: "demo",
    cwd: folder.path,
    columns: 100,
    rows: 32,
  });
  await run.shows(([title]) => title!.includes(" 12:23:30 "));
  const label = "The live view of a demo: jobs, what stands in the way, leading travellers";
  return terminalSvg(run.cells, { label });
}

/** What the demo takes for the minutes before it goes on at real time, at most, in milliseconds. */
const catchingUp = 20_000;
/** How long the dashboard is left to draw its charts, in milliseconds. */
const drawing = 45_000;

/** The dashboard of a demo that runs on at real time: its figures are others each time. */
async function dashboardPicture(colorScheme: "light" | "dark"): Promise<Uint8Array> {
  using folder = dataFolder();
  const args = ["demo", "--seed", "1", "--minutes", "10", "--follow", "--http", "0"];
  const demo = startFlights([...args, "--data", "demo"], { data: "demo", cwd: folder.path });
  const browser = await launchChromium(await installChromium());
  try {
    await demo.printed("bookings");
    const options = { width: 1180, height: 1320, colorScheme };
    await using watched = await openPage(browser, await demo.address(), options);
    // The charts begin at the real time: what the demo did before went by in a moment.
    await watched.page.waitForTimeout(catchingUp);
    await watched.page.reload();
    await watched.page.waitForTimeout(drawing);
    return await watched.page.screenshot();
  } finally {
    await browser.close();
    demo.kill("SIGTERM");
    await demo.result;
  }
}

/** Those that are the same each time, so that a test can hold the repository's to them. */
export const pictures: readonly Picture[] = [
  { path: "docs/pictures/terminal.svg", make: terminalPicture },
];

const dashboards = [
  { path: "docs/pictures/dashboard-light.png", make: () => dashboardPicture("light") },
  { path: "docs/pictures/dashboard-dark.png", make: () => dashboardPicture("dark") },
];

if (import.meta.main) {
  for (const { path, make } of dashboards) {
    await Deno.writeFile(join(root, path), await make());
    console.log(path);
  }
  for (const { path, make } of pictures) {
    const file = join(root, path);
    await Deno.mkdir(dirname(file), { recursive: true });
    await Deno.writeTextFile(file, await make());
    console.log(path);
  }
}
