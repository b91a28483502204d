/** Runs lessons that read a topic: on a log in memory, with all they need beside them, or on a log. */

import process from "node:process";
import {
  execute,
  type ExecuteOptions,
  flights,
  FlightsError,
  type JobStatus,
  type Log,
  openKafkaLog,
  openSqliteLog,
  parseBootstrapServers,
  StreamEnvironment,
} from "../../src/mod.ts";
import type { BookingOptions } from "./bookings.ts";
import {
  describeBookings,
  isInMemory,
  type LessonOptions,
  parseOptions,
  usage,
  UsageError,
} from "./options.ts";
import { describeStatus, listenForStop, tell } from "./tell.ts";

/** Adds a job to an environment. */
export type Define = (env: StreamEnvironment, options: BookingOptions) => void;

/** A lesson that reads a topic. */
export interface Lesson {
  /** Two digits. */
  readonly number: string;
  readonly define: Define;
  /** What runs beside it on a log in memory, each in front of the next one; default: nothing. */
  readonly beside?: readonly Define[];
  /**
   * How many times as fast as real time event time runs in memory, for windows that are to close within
   * seconds; default 1.
   */
  readonly speed?: number;
  /** How many travellers book in memory; default 100. */
  readonly users?: number;
  /** How far ahead of the clock a record of another log may be (semantics 10); default 1 day. */
  readonly maxFuture?: null;
}

/** A job of a run in memory. */
interface Stage {
  readonly env: StreamEnvironment;
  readonly applicationId: string;
  /** Ends its live run. */
  readonly over: AbortController;
}

/** The four topics of the course. */
const topics = Object.values(flights.topics);

/** Bookings of each airline that are written at once, unless told otherwise. */
const boundedCount = 20;

const toTheEnd = { drain: true, wait: 10_000 };

/** Runs a lesson to its end, which is Ctrl-C unless the options say otherwise. */
export async function runLesson(
  lesson: Lesson,
  args: readonly string[] = Deno.args,
): Promise<void> {
  const stop = listenForStop();
  try {
    const options = parseOptions(args, lesson.number);
    if (options === null) return console.log(usage);
    const status = isInMemory(options)
      ? await runInMemory(lesson, options, stop.signal)
      : await runOnLog(lesson, options, stop.signal);
    tell(`lesson ${lesson.number}: ${describeStatus(status)}`);
    process.exitCode = stop.exitCode ?? 0;
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof FlightsError)) throw error;
    const isMissing = error instanceof FlightsError && error.code === "topic-missing";
    tell(`error: ${error.message}${isMissing ? "; lesson 05 --create makes them" : ""}`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  } finally {
    stop.close();
  }
}

async function runInMemory(
  lesson: Lesson,
  options: LessonOptions,
  signal: AbortSignal,
): Promise<JobStatus> {
  const { number, beside = [], define, speed = 1 } = lesson;
  const bookings = bookingsOf(lesson, options, signal);
  const stages = [...beside, define].map((define, i): Stage => {
    const env = new StreamEnvironment();
    define(env, bookings);
    const applicationId = i === beside.length ? `lesson-${number}` : `beside-${i + 1}`;
    return { env, applicationId, over: new AbortController() };
  });
  const faster = speed === 1 ? "" : `, event time runs ${speed} times as fast as real time`;
  tell(
    `lesson ${number} on a log in memory${faster}; the same again: ${describeBookings(options)}`,
  );
  const log = await openSqliteLog({ directory: ":memory:" });
  try {
    // One partition each, so that all that is printed has one order.
    await log.createTopics(topics.map((name) => ({ name, partitions: 1 })));
    return options.untilEnd
      ? await runOneByOne(stages, log, signal)
      : await runTogether(stages, log, signal);
  } finally {
    await log.close();
  }
}

/** Each to the end of what the one before has written. */
async function runOneByOne(
  stages: readonly Stage[],
  log: Log,
  signal: AbortSignal,
): Promise<JobStatus> {
  let status: JobStatus;
  for (const { env, applicationId } of stages) {
    status = await execute(env, { ...inMemory, applicationId, log, signal, untilEnd: toTheEnd });
  }
  return status!;
}

/** All at once; when the first has ended, the others one by one come to the end of what is there. */
async function runTogether(
  stages: readonly Stage[],
  log: Log,
  signal: AbortSignal,
): Promise<JobStatus> {
  const failed = new AbortController();
  const run = async ({ env, applicationId }: Stage, options: ExecuteOptions) => {
    try {
      return await execute(env, { ...inMemory, applicationId, log, ...options });
    } catch (error) {
      failed.abort(error);
      throw error;
    }
  };
  const stopped = AbortSignal.any([signal, failed.signal]);
  const running = stages.map((stage) =>
    run(stage, { signal: AbortSignal.any([stopped, stage.over.signal]) })
  );
  let status: JobStatus;
  try {
    for (const [i, stage] of stages.entries()) {
      if (i > 0) stage.over.abort();
      status = await running[i]!;
      if (i > 0 && !stopped.aborted) {
        status = await run(stage, { signal: stopped, untilEnd: toTheEnd });
      }
    }
  } finally {
    await Promise.allSettled(running);
  }
  failed.signal.throwIfAborted();
  return status!;
}

/** Event time may run ahead of the clock. */
const inMemory = { maxFuture: null } as const;

async function runOnLog(
  lesson: Lesson,
  options: LessonOptions,
  signal: AbortSignal,
): Promise<JobStatus> {
  const { number, define, maxFuture } = lesson;
  const env = new StreamEnvironment();
  define(env, bookingsOf(lesson, options, signal));
  const log = await openLog(options);
  try {
    if (options.create) {
      const partitions = flights.defaultPartitions;
      await log.createTopics(topics.map((name) => ({ name, partitions })), { anew: true });
    }
    tell(`lesson ${number} on ${log.description}`);
    return await execute(env, {
      applicationId: `lesson-${number}`,
      log,
      signal,
      observer: { waiting: (reason) => tell(`waiting: ${reason}`) },
      ...(maxFuture === null && { maxFuture }),
      ...(options.untilEnd && { untilEnd: toTheEnd }),
    });
  } finally {
    await log.close();
  }
}

async function openLog({ data, bootstrapServer }: LessonOptions): Promise<Log> {
  if (bootstrapServer !== null) {
    return openKafkaLog({ bootstrap: parseBootstrapServers(bootstrapServer) });
  }
  return await openSqliteLog({ directory: data! });
}

function bookingsOf(
  { speed = 1, users = 100 }: Lesson,
  options: LessonOptions,
  signal: AbortSignal,
): BookingOptions {
  const { seed, start, untilEnd } = options;
  const count = options.count ?? (untilEnd ? boundedCount : null);
  const isFaster = isInMemory(options);
  return { seed, start, count, users, speed: isFaster ? speed : 1, live: !untilEnd, signal };
}
