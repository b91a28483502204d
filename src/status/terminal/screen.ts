/** Draws pictures on a terminal. */

import { styleText } from "node:util";
import { type Line, plainText } from "./cells.ts";

/** The screen without the shell's history, no cursor, and what is too long is cut and not wrapped. */
const enter = "\x1b[?1049h\x1b[?25l\x1b[?7l";
const leave = "\x1b[?7h\x1b[?25h\x1b[?1049l";
/** A terminal that knows mode 2026 shows nothing half drawn. */
const beginFrame = "\x1b[?2026h\x1b[H";
const endFrame = "\x1b[?2026l";
const clearScreen = "\x1b[2J";

/** Where pictures are drawn, each over the one before. */
export class Screen {
  readonly #write: (text: string) => void;
  readonly #color: boolean;
  #last: readonly Line[] | null = null;
  #isClear = true;

  /** @param options `color`: whether styles are shown. */
  constructor(write: (text: string) => void, { color }: { readonly color: boolean }) {
    this.#write = write;
    this.#color = color;
  }

  /** Draws a picture; the first one takes over the terminal. */
  draw(lines: readonly Line[]): void {
    const start = this.#last === null ? enter : "";
    const clear = this.#isClear ? "" : clearScreen;
    const over = Math.max(0, (this.#last?.length ?? 0) - lines.length);
    this.#last = lines;
    this.#isClear = true;
    // Each line is cleared before it is drawn: after one that is full the cursor stands on its last cell.
    const text = [...lines, ...Array.from({ length: over }, (): Line => [])]
      .map((line) => `\x1b[2K${paint(line, this.#color)}`).join("\r\n");
    this.#write(`${start}${beginFrame}${clear}${text}${endFrame}`);
  }

  /** The terminal has another size: what it made of the picture is to go before the next is drawn. */
  resized(): void {
    this.#isClear = false;
  }

  /** Gives the terminal back, and leaves the last picture behind; a second time changes nothing. */
  close(): void {
    const last = this.#last;
    if (last === null) return;
    this.#last = null;
    this.#write(leave + last.map((line) => `${paint(line, this.#color)}\n`).join(""));
  }
}

/** A line with its styles as escape sequences, or without any. */
export function paint(line: Line, color: boolean): string {
  if (!color) return plainText(line).trimEnd();
  return line.map(({ text, style }) =>
    style === undefined || text.trim() === ""
      ? text
      : styleText(style, text, { validateStream: false })
  ).join("");
}
