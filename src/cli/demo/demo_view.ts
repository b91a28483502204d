/** The demo on a terminal, where a table grows in place, and as plain lines elsewhere. */

import process from "node:process";
import { styleText } from "node:util";
import { describeDuration } from "../../base/duration.ts";
import { formatTime } from "../../base/time.ts";
import type { JobStatus } from "../../runtime/job_status.ts";
import { sumOutcomes } from "../../stream/task/counts.ts";
import { isColored } from "../logging.ts";
import type { TextOutput } from "../text_output.ts";
import { counted } from "../../base/words.ts";
import type { Audit } from "./audit.ts";
import type { DemoPicture, DemoView } from "./demo_run.ts";

/** How many travellers the table shows. */
const rows = 8;
/** How many events stay in sight. */
const recentEvents = 6;
/** Event time between two plain lines, in milliseconds. */
const lineInterval = 5 * 60_000;
/** Time between two pictures on a terminal, in milliseconds. */
const frameInterval = 50;

type Style = Parameters<typeof styleText>[0];
type Paint = (style: Style, text: string) => string;

const plain: Paint = (_, text) => text;

/** The view that fits where stdout goes. */
export function demoView(
  output: TextOutput,
  options: { readonly color: boolean },
): DemoView & { end(audit: Audit): void } {
  const paint: Paint = isColored(options, process.stdout)
    ? (style, text) => styleText(style, text)
    : plain;
  return process.stdout.isTTY === true ? new TerminalView(output, paint) : new LineView(output);
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

  #print(text: string): void {
    this.#output.write(`${text}\n`);
  }
}

class TerminalView implements DemoView {
  readonly #output: TextOutput;
  readonly #paint: Paint;
  readonly #events: string[] = [];
  #drawnAt = 0;
  #height = 0;

  constructor(output: TextOutput, paint: Paint) {
    this.#output = output;
    this.#paint = paint;
  }

  event(at: number, text: string): void {
    this.#events.push(`${clockTime(at)}  ${text}`);
    if (this.#events.length > recentEvents) this.#events.shift();
    this.#drawnAt = 0;
  }

  picture(picture: DemoPicture): void {
    const now = performance.now();
    if (now - this.#drawnAt < frameInterval) return;
    this.#drawnAt = now;
    this.#draw([
      this.#paint("bold", `flights demo   event time ${clockTime(picture.now)}`),
      "",
      `datagen ${picture.written} bookings`,
      ...flow(picture),
      "",
      this.#paint("dim", "traveller              flights   time in the air"),
      ...leaders(picture).slice(0, rows).map((one) =>
        `${one.email_address.padEnd(20)} ${String(one.number_of_flights).padStart(9)}   ` +
        describeDuration(one.total_flight_duration * 60_000)
      ),
      "",
      ...this.#events.map((event) => this.#paint("yellow", event)),
    ]);
  }

  end(audit: Audit): void {
    this.#output.write(["", ...report(audit, this.#paint), ""].join("\n"));
  }

  /** Draws over the picture before, which can only be where it is no larger than the terminal. */
  #draw(picture: readonly string[]): void {
    const { columns = 80, rows: height = 24 } = process.stdout;
    const lines = picture.slice(0, height - 1);
    const up = this.#height === 0 ? "" : `\x1b[${this.#height}A`;
    const text = lines.map((line) => `\x1b[2K${cut(line, columns)}\n`).join("");
    this.#output.write(`${up}\r${text}\x1b[J`);
    this.#height = lines.length;
  }
}

/** Cuts a line to the terminal's width; escape sequences take no room. */
function cut(line: string, columns: number): string {
  // deno-lint-ignore no-control-regex
  const parts = line.split(/(\x1b\[[0-9;]*m)/);
  let left = columns - 1;
  return parts.map((part, i) => {
    if (i % 2 === 1) return part;
    const shown = part.slice(0, Math.max(0, left));
    left -= shown.length;
    return shown;
  }).join("");
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
