/**
 * Lesson 24: a side output: flights that should have departed more than half an hour ago.
 *
 * ```sh
 * deno task example 24
 * ```
 *
 * Ago is before the event time of the flight's own record, so that a replay gives the same.
 */

import {
  type DataStream,
  flights,
  isoMilliseconds,
  json,
  OutputTag,
  type ProcessFunction,
  WatermarkStrategy,
} from "../src/mod.ts";
import { departures } from "./lesson/departures.ts";
import { type Lesson, runLesson } from "./lesson/run.ts";

/** Flights that have not departed in time. */
export const delayed = new OutputTag<flights.FlightData>("delayed-flights");

const halfAnHour = 30 * 60_000;

const routeDelayed: ProcessFunction<flights.FlightData, flights.FlightData> = () => ({
  processElement: (flight, context, out) => {
    const isDelayed = isoMilliseconds(flight.departure_time) + halfAnHour < context.timestamp();
    if (isDelayed) context.output(delayed, flight);
    else out.collect(flight);
  },
});

/** Flights in time; the others are in the side output. */
export function defineWorkflow(
  flightdata: DataStream<flights.FlightData>,
): DataStream<flights.FlightData> {
  return flightdata.process(routeDelayed);
}

export const lesson: Lesson = {
  number: "24",
  beside: [departures({ from: -3_600, to: 3_600 })],
  define: (env) => {
    const flightdata = env.fromSource(
      { topic: "flightdata", deserializer: json(flights.parseFlightData) },
      WatermarkStrategy.forMonotonousTimestamps(),
    );
    const onTime = defineWorkflow(flightdata);
    onTime.print("ON_TIME");
    onTime.getSideOutput(delayed).print("DELAYED");
  },
};

if (import.meta.main) await runLesson(lesson);
