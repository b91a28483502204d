/** What options may hold, checked while the command line is read. */

import { InvalidArgumentError } from "commander";
import { parseDuration } from "../base/duration.ts";
import { messageOf } from "../base/errors.ts";
import { parseTime } from "../base/time.ts";
import { parseBootstrapServers } from "../log/kafka/bootstrap_servers.ts";
import { whyNoApplicationId } from "../runtime/topics.ts";
import type { ListenAddress } from "../status/http/server.ts";

/** Lets commander name the option in front of what is wrong with its value. */
function checked<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError(messageOf(error));
    }
  };
}

/** Milliseconds of a duration such as `10s`. */
export const duration = checked(parseDuration);

/** Milliseconds of a duration above zero. */
export const positiveDuration = checked((text) => {
  const milliseconds = parseDuration(text);
  if (milliseconds === 0) throw new InvalidArgumentError("It must be above zero.");
  return milliseconds;
});

/** A time: ISO 8601 or milliseconds since 1970. */
export const time = checked(parseTime);

/** `off`, or a duration. */
export const durationOrOff = checked((text) => text === "off" ? null : parseDuration(text));

/** `earliest`, `latest` or a time. */
export const startFrom = checked((text) =>
  text === "earliest" || text === "latest" ? text : parseTime(text)
);

/** Where reading begins: an end of the log, a time in milliseconds, or an offset. */
export type ReadFrom = "earliest" | "latest" | { readonly time: number } | {
  readonly offset: number;
};

/** Whole numbers below it are offsets; as a time it would be in March 1973. */
const firstTimeNumber = 100_000_000_000;

/** `earliest`, `latest`, a time or an offset. */
export const readFrom = checked((text): ReadFrom => {
  if (text === "earliest" || text === "latest") return text;
  if (/^-?\d+$/.test(text) && Number(text) < firstTimeNumber) {
    return { offset: integer(0)(text) };
  }
  return { time: parseTime(text) };
});

/** `earliest` or a time. */
export const resetTo = checked((text) => text === "earliest" ? text : parseTime(text));

/** `record`, `now` or a time. */
export const asOf = checked((text) => text === "record" || text === "now" ? text : parseTime(text));

/** A whole number within bounds. */
export function integer(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^-?\d+$/.test(text) && value >= min && value <= max) return value;
    const bound = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `${min} to ${max}`;
    throw new InvalidArgumentError(`It must be a whole number, ${bound}.`);
  };
}

/** What a random sequence begins with. */
export const seed = integer(0, 0xffff_ffff);

/** A share, 0 to 1. */
export function share(text: string): number {
  const value = Number(text);
  if (text !== "" && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError("It must be a number from 0 to 1.");
}

/** A number above zero. */
export function positive(text: string): number {
  const value = Number(text);
  if (text !== "" && value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("It must be a number above zero.");
}

/** An application id: what Kafka allows in a topic's name, since topics are named after it. */
export function applicationId(text: string): string {
  if (!/^[a-zA-Z0-9._-]{1,200}$/.test(text)) {
    throw new InvalidArgumentError(
      "It must be 1 to 200 of a-z, A-Z, 0-9, dot, underscore and hyphen.",
    );
  }
  const unfit = whyNoApplicationId(text);
  if (unfit !== null) throw new InvalidArgumentError(`I${unfit.slice(1)}.`);
  return text;
}

/** A topic's name, by Kafka's rule. */
export function topicName(text: string): string {
  if (/^[a-zA-Z0-9._-]{1,249}$/.test(text) && text !== "." && text !== "..") return text;
  throw new InvalidArgumentError(
    "It must be 1 to 249 of a-z, A-Z, 0-9, dot, underscore and hyphen, and not . or ..",
  );
}

/** What must not be empty. */
export function filled(text: string): string {
  if (text !== "") return text;
  throw new InvalidArgumentError("It must not be empty.");
}

/** A rate above zero, or `max`. */
export function rate(text: string): number | "max" {
  return text === "max" ? text : positive(text);
}

/** Addresses of brokers, with commas between. */
export const brokers = checked((text) => {
  parseBootstrapServers(text);
  return text;
});

/** `off`, or where to listen: `[HOST:]PORT`, an IPv6 host in brackets; port 0 is any that is free. */
export function httpAddress(text: string): ListenAddress | "off" {
  if (text === "off") return text;
  const [, host, digits] = /^(?:(\[[0-9a-fA-F:.]+\]|[^:[\]\s]+):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535) {
    throw new InvalidArgumentError("It must be [HOST:]PORT, such as 9464 or 0.0.0.0:9464, or off.");
  }
  return host === undefined ? { port } : { host: host.replace(/^\[|\]$/g, ""), port };
}
