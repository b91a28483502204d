/** The options of the lessons that read a topic. */

import process from "node:process";
import { parseArgs } from "node:util";
import { formatTime, parseTime } from "../../src/mod.ts";

/** Which log a lesson runs on, and what is written there. */
export interface LessonOptions {
  /** Folder of the embedded log; null: the log is in memory, unless brokers are named. */
  readonly data: string | null;
  /** Addresses of Kafka brokers, or null. */
  readonly bootstrapServer: string | null;
  /** Whether the lesson reads to the end of what is there, and ends. */
  readonly untilEnd: boolean;
  /** What is booked: the same seed and start give the same bookings. */
  readonly seed: number;
  /** The event time of the first booking, in milliseconds since the Unix epoch. */
  readonly start: number;
  /** Bookings of each airline, then the lesson ends; null: without end. */
  readonly count: number | null;
  /** Whether lesson 05 makes the topics anew. */
  readonly create: boolean;
}

/** What the options are, for `--help`. */
export const usage = `Options:
  --data DIR                     folder of an embedded log, whose topics are read as they are
                                 (also: FLIGHTS_DATA; default: a new log in memory with bookings)
  --bootstrap-server HOST:PORT   Kafka, whose topics are read as they are (also: BOOTSTRAP_SERVERS)
  --until-end                    end when all that is there has been read; in memory: when all
                                 bookings have been written at once (20 of each, or --count)
  --count N                      bookings of each airline, then end (default: no end)
  --seed S                       what is booked (default: random)
  --start TIME                   event time of the first booking (default: now)
  --create                       lesson 05: delete the four topics and create them anew
  --help                         this
An option goes before the environment. --count, --seed and --start are for who writes bookings: every
lesson in memory, lesson 05 everywhere.`;

/** A command line that cannot be used. */
export class UsageError extends Error {}

/**
 * Reads a command line.
 *
 * @param number the lesson's.
 * @returns null for `--help`. @throws {UsageError} when it cannot be used.
 */
export function parseOptions(args: readonly string[], number: string): LessonOptions | null {
  const values = read(args);
  if (values.help) return null;
  const data = values.data ??
    (values["bootstrap-server"] === undefined ? process.env.FLIGHTS_DATA : undefined);
  const bootstrapServer = values["bootstrap-server"] ??
    (values.data === undefined ? process.env.BOOTSTRAP_SERVERS : undefined);
  if (values.data !== undefined && values["bootstrap-server"] !== undefined) {
    throw new UsageError("--data and --bootstrap-server are two logs: name one of them");
  }
  const options: LessonOptions = {
    data: bootstrapServer || !data ? null : data,
    bootstrapServer: bootstrapServer || null,
    untilEnd: values["until-end"] ?? false,
    seed: values.seed === undefined ? randomSeed() : wholeNumber("--seed", values.seed),
    start: values.start === undefined ? Date.now() : timeOf(values.start),
    count: values.count === undefined ? null : wholeNumber("--count", values.count),
    create: values.create ?? false,
  };
  const writes = number === "05" || isInMemory(options);
  for (const name of ["count", "seed", "start"] as const) {
    if (values[name] !== undefined && !writes) {
      throw new UsageError(`--${name} is for who writes bookings: lesson ${number} reads a log`);
    }
  }
  if (options.create && number !== "05") throw new UsageError("--create is for lesson 05");
  return options;
}

/** Whether the lesson has a log of its own, which goes with it. */
export function isInMemory({ data, bootstrapServer }: LessonOptions): boolean {
  return data === null && bootstrapServer === null;
}

/** The options that give the same bookings again. */
export function describeBookings({ seed, start }: LessonOptions): string {
  return `--seed ${seed} --start ${formatTime(start)}`;
}

function read(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        "data": { type: "string" },
        "bootstrap-server": { type: "string" },
        "until-end": { type: "boolean" },
        "seed": { type: "string" },
        "start": { type: "string" },
        "count": { type: "string" },
        "create": { type: "boolean" },
        "help": { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new UsageError(`${name} must be a whole number, zero or more, it is "${text}"`);
}

function timeOf(text: string): number {
  try {
    return parseTime(text);
  } catch (error) {
    throw new UsageError(`--start: ${(error as Error).message}`);
  }
}

function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}
