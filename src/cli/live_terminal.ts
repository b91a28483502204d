/** The terminal of this process while a live picture is on it. */

import process from "node:process";
import type { Line } from "../status/terminal/cells.ts";
import type { Size } from "../status/terminal/picture.ts";
import { Screen } from "../status/terminal/screen.ts";
import { isColored } from "./logging.ts";
import type { TextOutput } from "./text_output.ts";

/** Whether a picture can be drawn where stdout goes. */
export function canDraw(): boolean {
  return process.stdout.isTTY === true && process.env.TERM !== "dumb";
}

/** A picture in a size. */
export type Picture = (size: Size) => readonly Line[];

/**
 * Shows pictures until {@linkcode LiveTerminal.close}, which leaves the last one behind; on every way out
 * of the process the terminal is as it was. `q` asks for the end, and Ctrl-C is the signal it always is.
 */
export class LiveTerminal {
  readonly #screen: Screen;
  readonly #quit = new AbortController();
  /** What gives back what was taken, the last taken first. */
  readonly #undo: (() => void)[] = [];
  #picture: Picture | null = null;

  /** @param options `color`: whether colours are wanted. */
  constructor(output: TextOutput, options: { readonly color: boolean }) {
    this.#screen = new Screen((text) => output.write(text), {
      color: isColored(options, process.stdout),
    });
    this.#undo.push(() => this.#screen.close());
    this.#on("SIGWINCH", () => {
      this.#screen.resized();
      this.#draw();
    });
    // Ctrl-Z gives the terminal to the shell until the process goes on.
    this.#on("SIGTSTP", () => {
      this.#screen.close();
      this.#setKeys("lines");
      process.kill(process.pid, "SIGSTOP");
    });
    this.#on("SIGCONT", () => {
      this.#setKeys("single");
      this.#draw();
    });
    // A second Ctrl-C ends the process at once.
    this.#on("exit", () => this.close());
    // What is not caught ends it without that.
    for (const type of ["error", "unhandledrejection"]) {
      const close = () => this.close();
      globalThis.addEventListener(type, close);
      this.#undo.push(() => globalThis.removeEventListener(type, close));
    }
    this.#listenForKeys();
  }

  /** Aborted when the reader wants no more. */
  get quit(): AbortSignal {
    return this.#quit.signal;
  }

  /** Shows a picture, now and after each change of the terminal's size. */
  show(picture: Picture): void {
    this.#picture = picture;
    this.#draw();
  }

  /** Gives the terminal back; a second time changes nothing. */
  close(): void {
    for (const undo of this.#undo.splice(0).reverse()) undo();
  }

  #draw(): void {
    if (this.#picture !== null) this.#screen.draw(this.#picture(terminalSize()));
  }

  #on(event: "SIGWINCH" | "SIGTSTP" | "SIGCONT" | "exit", listener: () => void): void {
    process.on(event, listener);
    this.#undo.push(() => process.off(event, listener));
  }

  #listenForKeys(): void {
    if (process.stdin.isTTY !== true) return;
    const onData = (bytes: Uint8Array) => {
      if (bytes.includes("q".charCodeAt(0))) this.#quit.abort();
    };
    this.#setKeys("single");
    this.#undo.push(() => this.#setKeys("lines"));
    process.stdin.on("data", onData);
    this.#undo.push(() => {
      process.stdin.off("data", onData);
      process.stdin.pause();
    });
  }

  /** Single keys come at once and are not shown; those of signals stay what they are. */
  #setKeys(mode: "single" | "lines"): void {
    if (process.stdin.isTTY !== true) return;
    if (mode === "single") Deno.stdin.setRaw(true, { cbreak: true });
    else Deno.stdin.setRaw(false);
  }
}

/** The size of the terminal; one that does not know it is taken for one of 80 by 24. */
function terminalSize(): Size {
  const { columns, rows } = Deno.consoleSize();
  return columns > 0 && rows > 0 ? { columns, rows } : { columns: 80, rows: 24 };
}
