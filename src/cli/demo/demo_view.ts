/** The demo on a terminal, where a table grows in place, and as plain lines elsewhere. */

import process from "node:process";
import { styleText } from "node:util";
import { describeDuration } from "../../base/duration.ts";
import { formatTime } from "../../base/time.ts";
import type { JobStatus } from "../../runtime/job_status.ts";
import { History } from "../../status/history.ts";
import type { Screen } from "../../status/terminal/screen.ts";
import { view } from "../../status/terminal/view.ts";
import { sumOutcomes } from "../../stream/task/counts.ts";
import { isColored } from "../logging.ts";
import { screenOn, terminalSize } from "../terminal.ts";
import type { TextOutput } from "../text_output.ts";
import { counted } from "../../base/words.ts";
import type { Audit } from "./audit.ts";
import type { DemoPicture, DemoView } from "./demo_run.ts";

/** How many events stay in sight. */
const recentEvents = 6;
/** Event time between two plain lines, in milliseconds. */
const lineInterval = 5 * 60_000;
/** Time between two pictures on a terminal, in milliseconds. */
const frameInterval = 50;

type Style = Parameters<typeof styleText>[0];
type Paint = (style: Style, text: string) => string;

const plain: Paint = (_, text) => text;

/** A view, and what ends it. */
export interface ShownDemo extends DemoView {
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
  return process.stdout.isTTY === true
    ? new TerminalView(output, { isColored: isColored(options, process.stdout) })
    : new LineView(output);
}

function painter(isColored: boolean): Paint {
  return isColored ? (style, text) => styleText(style, text) : plain;
}

function clockTime(time: number): string {
  return formatTime(time).slice(11, 19);
}

class LineView implements DemoView {
  readonly #output: TextOutput;
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

class TerminalView implements DemoView {
  readonly #output: TextOutput;
  readonly #isColored: boolean;
  readonly #paint: Paint;
  readonly #screen: Screen;
  readonly #history = new History();
  readonly #events: string[] = [];
  #shown: readonly string[] = [];
  #drawnAt = 0;

  constructor(output: TextOutput, { isColored }: { readonly isColored: boolean }) {
    this.#output = output;
    this.#isColored = isColored;
    this.#paint = painter(isColored);
    this.#screen = screenOn(output);
  }

  event(at: number, text: string): void {
    this.#events.push(`${clockTime(at)}  ${text}`);
    if (this.#events.length > recentEvents) this.#events.shift();
    this.#drawnAt = 0;
  }

  async picture({ frame: look }: DemoPicture): Promise<void> {
    const now = performance.now();
    if (now - this.#drawnAt < frameInterval) return;
    this.#drawnAt = now;
    const frame = await look();
    this.#history.add(frame.overview);
    const room = { ...terminalSize(), color: this.#isColored };
    const title = "demo, event time";
    this.#shown = view(frame, this.#history, { room, title, events: this.#events });
    this.#screen.draw(this.#shown);
  }

  end(audit: Audit): void {
    this.close();
    this.#output.write([...this.#shown, "", ...report(audit, this.#paint), ""].join("\n"));
  }

  close(): void {
    this.#screen.close();
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
