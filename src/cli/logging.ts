/** What a command tells on stderr: lines for people on a terminal, JSON lines elsewhere. */

import { configureSync, getLogger, type Logger, type LogRecord } from "@logtape/logtape";
import process from "node:process";
import { styleText } from "node:util";
import type { EverywhereOptions } from "./everywhere.ts";
import { writeError } from "./text_output.ts";

/** What may go with a message, for who reads JSON: docs/operations.md has the same list. */
export const logFields = {
  address: "where the process answers over HTTP",
  code: "of an error: its name, as the tables of errors have it",
  deadLetter: "records that could not be read, since the job began",
  deletedTopics: "the topics that were deleted",
  end: "the last event time that was written, in milliseconds since the Unix epoch",
  filtered: "records that the job dropped as it is told to, since it began",
  forgottenGroups: "the groups whose offsets were deleted",
  held: "records that wait in open windows",
  inputs: "where a job that was taken back reads on: topic, partition and offset",
  job: "the application id of the job; of flink commands Flink's id of it",
  late: "records that came too late, since the job began",
  member: "the number of the member in its process, from 1",
  milliseconds: "how long it took",
  offsets: "the next offset to read, by partition",
  outputs: "records written since the start, by topic",
  partitions: "how many partitions each topic has",
  records: "how many records came in since the job began, or were written",
  resume: "why it goes on there: first, committed, truncated or recreated",
  seed: "what makes the same records again, with start",
  skipped: "bad records that --on-error skip dropped, since the job began",
  skyone: "records written to skyone",
  stage: "the part of the job that is told of",
  start: "the first event time, in milliseconds since the Unix epoch",
  status: "the state of a job on Flink",
  sunset: "records written to sunset",
  topic: "the topic that is told of",
  topics: "the same, of several",
  unreported: "records of writers that report no watermarks",
  used: "records that went their way through the job at once, since it began",
  watermarks: "how far event time has come, by partition, in milliseconds since the Unix epoch",
  windowed: "records that went into windows, since the job began",
  writers: "the jobs whose watermarks an input follows, and how many tasks each has",
} as const;

/** Facts that go with a message. */
export type Fields = { readonly [Name in keyof typeof logFields]?: unknown };

/** Tells what a command does. */
export interface Teller {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warning(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
}

/** Whether colours are shown there; NO_COLOR counts when it is not empty (no-color.org). */
export function isColored(
  options: Pick<EverywhereOptions, "color">,
  stream: { readonly isTTY?: boolean },
): boolean {
  return options.color && (process.env.NO_COLOR ?? "") === "" && stream.isTTY === true;
}

/** Sets up logging for this process. */
export function startLogging(options: EverywhereOptions): Teller {
  const colored = isColored(options, process.stderr);
  const format = options.logFormat === "json" ? jsonLine : textLine(colored);
  configureSync({
    reset: true,
    sinks: { stderr: (record) => writeError(`${format(record)}\n`) },
    loggers: [
      { category: ["flights"], lowestLevel: options.logLevel, sinks: ["stderr"] },
      { category: ["logtape"], lowestLevel: "error", sinks: ["stderr"] },
    ],
  });
  return tellerOf(getLogger(["flights"]));
}

/** The library takes braces for placeholders; messages here are finished texts. */
function tellerOf(logger: Logger): Teller {
  const finished = (message: string) => message.replaceAll("{", "{{").replaceAll("}", "}}");
  return {
    debug: (message, fields) => logger.debug(finished(message), { ...fields }),
    info: (message, fields) => logger.info(finished(message), { ...fields }),
    warning: (message, fields) => logger.warn(finished(message), { ...fields }),
    error: (message, fields) => logger.error(finished(message), { ...fields }),
  };
}

function messageText(record: LogRecord): string {
  return record.message.map((part) => typeof part === "string" ? part : JSON.stringify(part)).join(
    "",
  );
}

const levelStyle = { warning: "yellow", error: "red", fatal: "red" } as const;

function textLine(colored: boolean): (record: LogRecord) => string {
  return (record) => {
    const time = new Date(record.timestamp).toISOString().slice(11, 19);
    const style = levelStyle[record.level as keyof typeof levelStyle];
    const level = style === undefined ? "" : `${record.level}: `;
    if (!colored) return `${time} ${level}${messageText(record)}`;
    const label = style === undefined ? "" : styleText(style, level);
    return `${styleText("dim", time)} ${label}${messageText(record)}`;
  };
}

/** One object a line: time, level, message, then the fields of the event. */
function jsonLine(record: LogRecord): string {
  return JSON.stringify({
    time: new Date(record.timestamp).toISOString(),
    level: record.level,
    message: messageText(record),
    ...record.properties,
  });
}
