/** `flights status --watch`: a live view on a terminal, lines elsewhere. */

import process from "node:process";
import { systemClock } from "../base/clock.ts";
import { FlightsError } from "../base/errors.ts";
import type { Frame } from "../status/frame.ts";
import { History } from "../status/history.ts";
import { SharedLook } from "../status/shared_look.ts";
import { plainLines, view } from "../status/terminal/view.ts";
import { screenOn, terminalSize } from "./terminal.ts";
import type { TextOutput } from "./text_output.ts";

/** How it is shown. */
export interface WatchOptions {
  readonly output: TextOutput;
  readonly color: boolean;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/**
 * Shows a frame a second until the signal; on a terminal at once again when its size changes.
 *
 * @throws {FlightsError} `log-unreachable` when the first look fails; later ones are shown as they come.
 */
export async function watch(
  look: () => Promise<Frame>,
  { output, color, signal }: WatchOptions,
): Promise<void> {
  const shown = process.stdout.isTTY === true
    ? new TerminalWatch(output, color)
    : new LineWatch(output);
  const ended = Promise.withResolvers<void>();
  const stop = AbortSignal.any([signal, output.closed]);
  const end = () => ended.resolve();
  if (stop.aborted) return;
  stop.addEventListener("abort", end);
  const leave = new SharedLook(look, { clock: systemClock }).watch({
    seen: (frame) => shown.show(frame),
    failed: (reason) => {
      if (shown.isEmpty) ended.reject(unreachable(reason));
      else shown.fail(reason);
    },
  });
  try {
    await ended.promise;
  } finally {
    leave();
    stop.removeEventListener("abort", end);
    shown.close();
  }
}

function unreachable(reason: string): FlightsError {
  return new FlightsError("log-unreachable", `Cannot watch: the log must answer, ${reason}`);
}

/** Draws in place. */
class TerminalWatch {
  readonly #color: boolean;
  readonly #output: TextOutput;
  readonly #screen;
  readonly #history = new History();
  readonly #resized = () => this.#draw();
  #frame: Frame | null = null;
  #failure: string | null = null;
  #lines: readonly string[] = [];

  constructor(output: TextOutput, color: boolean) {
    this.#output = output;
    this.#color = color;
    this.#screen = screenOn(output);
    process.stdout.on("resize", this.#resized);
  }

  get isEmpty(): boolean {
    return this.#frame === null;
  }

  show(frame: Frame): void {
    this.#history.add(frame.overview);
    this.#frame = frame;
    this.#failure = null;
    this.#draw();
  }

  fail(reason: string): void {
    this.#failure = reason;
    this.#draw();
  }

  #draw(): void {
    if (this.#frame === null) return;
    const room = { ...terminalSize(), color: this.#color };
    const events = this.#failure === null ? [] : [`the picture is old: ${this.#failure}`];
    this.#lines = view(this.#frame, this.#history, { room, events });
    this.#screen.draw(this.#lines);
  }

  /** The last picture stays. */
  close(): void {
    process.stdout.off("resize", this.#resized);
    this.#screen.close();
    if (this.#lines.length > 0) this.#output.write(`${this.#lines.join("\n")}\n`);
  }
}

/** Writes lines, one a job and second. */
class LineWatch {
  readonly #output: TextOutput;
  readonly #history = new History();

  constructor(output: TextOutput) {
    this.#output = output;
  }

  get isEmpty(): boolean {
    return this.#history.points.length === 0;
  }

  show(frame: Frame): void {
    this.#history.add(frame.overview);
    for (const line of plainLines(frame, this.#history)) this.#output.write(`${line}\n`);
  }

  fail(reason: string): void {
    this.#output.write(`the log does not answer: ${reason}\n`);
  }

  close(): void {}
}
