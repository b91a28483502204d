/** Addresses of brokers as text. */

import { FlightsError } from "../../base/errors.ts";
import type { Endpoint } from "./connection_settings.ts";

const addressForm = /^(?:([^\s,:[\]]+)|\[([0-9a-fA-F:]+)\]):(\d{1,5})$/;

/**
 * The brokers in `HOST:PORT`, or several with commas between; an IPv6 address in brackets.
 *
 * @throws {FlightsError} `invalid-argument` when it is something else.
 */
export function parseBootstrapServers(text: string): readonly Endpoint[] {
  return text.split(",").map((address) => {
    const match = addressForm.exec(address.trim());
    const port = Number(match?.[3]);
    if (match === null || port < 1 || port > 65_535) {
      throw new FlightsError(
        "invalid-argument",
        `Cannot parse bootstrap servers "${text}": they must be HOST:PORT, or several with commas ` +
          `between, "${address}" is none`,
      );
    }
    return { host: (match[1] ?? match[2])!, port };
  });
}
