/** The bookings that a lesson writes: those of the generator, when they are due. */

import { flights, systemClock } from "../../src/mod.ts";

/** A booking on its way to its airline's topic. */
export interface Booking {
  /** The airline, which is also the name of its topic. */
  readonly airline: flights.Airline;
  /** Its event time, in milliseconds since the Unix epoch. */
  readonly timestamp: number;
  /** JSON text with its reference. */
  readonly key: string;
  /** JSON text. */
  readonly value: string;
}

/** Which bookings, and when. */
export interface BookingOptions {
  /** What is booked. */
  readonly seed: number;
  /** The event time of the first one, in milliseconds since the Unix epoch. */
  readonly start: number;
  /** How many of each airline; null: without end. */
  readonly count: number | null;
  /** How many travellers there are. */
  readonly users: number;
  /** Milliseconds of event time in one of real time. */
  readonly speed: number;
  /** Whether they come when they are due, 1 to 3 of each airline a second; else all at once. */
  readonly live: boolean;
  /** Ends them. */
  readonly signal: AbortSignal;
}

/** Bookings of both airlines, 1 to 3 of each a second; their event times go by `speed`. */
export async function* bookings(options: BookingOptions): AsyncGenerator<Booking> {
  const { seed, start, count, users, speed, live, signal } = options;
  const begin = systemClock.now();
  const generated = flights.generateBookings({
    seed,
    start,
    users,
    ...(count !== null && { count }),
  });
  for (const { airline, at, key, value } of generated) {
    const since = at - start;
    const wait = begin + since - systemClock.now();
    if (live && wait > 0) await systemClock.sleep(wait, signal);
    if (signal.aborted) return;
    yield { airline, timestamp: start + since * speed, key, value: String(value) };
  }
}
