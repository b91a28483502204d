/** What a command tells on stderr: lines for people on a terminal, JSON lines elsewhere. */

import { configureSync, getLogger, type Logger, type LogRecord } from "@logtape/logtape";
import process from "node:process";
import { styleText } from "node:util";
import type { EverywhereOptions } from "./everywhere.ts";
import { writeError } from "./text_output.ts";

/** Facts that go with a message, for who reads JSON. */
export type Fields = Readonly<Record<string, unknown>>;

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
