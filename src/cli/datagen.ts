/** `flights datagen`. */

import { Command, Option } from "@commander-js/extra-typings";
import process from "node:process";
import { type Clock, systemClock } from "../base/clock.ts";
import { describeDuration } from "../base/duration.ts";
import { randomSeed } from "../base/random.ts";
import { formatTime } from "../base/time.ts";
import {
  generateBookings,
  type GeneratedBooking,
  type GeneratorOptions,
  spanOfBookings,
} from "../flights/generator.ts";
import { defaultPartitions, topics } from "../flights/topics.ts";
import { BookingWriter } from "./booking_writer.ts";
import { type CommandContext, runCommand } from "./command.ts";
import { type EverywhereOptions, withEverywhere } from "./everywhere.ts";
import type { Teller } from "./logging.ts";
import { TerminalLine } from "./progress_line.ts";
import { recreateTopics } from "./recreate_topics.ts";
import { withExamples, withRule } from "./usage.ts";
import { integer, positive, rate, seed, share, time } from "./values.ts";
import { waitForLog, waitForTopics } from "./wait_for_topics.ts";
import { counted } from "../base/words.ts";

/** About how many records an append holds when there are that many. */
const chunkSize = 8_192;

interface DatagenOptions extends EverywhereOptions {
  readonly create?: true;
  readonly partitions: number;
  readonly rate?: number | "max";
  readonly count?: number;
  readonly users: number;
  readonly seed?: number;
  readonly start?: number;
  readonly speed: number;
  readonly lateShare: number;
  readonly badShare: number;
}

/** Builds the command. */
export function datagenCommand() {
  const command = new Command("datagen")
    .description("writes bookings to skyone and sunset as a pair of airlines would")
    .option("--create", "delete the four topics and what jobs kept about them; create them anew")
    .addOption(
      new Option("--partitions <n>", "with --create: how many each topic gets")
        .argParser(integer(1, 10_000)).default(defaultPartitions),
    )
    .addOption(
      new Option(
        "--rate <n>",
        "records of each a second of event time, or max: do not wait (default: 1 to 3)",
      )
        .argParser(rate),
    )
    .addOption(
      new Option("--count <n>", "records of each, then exit (default: no end)").argParser(
        integer(0),
      ),
    )
    .addOption(
      new Option("--users <n>", "travellers").argParser(integer(1, 1_000_000)).default(100),
    )
    .addOption(
      new Option(
        "--seed <s>",
        "what is booked; the same seed and start give the same bytes (default: random)",
      )
        .argParser(seed),
    )
    .addOption(
      new Option(
        "--start <time>",
        "first event time (default: now; with --count the last record is at now)",
      )
        .argParser(time),
    )
    .addOption(
      new Option("--speed <x>", "event time runs at x times real time").argParser(positive)
        .default(1),
    )
    .addOption(
      new Option("--late-share <share>", "share of records that come minutes late, 0 to 1")
        .argParser(share).default(0),
    )
    .addOption(
      new Option("--bad-share <share>", "share of malformed records, 0 to 1").argParser(share)
        .default(0),
    );
  withExamples(command, [
    ["flights datagen --create", "make the topics and write 1 to 3 bookings of each a second"],
    ["flights datagen --create --count 50000 --rate max", "write seven hours of bookings at once"],
    ["flights datagen --seed 7 --start 2026-01-31 --count 100", "the same bytes every time"],
  ]);
  const ruled = withRule(withEverywhere(command), ({ values, has }) => {
    if (has("partitions") && !values.create) return "--partitions needs --create";
    if (has("speed") && values.rate === "max") {
      return "--speed needs a --rate other than max: max does not wait";
    }
    return null;
  });
  return ruled.action(async (options) => {
    process.exitCode = await runCommand(options, (context) => datagen(context, options));
  });
}

async function datagen(context: CommandContext, options: DatagenOptions): Promise<void> {
  const { log, tell } = context;
  if (options.create) {
    const there = await waitForLog(context, (log) => log.describeTopics(), { wait: null });
    if (there === null) return;
    await create(context, options.partitions);
  }
  const names = [topics.skyone, topics.sunset];
  const written = await waitForTopics(context, names, { doing: "write to", wait: null });
  if (written === null) return;
  const plan = planOf(options, systemClock.now());
  tell.info(
    `datagen starts on ${log.description}; the same again: ` +
      `--seed ${plan.seed} --start ${formatTime(plan.start)}`,
    { seed: plan.seed, start: plan.start },
  );
  const run = new DatagenRun(plan, new BookingWriter(log, written), systemClock);
  try {
    await run.run(context.signal);
  } finally {
    run.tellEnd(tell);
  }
}

async function create({ log, tell }: CommandContext, partitions: number): Promise<void> {
  const names = Object.values(topics);
  const { deletedTopics, forgottenGroups } = await recreateTopics(log, names, { partitions });
  if (deletedTopics.length > 0) {
    const groups = forgottenGroups.length === 0
      ? ""
      : ` and the offsets of ${forgottenGroups.join(", ")}`;
    tell.info(`deleted ${deletedTopics.join(", ")}${groups}`, { deletedTopics, forgottenGroups });
  }
  tell.info(`created ${names.join(", ")} with ${partitions} partitions each`, {
    topics: names,
    partitions,
  });
}

/** What is generated, and how fast. */
export interface DatagenPlan extends GeneratorOptions {
  /** Milliseconds of event time in one of real time; infinite: not waited for. */
  readonly speed: number;
}

/** Settles what the options leave open. Without a start the last of `count` records is at its now. */
export function planOf(options: DatagenOptions, now: number): DatagenPlan {
  const { count, users, lateShare, badShare } = options;
  const speed = options.rate === "max" ? Number.POSITIVE_INFINITY : options.speed;
  const generator = {
    seed: options.seed ?? randomSeed(),
    rate: options.rate === "max" ? undefined : options.rate,
    count,
    users,
    lateShare,
    badShare,
  };
  if (options.start !== undefined) return { ...generator, start: options.start, speed };
  const span = count === undefined ? 0 : spanOfBookings({ ...generator, start: 0, count });
  const start = count === undefined ? now : Math.floor(now + span / speed - span);
  return { ...generator, start, speed };
}

/** Writes bookings when they are due. */
export class DatagenRun {
  readonly #plan: DatagenPlan;
  readonly #writer: BookingWriter;
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #written = { [topics.skyone]: 0, [topics.sunset]: 0 };
  readonly #line = new TerminalLine();
  #last: GeneratedBooking | null = null;

  /** @param clock real time, by which records are due. */
  constructor(plan: DatagenPlan, writer: BookingWriter, clock: Clock) {
    this.#plan = plan;
    this.#writer = writer;
    this.#clock = clock;
    this.#startedAt = clock.now();
  }

  /**
   * Writes all bookings, or until it is stopped, after the append in hand. Records of one instant
   * are in one append, so that they become visible together.
   */
  async run(signal: AbortSignal): Promise<void> {
    const bookings = generateBookings(this.#plan);
    let pending = bookings.next();
    while (!pending.done && !signal.aborted) {
      const chunk: GeneratedBooking[] = [];
      const now = this.#clock.now();
      while (!pending.done && this.#dueAt(pending.value) <= now) {
        const isFull = chunk.length >= chunkSize;
        if (isFull && pending.value.at !== chunk.at(-1)!.at) break;
        chunk.push(pending.value);
        pending = bookings.next();
      }
      if (chunk.length > 0) await this.#append(chunk);
      else if (!pending.done) await this.#clock.sleep(this.#dueAt(pending.value) - now, signal);
    }
    this.#line.clear();
  }

  /** When a record is to be written, in real time. */
  #dueAt({ at }: GeneratedBooking): number {
    const { start, speed } = this.#plan;
    return this.#startedAt + (at - start) / speed;
  }

  async #append(chunk: readonly GeneratedBooking[]): Promise<void> {
    for (const booking of chunk) this.#writer.add(booking);
    await this.#writer.flush();
    for (const { airline } of chunk) this.#written[airline]++;
    this.#last = chunk.at(-1)!;
    const { count, speed } = this.#plan;
    if (count !== undefined && speed === Number.POSITIVE_INFINITY) this.#showProgress(count * 2);
  }

  #showProgress(wanted: number): void {
    const now = this.#clock.now();
    this.#line.show(now, () => {
      const records = this.#written.skyone + this.#written.sunset;
      const rate = records / Math.max(now - this.#startedAt, 1);
      return `datagen: ${records.toLocaleString("en")} of ${
        wanted.toLocaleString("en")
      } records, ` +
        `${Math.round(rate * 1_000).toLocaleString("en")}/s, ` +
        `${describeDuration((wanted - records) / rate)} left`;
    });
  }

  /** Tells what was written. */
  tellEnd(tell: Teller): void {
    this.#line.clear();
    const { skyone, sunset } = this.#written;
    const took = this.#clock.now() - this.#startedAt;
    const { seed, start } = this.#plan;
    const span = this.#last === null
      ? ""
      : `, event time ${formatTime(start)} to ${formatTime(this.#last.at)}`;
    tell.info(
      `datagen wrote ${counted(skyone, "record")} to skyone and ${sunset} to sunset in ` +
        `${describeDuration(took)}${span}, seed ${seed}`,
      { skyone, sunset, milliseconds: took, seed, start, end: this.#last?.at ?? null },
    );
  }
}
