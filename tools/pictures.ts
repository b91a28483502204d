/**
 * `deno task pictures`: makes the pictures of README anew, each from the real program
 * (tests/pty/picture_test.ts holds them to it).
 */

import { dirname, join } from "node:path";
import { dataFolder } from "../tests/flights.ts";
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

/** All of them. */
export const pictures: readonly Picture[] = [
  { path: "docs/pictures/terminal.svg", make: terminalPicture },
];

if (import.meta.main) {
  for (const { path, make } of pictures) {
    const file = join(root, path);
    await Deno.mkdir(dirname(file), { recursive: true });
    await Deno.writeTextFile(file, await make());
    console.log(path);
  }
}
