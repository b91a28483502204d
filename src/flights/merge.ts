/** The job merge: the bookings of both airlines become one stream of flights that have not landed. */

import { type Clock, systemClock } from "../base/clock.ts";
import { isoMilliseconds } from "../base/time.ts";
import type { DataStream } from "../stream/data_stream.ts";
import { StreamEnvironment } from "../stream/environment.ts";
import { json } from "../stream/json.ts";
import type { ProcessFunction } from "../stream/operators/functions.ts";
import type { Topology } from "../stream/topology.ts";
import { WatermarkStrategy } from "../stream/watermark_strategy.ts";
import {
  type FlightData,
  flightOfSkyOne,
  flightOfSunset,
  parseSkyOne,
  parseSunset,
  type SkyOneBooking,
  type SunsetBooking,
} from "./models.ts";
import { topics } from "./topics.ts";

/**
 * The time as of which a flight has landed: that of its own record, so that a replay gives the same;
 * the clock's; or a stated one in milliseconds.
 */
export type AsOf = "record" | "now" | number;

/** Settings of merge. */
export interface MergeOptions {
  /** Default `record`. */
  readonly asOf?: AsOf;
  /** The clock of `asOf: "now"`; default: the machine's. */
  readonly clock?: Clock;
  /** Of both sources; default: `WatermarkStrategy.forMonotonousTimestamps()`. */
  readonly watermarks?: WatermarkStrategy<unknown>;
  /** The topic written; default flightdata. */
  readonly output?: string;
}

/** Maps both streams to flights and drops those that have landed. */
export function defineWorkflow(
  skyone: DataStream<SkyOneBooking>,
  sunset: DataStream<SunsetBooking>,
  options: MergeOptions = {},
): DataStream<FlightData> {
  return skyone.map(flightOfSkyOne)
    .union(sunset.map(flightOfSunset))
    .process(dropLanded(options.asOf ?? "record", options.clock ?? systemClock));
}

/** Lets through the flights that arrive after the time as of which they are looked at. */
function dropLanded(asOf: AsOf, clock: Clock): ProcessFunction<FlightData, FlightData> {
  return () => ({
    processElement: (flight, context, out) => {
      const time = asOf === "record" ? context.timestamp() : asOf === "now" ? clock.now() : asOf;
      if (isoMilliseconds(flight.arrival_time) > time) out.collect(flight);
    },
  });
}

/** The topology of merge: skyone and sunset to flightdata, placed by email address. */
export function mergeTopology(options: MergeOptions = {}): Topology {
  const env = new StreamEnvironment();
  const watermarks = options.watermarks ?? WatermarkStrategy.forMonotonousTimestamps();
  const skyone = env.fromSource(
    { topic: topics.skyone, deserializer: json(parseSkyOne) },
    watermarks,
  );
  const sunset = env.fromSource(
    { topic: topics.sunset, deserializer: json(parseSunset) },
    watermarks,
  );
  defineWorkflow(skyone, sunset, options).sinkTo({
    topic: options.output ?? topics.flightData,
    key: (flight) => JSON.stringify({ confirmation: flight.confirmation }),
    partitionBy: (flight) => flight.email_address,
  });
  return env.topology;
}
