/**
 * Lesson 22: event time from a field: flights by departure airport in minutes of departure time. They
 * may be 10 seconds out of order; what is later than that goes to the topic for late records.
 *
 * ```sh
 * deno task example 22
 * ```
 *
 * In memory each flight is written within 10 seconds of its departure, so that none is late. In the
 * flightdata of lesson 16 departures lie weeks apart, in no order: read live, most of them are late.
 */

import {
  type DataStream,
  flights,
  formatTime,
  isoMilliseconds,
  json,
  type ProcessWindowFunction,
  TumblingEventTimeWindows,
  WatermarkStrategy,
} from "../src/mod.ts";
import { departures } from "./lesson/departures.ts";
import { type Lesson, runLesson } from "./lesson/run.ts";
import { tuple } from "./lesson/text.ts";

/** How many flights depart from an airport. */
interface Departures {
  readonly airport: string;
  readonly flights: number;
}

type Line = readonly [airport: string, windowEnd: string, flights: number];

const withWindowEnd: ProcessWindowFunction<Departures, string, Line> = () => ({
  process: (airport, { window }, [departures], out) =>
    out.collect([airport, formatTime(window.end), departures!.flights]),
});

/** Flights of each airport and minute. */
export function defineWorkflow(flightdata: DataStream<flights.FlightData>): DataStream<Line> {
  return flightdata
    .map((flight): Departures => ({ airport: flight.departure_airport_code, flights: 1 }))
    .keyBy("airport")
    .window(TumblingEventTimeWindows.of("1m"))
    .reduce((a, b) => ({ airport: a.airport, flights: a.flights + b.flights }), withWindowEnd);
}

export const lesson: Lesson = {
  number: "22",
  beside: [departures({ from: -10, to: 0, airports: ["ATL", "DFW", "JFK", "LAX"] })],
  speed: 20,
  maxFuture: null,
  define: (env) => {
    const flightdata = env.fromSource(
      { topic: "flightdata", deserializer: json(flights.parseFlightData) },
      WatermarkStrategy.forBoundedOutOfOrderness<flights.FlightData>("10s")
        .withTimestampAssigner((flight) => isoMilliseconds(flight.departure_time)),
    );
    defineWorkflow(flightdata).map(tuple).print();
  },
};

if (import.meta.main) await runLesson(lesson);
