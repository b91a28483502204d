/** Flights that are written about when they depart, for lessons that go by departure times. */

import {
  type DataStream,
  flights,
  formatTime,
  isoMilliseconds,
  Sources,
  type StreamEnvironment,
  WatermarkStrategy,
} from "../../src/mod.ts";
import { type Booking, type BookingOptions, bookings } from "./bookings.ts";

/** When flights depart, in seconds from when they are written. */
export interface DepartureOptions {
  /** The earliest; below zero: before. */
  readonly from: number;
  /** Where it ends, above `from`. */
  readonly to: number;
  /** Where they depart from; default: all airports. */
  readonly airports?: readonly string[];
}

/** Writes the generator's flights to flightdata, departing in another order than they are written in. */
export function departures(departure: DepartureOptions) {
  return (env: StreamEnvironment, options: BookingOptions): DataStream<flights.FlightData> => {
    const flightdata = env.fromSource(
      Sources.asyncIterable(() => bookings(options)),
      WatermarkStrategy.forMonotonousTimestamps<Booking>()
        .withTimestampAssigner((booking) => booking.timestamp),
    ).map((booking) => departing(booking, departure));
    flightdata.sinkTo({
      topic: "flightdata",
      key: ({ confirmation }) => JSON.stringify({ confirmation }),
      partitionBy: (flight) => flight.email_address,
    });
    return flightdata;
  };
}

function departing({ airline, timestamp, value }: Booking, departure: DepartureOptions) {
  const { from, to, airports } = departure;
  const flight = airline === "skyone"
    ? flights.flightOfSkyOne(flights.parseSkyOne(JSON.parse(value)))
    : flights.flightOfSunset(flights.parseSunset(JSON.parse(value)));
  // The generator's minute of departure is random: all else is taken from it, so that the same seed
  // gives the same flights.
  const minute = isoMilliseconds(flight.departure_time) / 60_000;
  const departs = timestamp + (from + minute * 7_919 % (to - from)) * 1_000;
  const lasts = isoMilliseconds(flight.arrival_time) - isoMilliseconds(flight.departure_time);
  return {
    ...flight,
    departure_time: formatTime(departs),
    arrival_time: formatTime(departs + lasts),
    ...(airports && { departure_airport_code: airports[minute % airports.length]! }),
  };
}
