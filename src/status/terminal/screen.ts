/** A picture on a terminal that is drawn over and over, on the terminal's other screen. */

/** What a screen writes to: a terminal. */
export interface Terminal {
  write(text: string): void;
  /** As they are now; a terminal can be made larger and smaller. */
  readonly columns: number;
  readonly rows: number;
}

const otherScreen = "\x1b[?1049h\x1b[?25l";
const ownScreen = "\x1b[?25h\x1b[?1049l";

/** Draws pictures; what was on the terminal before comes back when it is closed. */
export class Screen {
  readonly #terminal: Terminal;
  #isOpen = false;
  #size = "";

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Draws lines in place of those before; none may be wider than the terminal. */
  draw(lines: readonly string[]): void {
    const size = `${this.#terminal.columns} ${this.#terminal.rows}`;
    // After a change of size lines may have been broken: nothing of them is to stay.
    const clean = this.#isOpen && size === this.#size ? "" : "\x1b[2J";
    const open = this.#isOpen ? "" : otherScreen;
    this.#isOpen = true;
    this.#size = size;
    const text = lines.map((line) => `${line}\x1b[K`).join("\r\n");
    this.#terminal.write(`${open}${clean}\x1b[H${text}\x1b[J`);
  }

  /** Gives the terminal back. Does nothing the second time. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#terminal.write(ownScreen);
  }
}
