/**
 * What the topics hold, in the formats of the course's programs. Times are ISO 8601; one without a
 * zone is UTC (semantics 2).
 *
 * - The Python programs write these field names, keys, and local times with milliseconds and no
 *   zone. Their `flight_duration` belongs to another arrival time than the one beside it, so it is
 *   not compared with the times.
 * - The Java programs write camel case, no keys, no `source`, `confirmationCode` for a flight's
 *   confirmation, times with an offset, prices as decimals, and durations as decimal seconds. They
 *   read nothing but camel case, from the Python programs neither.
 * - Python before 3.11 reads neither `Z` nor one or two digits after the seconds, and cannot compare
 *   a time that has an offset with its own: flights are written in the one form that all read.
 */

import { z } from "zod";
import { FlightsError } from "../base/errors.ts";
import { formatTime, isoMilliseconds } from "../base/time.ts";
import { type Model, modelParser } from "./model_parser.ts";

const skyOneSchema = z.object({
  email_address: z.string(),
  flight_departure_time: z.string(),
  iata_departure_code: z.string(),
  flight_arrival_time: z.string(),
  iata_arrival_code: z.string(),
  flight_number: z.string(),
  confirmation: z.string(),
  ticket_price: z.number(),
  aircraft: z.string(),
  booking_agency_email: z.string(),
}) satisfies z.ZodType<SkyOneBooking>;

const sunsetSchema = z.object({
  customer_email_address: z.string(),
  departure_time: z.string(),
  departure_airport: z.string(),
  arrival_time: z.string(),
  arrival_airport: z.string(),
  flight_duration: z.number(),
  flight_id: z.string(),
  reference_number: z.string(),
  total_price: z.number(),
  aircraft_details: z.string(),
}) satisfies z.ZodType<SunsetBooking>;

const flightDataSchema = z.object({
  email_address: z.string(),
  departure_time: z.string(),
  departure_airport_code: z.string(),
  arrival_time: z.string(),
  arrival_airport_code: z.string(),
  flight_number: z.string(),
  confirmation: z.string(),
  source: z.enum(["skyone", "sunset"]).optional(),
}) satisfies z.ZodType<FlightData>;

const userStatisticsSchema = z.object({
  email_address: z.string(),
  total_flight_duration: z.number(),
  number_of_flights: z.number(),
}) satisfies z.ZodType<UserStatistics>;

/** A booking of the airline SkyOne. */
export interface SkyOneBooking {
  /** Who flies. */
  readonly email_address: string;
  /** ISO 8601. */
  readonly flight_departure_time: string;
  /** The airport's three letters. */
  readonly iata_departure_code: string;
  /** ISO 8601. */
  readonly flight_arrival_time: string;
  /** The airport's three letters. */
  readonly iata_arrival_code: string;
  /** `SKY1` and a number. */
  readonly flight_number: string;
  /** The booking's own id. */
  readonly confirmation: string;
  /** Zero or more. */
  readonly ticket_price: number;
  /** The kind of plane. */
  readonly aircraft: string;
  /** Who sold it. */
  readonly booking_agency_email: string;
}

/** A booking of the airline Sunset. */
export interface SunsetBooking {
  /** Who flies. */
  readonly customer_email_address: string;
  /** ISO 8601. */
  readonly departure_time: string;
  /** The airport's three letters. */
  readonly departure_airport: string;
  /** ISO 8601. */
  readonly arrival_time: string;
  /** The airport's three letters. */
  readonly arrival_airport: string;
  /** In minutes. */
  readonly flight_duration: number;
  /** `SUN` and a number. */
  readonly flight_id: string;
  /** The booking's own id. */
  readonly reference_number: string;
  /** Zero or more. */
  readonly total_price: number;
  /** The kind of plane. */
  readonly aircraft_details: string;
}

/** A booked flight of either airline. */
export interface FlightData {
  /** Who flies. */
  readonly email_address: string;
  /** ISO 8601; as merge writes it, with milliseconds and no zone. */
  readonly departure_time: string;
  /** The airport's three letters. */
  readonly departure_airport_code: string;
  /** As `departure_time`. */
  readonly arrival_time: string;
  /** The airport's three letters. */
  readonly arrival_airport_code: string;
  /** The airline's number of it. */
  readonly flight_number: string;
  /** The booking's own id. */
  readonly confirmation: string;
  /** The airline; the Java programs do not write it. */
  readonly source?: "skyone" | "sunset" | undefined;
}

/** What a traveller flies in all. */
export interface UserStatistics {
  /** Who flies. */
  readonly email_address: string;
  /** In minutes, the fraction of one with it. */
  readonly total_flight_duration: number;
  /** A whole number. */
  readonly number_of_flights: number;
}

/** The years 0 to 9999, which ISO 8601 can write in four digits. */
const firstTime = isoMilliseconds("0000-01-01T00:00:00.000");
const lastTime = isoMilliseconds("9999-12-31T23:59:59.999");

/** Says what is wrong with the times of a flight, or null. */
function checkTimes(departure: string, arrival: string): string | null {
  const departed = isoMilliseconds(departure);
  const arrived = isoMilliseconds(arrival);
  if (firstTime <= departed && departed <= arrived && arrived <= lastTime) return null;
  for (
    const [name, text, time] of [["departure", departure, departed], [
      "arrival",
      arrival,
      arrived,
    ]] as const
  ) {
    // An offset can carry a time over the edge of the calendar; false for what is no time, too.
    if (!(firstTime <= time && time <= lastTime)) {
      return `the ${name} must be an ISO 8601 time (as in 2026-01-31T12:00:00.000) in the years 0 ` +
        `to 9999 UTC, it is ${JSON.stringify(text.slice(0, 60))}`;
    }
  }
  return `the arrival must not be before the departure ${departure}, it is ${arrival}`;
}

function checkNotNegative(name: string, value: number): string | null {
  return value >= 0 ? null : `${name} must be zero or more, it is ${value}`;
}

function checkCount(name: string, value: number): string | null {
  return Number.isSafeInteger(value) && value >= 0
    ? null
    : `${name} must be a whole number, zero or more, it is ${value}`;
}

/** The check of a model: its period first, then its numbers. */
function checkOf<T extends object>(
  { period, notNegative = [], counts = [] }: Model<T>,
): (value: T) => string | null {
  return (value) => {
    const fields = value as Record<string, unknown>;
    let wrong: string | null = null;
    if (period !== undefined) {
      wrong = checkTimes(fields[period[0]] as string, fields[period[1]] as string);
    }
    for (const name of notNegative) wrong ??= checkNotNegative(name, fields[name] as number);
    for (const name of counts) wrong ??= checkCount(name, fields[name] as number);
    return wrong;
  };
}

function parserOf<T extends object>(model: Model<T>): (json: unknown) => T {
  return modelParser(model.schema, { aliases: model.aliases, check: checkOf(model) });
}

const skyOneModel: Model<SkyOneBooking> = {
  schema: skyOneSchema,
  aliases: {
    emailAddress: "email_address",
    flightDepartureTime: "flight_departure_time",
    iataDepartureCode: "iata_departure_code",
    flightArrivalTime: "flight_arrival_time",
    iataArrivalCode: "iata_arrival_code",
    flightNumber: "flight_number",
    ticketPrice: "ticket_price",
    bookingAgencyEmail: "booking_agency_email",
  },
  period: ["flight_departure_time", "flight_arrival_time"],
  notNegative: ["ticket_price"],
};

const sunsetModel: Model<SunsetBooking> = {
  schema: sunsetSchema,
  aliases: {
    customerEmailAddress: "customer_email_address",
    departureTime: "departure_time",
    departureAirport: "departure_airport",
    arrivalTime: "arrival_time",
    arrivalAirport: "arrival_airport",
    flightDuration: { name: "flight_duration", divideBy: 60 },
    flightId: "flight_id",
    referenceNumber: "reference_number",
    totalPrice: "total_price",
    aircraftDetails: "aircraft_details",
  },
  period: ["departure_time", "arrival_time"],
  notNegative: ["flight_duration", "total_price"],
};

const flightDataModel: Model<FlightData> = {
  schema: flightDataSchema,
  aliases: {
    emailAddress: "email_address",
    departureTime: "departure_time",
    departureAirportCode: "departure_airport_code",
    arrivalTime: "arrival_time",
    arrivalAirportCode: "arrival_airport_code",
    flightNumber: "flight_number",
    confirmationCode: "confirmation",
  },
  period: ["departure_time", "arrival_time"],
};

const userStatisticsModel: Model<UserStatistics> = {
  schema: userStatisticsSchema,
  aliases: {
    emailAddress: "email_address",
    totalFlightDuration: { name: "total_flight_duration", divideBy: 60 },
    numberOfFlights: "number_of_flights",
  },
  notNegative: ["total_flight_duration"],
  counts: ["number_of_flights"],
};

/** The models of the topics. */
export const models = {
  skyone: skyOneModel,
  sunset: sunsetModel,
  flightData: flightDataModel,
  userStatistics: userStatisticsModel,
} as const;

/** Reads a booking of SkyOne. @throws {FlightsError} `bad-record`. */
export const parseSkyOne: (json: unknown) => SkyOneBooking = parserOf(skyOneModel);

/** Reads a booking of Sunset. @throws {FlightsError} `bad-record`. */
export const parseSunset: (json: unknown) => SunsetBooking = parserOf(sunsetModel);

/** Reads a booked flight. @throws {FlightsError} `bad-record`. */
export const parseFlightData: (json: unknown) => FlightData = parserOf(flightDataModel);

/** Reads a traveller's statistics. @throws {FlightsError} `bad-record`. */
export const parseUserStatistics: (json: unknown) => UserStatistics = parserOf(
  userStatisticsModel,
);

/** The form of the topics: milliseconds, no zone. What has another form is turned into it. */
function wireTime(text: string): string {
  const isWire = text.length === 23 && text[10] === "T" && text[19] === "." && text[22] !== "Z";
  return isWire ? text : formatTime(isoMilliseconds(text));
}

/** A booking of SkyOne as a flight. */
export function flightOfSkyOne(booking: SkyOneBooking): FlightData {
  return {
    email_address: booking.email_address,
    departure_time: wireTime(booking.flight_departure_time),
    departure_airport_code: booking.iata_departure_code,
    arrival_time: wireTime(booking.flight_arrival_time),
    arrival_airport_code: booking.iata_arrival_code,
    flight_number: booking.flight_number,
    confirmation: booking.confirmation,
    source: "skyone",
  };
}

/** A booking of Sunset as a flight. */
export function flightOfSunset(booking: SunsetBooking): FlightData {
  return {
    email_address: booking.customer_email_address,
    departure_time: wireTime(booking.departure_time),
    departure_airport_code: booking.departure_airport,
    arrival_time: wireTime(booking.arrival_time),
    arrival_airport_code: booking.arrival_airport,
    flight_number: booking.flight_id,
    confirmation: booking.reference_number,
    source: "sunset",
  };
}

const minute = 60_000;

/** How long a flight takes in minutes, exactly: of less than a minute the fraction is kept. */
export function flightDurationMinutes(flight: FlightData): number {
  return (isoMilliseconds(flight.arrival_time) - isoMilliseconds(flight.departure_time)) / minute;
}

/** The statistics of one flight. */
export function statisticsOf(flight: FlightData): UserStatistics {
  return {
    email_address: flight.email_address,
    total_flight_duration: flightDurationMinutes(flight),
    number_of_flights: 1,
  };
}

/**
 * The sum of two statistics of one traveller. Durations are added in whole milliseconds: fractions
 * of a minute have no exact double, and their plain sum would depend on the order of adding.
 *
 * @throws {FlightsError} `invalid-argument` when they are of two travellers.
 */
export function mergeStatistics(a: UserStatistics, b: UserStatistics): UserStatistics {
  if (a.email_address !== b.email_address) {
    throw new FlightsError(
      "invalid-argument",
      `Cannot merge statistics: they must be of one email address, they are of ${a.email_address} and ` +
        b.email_address,
    );
  }
  return {
    email_address: a.email_address,
    total_flight_duration:
      Math.round((a.total_flight_duration + b.total_flight_duration) * minute) / minute,
    number_of_flights: a.number_of_flights + b.number_of_flights,
  };
}
