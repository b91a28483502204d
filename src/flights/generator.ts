/**
 * Bookings of both airlines as a pair of airlines would make them. Pure and seeded: the same seed and
 * start give the same bytes. Event time is counted from a record's index, never from elapsed time.
 */

import { utf8 } from "../base/bytes.ts";
import { Random } from "../base/random.ts";
import { formatTime } from "../base/time.ts";
import { topics } from "./topics.ts";

/** An airline, which is also the name of its topic. */
export type Airline = typeof topics.skyone | typeof topics.sunset;

/** A record to be written. */
export interface GeneratedBooking {
  /** Whose it is. */
  readonly airline: Airline;
  /** When it is written, in milliseconds of event time. */
  readonly at: number;
  /** Its timestamp: `at`, or earlier for one that comes late. */
  readonly timestamp: number;
  /** JSON text: `{"ref":"..."}` with the booking's own id. */
  readonly key: string;
  /** JSON text, or what a broken producer would write. */
  readonly value: string | Uint8Array | null;
}

/** Settings of a generator. */
export interface GeneratorOptions {
  /** What is booked: the same seed and start give the same bytes. */
  readonly seed: number;
  /** The first event time, in milliseconds. */
  readonly start: number;
  /** Records of each airline a second of event time; default 1 to 3, evenly spaced in their second. */
  readonly rate?: number | undefined;
  /** Records of each airline; default: without end. */
  readonly count?: number | undefined;
  /** How many travellers there are; default 100. */
  readonly users?: number;
  /** The share of records that come 1.5 to 5 minutes late; default 0. */
  readonly lateShare?: number;
  /** The share of records that are malformed; default 0. */
  readonly badShare?: number;
}

const airports = [
  ..."ATL AUS BNA BOS BWI CLT DCA DEN DFW DTW EWR FLL IAD IAH JFK".split(" "),
  ..."LAS LAX LGA MCO MDW MIA MSP ORD PHL PHX SAN SEA SFO SLC TPA".split(" "),
];

const day = 86_400_000;
const minutesOfDay = Array.from({ length: 1440 }, (_, minute) => {
  const two = (value: number) => String(value).padStart(2, "0");
  return `T${two(Math.floor(minute / 60))}:${two(minute % 60)}:00.000`;
});

/** Yields the bookings of both airlines in the order in which they are written. */
export function* generateBookings(options: GeneratorOptions): Generator<GeneratedBooking> {
  const skyone = airlineBookings(topics.skyone, options);
  const sunset = airlineBookings(topics.sunset, options);
  let a = skyone.next();
  let b = sunset.next();
  for (;;) {
    if (!a.done && (b.done || a.value.at <= b.value.at)) {
      yield a.value;
      a = skyone.next();
    } else if (!b.done) {
      yield b.value;
      b = sunset.next();
    } else {
      return;
    }
  }
}

/** Milliseconds of event time from the first record to the last of `options.count` an airline. */
export function spanOfBookings(options: GeneratorOptions & { readonly count: number }): number {
  const spans = [topics.skyone, topics.sunset].map((airline) => {
    let last = 0;
    for (const at of schedule(airline, options)) last = at;
    return last;
  });
  return Math.max(...spans);
}

/** The addresses of the travellers of a seed. */
export function travellers(seed: number, users = 100): readonly string[] {
  const random = new Random(seed);
  const emails = new Set<string>();
  while (emails.size < users) emails.add(`${random.letters(5)}@email.com`);
  return [...emails];
}

/** When each record is written, in milliseconds from the start. */
function* schedule(airline: Airline, { seed, rate, count }: GeneratorOptions): Generator<number> {
  const limit = count ?? Number.POSITIVE_INFINITY;
  if (rate !== undefined) {
    for (let i = 0; i < limit; i++) yield Math.floor(i * 1_000 / rate);
    return;
  }
  const random = streamOf(seed, airline, "schedule");
  for (let i = 0, second = 0; i < limit; second++) {
    const records = 1 + random.below(3);
    for (let n = 0; n < records && i < limit; n++, i++) {
      yield second * 1_000 + Math.floor(n * 1_000 / records);
    }
  }
}

/** Independent streams of random numbers, so that one setting does not shift what others decide. */
function streamOf(
  seed: number,
  airline: Airline,
  purpose: "schedule" | "booking" | "fault",
): Random {
  const number = { schedule: 1, booking: 2, fault: 3 }[purpose] +
    (airline === topics.skyone ? 0 : 3);
  return new Random(seed * 8 + number);
}

function* airlineBookings(
  airline: Airline,
  options: GeneratorOptions,
): Generator<GeneratedBooking> {
  const { seed, start, users = 100, lateShare = 0, badShare = 0 } = options;
  const faults = streamOf(seed, airline, "fault");
  const make = new BookingMaker(streamOf(seed, airline, "booking"), travellers(seed, users));
  let malformed = 0;
  for (const offset of schedule(airline, options)) {
    const at = start + offset;
    const booking = airline === topics.skyone ? make.skyone(at) : make.sunset(at);
    const late = lateShare > 0 && faults.chance(lateShare);
    // Not below zero: there a log takes a timestamp for none.
    const timestamp = late ? Math.max(0, at - 90_000 - faults.below(210_000)) : at;
    const bad = badShare > 0 && faults.chance(badShare);
    const value = bad ? malformedValue(booking.value, malformed++) : booking.value;
    yield { airline, at, timestamp, key: booking.key, value };
  }
}

interface Booking {
  readonly key: string;
  readonly value: string;
}

/** Makes bookings. Values are written as text at once: all they hold is plain letters and digits. */
class BookingMaker {
  readonly #days = new Map<number, string>();

  constructor(readonly random: Random, readonly emails: readonly string[]) {}

  skyone(at: number): Booking {
    const { random } = this;
    const email = random.pick(this.emails);
    const { departure, arrival } = this.#times(at);
    const from = random.pick(airports);
    const to = random.pick(airports);
    const confirmation = `SKY1${random.letters(6)}`;
    const value = `{"email_address":"${email}","flight_departure_time":"${departure}",` +
      `"iata_departure_code":"${from}","flight_arrival_time":"${arrival}",` +
      `"iata_arrival_code":"${to}","flight_number":"SKY1${random.below(1000)}",` +
      `"confirmation":"${confirmation}","ticket_price":${500 + random.below(1000)},` +
      `"aircraft":"Aircraft${random.letters(3)}","booking_agency_email":"${
        random.pick(this.emails)
      }"}`;
    return { key: `{"ref":"${confirmation}"}`, value };
  }

  sunset(at: number): Booking {
    const { random } = this;
    const email = random.pick(this.emails);
    const { departure, arrival, minutes } = this.#times(at);
    const from = random.pick(airports);
    const to = random.pick(airports);
    const flightId = `SUN${random.below(1000)}`;
    const reference = `SUN${random.letters(6)}`;
    const value = `{"customer_email_address":"${email}","departure_time":"${departure}",` +
      `"departure_airport":"${from}","arrival_time":"${arrival}","arrival_airport":"${to}",` +
      `"flight_duration":${minutes},"flight_id":"${flightId}","reference_number":"${reference}",` +
      `"total_price":${300 + random.below(1500)},"aircraft_details":"Aircraft${
        random.letters(4)
      }"}`;
    return { key: `{"ref":"${reference}"}`, value };
  }

  /** A departure from 20 days before to 59 days after, and an arrival less than 15 hours later. */
  #times(at: number) {
    const { random } = this;
    const departureDay = Math.floor(at / day) - 20 + random.below(80);
    const departureMinute = random.below(1440);
    const minutes = random.below(15) * 60 + random.below(60);
    const departure = this.#time(departureDay, departureMinute);
    return { departure, arrival: this.#time(departureDay, departureMinute + minutes), minutes };
  }

  #time(dayNumber: number, minute: number): string {
    const onDay = minute < 1440 ? dayNumber : dayNumber + 1;
    let date = this.#days.get(onDay);
    if (date === undefined) {
      date = formatTime(onDay * day).slice(0, 10);
      this.#days.set(onDay, date);
    }
    return date + minutesOfDay[minute % 1440]!;
  }
}

/** What a broken producer would write: each kind of malformed record in turn (semantics 19, 20). */
function malformedValue(value: string, turn: number): string | Uint8Array | null {
  const departure = /"(flight_)?departure_time":"[^"]*"/;
  const price = /"(ticket|total)_price":\d+/;
  const kinds: readonly (() => string | Uint8Array | null)[] = [
    () => value.slice(0, -1),
    () => null,
    () => value.replace(/"(customer_)?email_address":"[^"]*",/, ""),
    () => value.replace(price, '"$1_price":"free"'),
    () => value.replace(departure, '"$1departure_time":"2026-02-30T12:00:00.000"'),
    () => value.replace(departure, '"$1departure_time":"9999-01-01T00:00:00.000"'),
    () => value.replace(price, '"$1_price":-1'),
    () => Uint8Array.of(0xff, 0xfe, ...utf8(value)),
  ];
  return kinds[turn % kinds.length]!();
}
