/** A command on a real pseudo-terminal, and a real terminal's idea of what stands on its screen. */

import { fileURLToPath } from "node:url";
import xterm from "@xterm/headless";
import { commandLine } from "../flights.ts";

type Emulator = InstanceType<typeof xterm.Terminal>;

/** How a command is run. */
export interface TerminalOptions {
  readonly columns: number;
  readonly rows: number;
  /** The folder of the embedded log. */
  readonly data: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Where it runs; default: here. */
  readonly cwd?: string;
}

/** A cell's colour: of the palette, or the terminal's own. */
export interface Cell {
  readonly text: string;
  readonly color: number | null;
  readonly isBold: boolean;
  readonly isDim: boolean;
}

/** A screen that is waited for longer than this will not come, in milliseconds. */
const patience = 60_000;
const endOfFrame = "\x1b[?2026l";

/** How a command left its terminal. */
export interface TerminalEnd {
  /** The exit code; below zero the signal that ended it. */
  readonly code: number;
  /** Whether what is typed is shown. */
  readonly echo: boolean;
  /** Whether the terminal takes whole lines. */
  readonly lines: boolean;
}

/** A command that runs on a terminal. */
export class TerminalRun {
  readonly #emulator: Emulator;
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #waiting = new Set<() => void>();
  readonly #errors: Promise<string>;
  readonly #ended: Promise<void>;
  #hasEnded = false;
  #isCursorShown = true;
  #isHalfDrawn = false;
  #title: string | null = null;

  /** Starts `flights` with these arguments. */
  constructor(args: readonly string[], { columns, rows, data, env = {}, cwd }: TerminalOptions) {
    this.#emulator = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
    this.#onMode("h", true);
    this.#onMode("l", false);
    this.#emulator.onTitleChange((title) => this.#title = title);
    const driver = fileURLToPath(new URL("./driver.py", import.meta.url));
    this.#child = new Deno.Command("python3", {
      args: [driver, String(columns), String(rows), ...commandLine(), ...args],
      env: { FLIGHTS_DATA: data, TERM: "xterm-256color", ...env },
      ...(cwd !== undefined && { cwd }),
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#errors = new Response(this.#child.stderr).text();
    this.#ended = this.#read();
  }

  /** What the emulator keeps to itself: whether the cursor is shown, and a frame is half drawn. */
  #onMode(final: "h" | "l", isSet: boolean): void {
    this.#emulator.parser.registerCsiHandler({ prefix: "?", final }, (modes) => {
      if (modes.includes(25)) this.#isCursorShown = isSet;
      if (modes.includes(2026)) this.#isHalfDrawn = isSet;
      return false;
    });
  }

  async #read(): Promise<void> {
    let text = "";
    const decoder = new TextDecoder();
    for await (const bytes of this.#child.stdout) {
      text += decoder.decode(bytes, { stream: true });
      // Whoever looks sees each frame, and none half drawn.
      for (let end = text.indexOf(endOfFrame); end >= 0; end = text.indexOf(endOfFrame)) {
        await this.#write(text.slice(0, end + endOfFrame.length));
        text = text.slice(end + endOfFrame.length);
      }
      // An end that is not all there yet is to be found with the next bytes.
      const begun = text.lastIndexOf("\x1b");
      const isBegun = begun >= 0 && text.length - begun < endOfFrame.length;
      const whole = isBegun ? text.slice(0, begun) : text;
      await this.#write(whole);
      text = text.slice(whole.length);
    }
    await this.#write(text);
    this.#hasEnded = true;
    this.#look();
  }

  async #write(text: string): Promise<void> {
    await new Promise<void>((resolve) => this.#emulator.write(text, resolve));
    if (!this.#isHalfDrawn) this.#look();
  }

  #look(): void {
    for (const look of this.#waiting) look();
  }

  /** The lines that stand on the screen, without the spaces behind them. */
  get screen(): readonly string[] {
    const { active } = this.#emulator.buffer;
    return Array.from(
      { length: this.#emulator.rows },
      (_, i) => active.getLine(active.viewportY + i)?.translateToString(true) ?? "",
    );
  }

  /** All that was written, with what has left the screen. */
  get scrollback(): readonly string[] {
    const { normal } = this.#emulator.buffer;
    return Array.from(
      { length: normal.length },
      (_, i) => normal.getLine(i)?.translateToString(true) ?? "",
    );
  }

  /** Whether the cursor is shown. */
  get isCursorShown(): boolean {
    return this.#isCursorShown;
  }

  /** What the terminal's window was named; null while it was not. */
  get title(): string | null {
    return this.#title;
  }

  /** Whether the program draws on the terminal's other screen. */
  get isOnOtherScreen(): boolean {
    return this.#emulator.buffer.active.type === "alternate";
  }

  /** Whether lines were broken since they were too long. */
  get hasWrapped(): boolean {
    const { active } = this.#emulator.buffer;
    return Array.from({ length: this.#emulator.rows }, (_, i) => active.getLine(i)?.isWrapped)
      .some((one) => one === true);
  }

  /** The cells of the screen, with their colours. */
  get cells(): readonly (readonly Cell[])[] {
    const { active } = this.#emulator.buffer;
    return Array.from({ length: this.#emulator.rows }, (_, row) => {
      const line = active.getLine(active.viewportY + row);
      return Array.from({ length: this.#emulator.cols }, (_, column): Cell => {
        const cell = line?.getCell(column);
        return {
          text: cell?.getChars() || " ",
          color: cell?.isFgPalette() ? cell.getFgColor() : null,
          isBold: (cell?.isBold() ?? 0) > 0,
          isDim: (cell?.isDim() ?? 0) > 0,
        };
      });
    });
  }

  /** Resolves when the screen is as asked for; rejects when the command ends before, or hangs. */
  async shows(isThere: (screen: readonly string[]) => boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const fail = (what: string) =>
      reject(new Error(`${what}, the screen is:\n${this.screen.join("\n")}`));
    const look = () => {
      if (isThere(this.screen)) resolve();
      else if (this.#hasEnded) fail("The command has ended");
    };
    const deadline = setTimeout(() => fail(`It has not come in ${patience / 1_000} s`), patience);
    this.#waiting.add(look);
    look();
    try {
      await promise;
    } finally {
      this.#waiting.delete(look);
      clearTimeout(deadline);
    }
  }

  /** Makes the terminal another size. */
  async resize(columns: number, rows: number): Promise<void> {
    this.#emulator.resize(columns, rows);
    await this.#tell({ resize: [columns, rows] });
  }

  /** Types on its keyboard: `\x03` is Ctrl-C. */
  async type(text: string): Promise<void> {
    await this.#tell({ type: text });
  }

  /** Sends the program a signal, by its number. */
  async signal(number: number): Promise<void> {
    await this.#tell({ signal: number });
  }

  async #tell(command: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#input.write(new TextEncoder().encode(`${JSON.stringify(command)}\n`));
  }

  /** Resolves when the command has ended, and all that it wrote is on the screen. */
  async end(): Promise<TerminalEnd> {
    await this.#ended;
    await this.#input.close().catch(() => {});
    await this.#child.status;
    return JSON.parse((await this.#errors).trim().split("\n").at(-1)!);
  }

  /** Ends the command if it has not ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#hasEnded) await this.#input.close().catch(() => {});
    await this.#ended;
    await this.#child.status;
    this.#emulator.dispose();
  }
}
