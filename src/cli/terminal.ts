/** The terminal that stdout goes to. */

import process from "node:process";
import { Screen } from "../status/terminal/screen.ts";
import type { TextOutput } from "./text_output.ts";

/** Its size as it is now; where it cannot be told, that of the first terminals. */
export function terminalSize(): { readonly columns: number; readonly rows: number } {
  const { columns, rows } = process.stdout;
  return { columns: columns || 80, rows: rows || 24 };
}

/** A screen on it, which is given back at the end of the process at the latest. */
export function screenOn(output: TextOutput): Screen {
  const screen = new Screen({
    write: (text) => output.write(text),
    get columns() {
      return terminalSize().columns;
    },
    get rows() {
      return terminalSize().rows;
    },
  });
  process.once("exit", () => screen.close());
  return screen;
}
