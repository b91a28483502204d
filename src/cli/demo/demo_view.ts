/** The demo on a terminal, where a table grows in place, and as plain lines elsewhere. */

import process from "node:process";
import { styleText } from "node:util";
import { describeDuration } from "../../base/duration.ts";
import { formatTime } from "../../base/time.ts";
import type { JobStatus } from "../../runtime/job_status.ts";
import { History } from "../../status/history.ts";
import { picture } from "../../status/terminal/picture.ts";
import { sumOutcomes } from "../../stream/task/counts.ts";
import { canDraw, LiveTerminal } from "../live_terminal.ts";
import { isColored } from "../logging.ts";
import type { TextOutput } from "../text_output.ts";
import { counted } from "../../base/words.ts";
import type { Audit } from "./audit.ts";
import type { DemoPicture, DemoView } from "./demo_run.ts";

/** How many events stay in sight. */
const recentEvents = 6;
/** Event time between two plain lines, in milliseconds. */
const lineInterval = 5 * 60_000;
/** Event time between two pictures on a terminal, in milliseconds; the same ones on any machine. */
const pictureInterval = 15_000;

type Style = Parameters<typeof styleText>[0];
type Paint = (style: Style, text: string) => string;

const plain: Paint = (_, text) => text;

/** A view, and what ends it. */
export interface ShownDemo extends DemoView {
  /** Aborted when the reader wants no more. */
  readonly quit: AbortSignal;
  /** Shows how it ended. */
  end(audit: Audit): void;
  /** Gives the terminal back, however it ended. */
  close(): void;
}

/** The view that fits where stdout goes. */
export function demoView(
  output: TextOutput,
  options: { readonly color: boolean },
): ShownDemo {
  return canDraw() ? new TerminalView(output, options) : new LineView(output);
}

function clockTime(time: number): string {
  return formatTime(time).slice(11, 19);
}

class LineView implements ShownDemo {
  readonly #output: TextOutput;
  readonly quit = new AbortController().signal;
  #lineAt = Number.NEGATIVE_INFINITY;

  constructor(output: TextOutput) {
    this.#output = output;
  }

  event(at: number, text: string): void {
    this.#print(`${clockTime(at)}  ${text}`);
  }

  picture(picture: DemoPicture): void {
    if (picture.now - this.#lineAt < lineInterval) return;
    this.#lineAt = picture.now;
    const top = leaders(picture)[0];
    const leader = top === undefined
      ? "no window has closed yet"
      : `${top.email_address} leads with ` +
        `${
          describeDuration(top.total_flight_duration * 60_000)
        } in ${top.number_of_flights} flights`;
    this.#print(
      `${clockTime(picture.now)}  ${picture.written} bookings, ${
        flow(picture).join(", ")
      }; ${leader}`,
    );
  }

  end(audit: Audit): void {
    this.#print(["", ...report(audit, plain)].join("\n"));
  }

  close(): void {}

  #print(text: string): void {
    this.#output.write(`${text}\n`);
  }
}

class TerminalView implements ShownDemo {
  readonly #output: TextOutput;
  readonly #paint: Paint;
  readonly #terminal: LiveTerminal;
  readonly #history = new History();
  readonly #events: string[] = [];
  #picturedAt = Number.NEGATIVE_INFINITY;

  constructor(output: TextOutput, options: { readonly color: boolean }) {
    this.#output = output;
    this.#paint = isColored(options, process.stdout)
      ? (style, text) => styleText(style, text)
      : plain;
    this.#terminal = new LiveTerminal(output, options);
  }

  get quit(): AbortSignal {
    return this.#terminal.quit;
  }

  event(at: number, text: string): void {
    this.#events.push(`${clockTime(at)}  ${text}`);
    if (this.#events.length > recentEvents) this.#events.shift();
  }

  async picture({ now, isLive, frame: look }: DemoPicture): Promise<void> {
    if (!isLive && now - this.#picturedAt < pictureInterval) return;
    this.#picturedAt = now;
    const frame = await look();
    this.#history.add(frame.overview);
    const scene = {
      title: "flights demo   event time",
      frame,
      history: this.#history,
      events: [...this.#events],
    };
    this.#terminal.show((size) => picture(scene, size));
  }

  end(audit: Audit): void {
    this.close();
    this.#output.write(["", ...report(audit, this.#paint), ""].join("\n"));
  }

  close(): void {
    this.#terminal.close();
  }
}

function leaders({ travellers }: DemoPicture) {
  return [...travellers.values()].sort((a, b) =>
    b.total_flight_duration - a.total_flight_duration ||
    (a.email_address < b.email_address ? -1 : 1)
  );
}

/** What the jobs have made of the bookings, a line each. */
function flow({ merge, stats, travellers }: DemoPicture): readonly string[] {
  const counts = (status: JobStatus | null) =>
    sumOutcomes((status?.tasks ?? []).map((task) => task.outcomes));
  const { used, filtered } = counts(merge);
  const results = stats?.outputs.userstatistics ?? 0;
  return [
    `merge ${used} flights, ${filtered} had landed`,
    `stats ${results} results of ${travellers.size} travellers`,
  ];
}

/** What went in and came out of each step, and whether it adds up. */
function report(audit: Audit, paint: Paint): readonly string[] {
  const { merge, stats, held, records } = audit;
  const on = (topic: string) => records.get(topic) ?? 0;
  const good = audit.checks.every(({ expected, found }) => expected === found);
  return [
    paint("bold", "What went in, and where it is now"),
    `datagen  ${on("skyone")} bookings to skyone, ${on("sunset")} to sunset`,
    `merge    ${merge.used} flights to flightdata, ${merge.filtered} had landed, ${
      counted(merge.deadLetter, "dead letter")
    }`,
    `stats    ${stats.windowed - held} flights in ${
      on("userstatistics")
    } results, ${held} in open windows, ` +
    `${stats.late} late`,
    "",
    paint("bold", "Audit"),
    ...audit.checks.map(({ what, expected, found }) =>
      expected === found
        ? `${paint("green", "ok")}    ${what}: ${found}`
        : `${paint("red", "WRONG")} ${what}: ${expected} expected, ${found} found`
    ),
    good
      ? paint("green", "Every record is accounted for.")
      : paint("red", "Records are missing or doubled."),
  ];
}
