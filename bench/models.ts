/**
 * The models: nanoseconds a record for what a job does to it between the log's text and the log's
 * text, beside JSON's own share.
 *
 * ```sh
 * deno run bench/models.ts            # 1,000 records of each airline, 50 times over in 9 rounds
 * deno run bench/models.ts --small    # 5 times over in 3 rounds
 * ```
 */

import { generateBookings } from "../src/flights/generator.ts";
import {
  flightOfSkyOne,
  flightOfSunset,
  mergeStatistics,
  parseFlightData,
  parseSkyOne,
  parseSunset,
  statisticsOf,
} from "../src/flights/models.ts";
import { topics } from "../src/flights/topics.ts";
import { isSmall, measure, type Measurement, report, reportHash } from "./measure.ts";

const small = isSmall(Deno.args);
// Few records, many times: with many at once it is the garbage collector that is measured.
const count = 1_000;
const repeats = small ? 5 : 50;
const options = { items: count * repeats, ...(small ? { rounds: 3, warmUp: 1 } : {}) };
const start = 1_767_225_600_000;
const measurements: Measurement[] = [];

/** Measures `step` on each input and returns what it made of them in the last round. */
function stage<In, Out>(
  name: string,
  inputs: readonly In[],
  { step, size }: { step: (input: In) => Out; size: (output: Out) => number },
): Out[] {
  const outputs = new Array<Out>(inputs.length);
  const measurement = measure(name, () => {
    let sum = 0;
    for (let repeat = 0; repeat < repeats; repeat++) {
      for (let i = 0; i < inputs.length; i++) sum += size(outputs[i] = step(inputs[i]!));
    }
    return sum;
  }, options);
  report(measurement);
  measurements.push(measurement);
  return outputs;
}

const read = (text: string): object => JSON.parse(text);
const seen = (value: object): number => Number(value !== null);

function bookingStages<Booking extends object>(
  airline: string,
  model: {
    parse: (json: unknown) => Booking;
    map: (booking: Booking) => ReturnType<typeof flightOfSkyOne>;
  },
): string[] {
  const texts = [...generateBookings({ seed: 7, start, count })]
    .filter((booking) => booking.airline === airline)
    .map((booking) => String(booking.value));
  const values = stage(`${airline}: JSON.parse`, texts, { step: read, size: seen });
  const bookings = stage(`${airline}: schema and checks`, values, {
    step: model.parse,
    size: seen,
  });
  const flights = stage(`${airline}: to flight data`, bookings, { step: model.map, size: seen });
  return stage(`${airline}: JSON.stringify`, flights, {
    step: (flight) => JSON.stringify(flight),
    size: (text) => text.length,
  });
}

const generated = measure("generator: both airlines", () => {
  let sum = 0;
  const settings = { seed: 7, start, count: count * repeats };
  for (const { value } of generateBookings(settings)) sum += value!.length;
  return sum;
}, { ...options, items: 2 * count * repeats });
report(generated, `${Math.round(1e6 / generated.median)} thousand records a second`);
measurements.push(generated);

const texts = bookingStages(topics.skyone, { parse: parseSkyOne, map: flightOfSkyOne });
bookingStages(topics.sunset, { parse: parseSunset, map: flightOfSunset });

const values = stage("flightdata: JSON.parse", texts, { step: read, size: seen });
const flights = stage("flightdata: schema and checks", values, {
  step: parseFlightData,
  size: (flight) => flight.confirmation.length,
});
const statistics = stage("flightdata: to statistics", flights, {
  step: statisticsOf,
  size: (one) => one.total_flight_duration,
});
const ofOne = statistics.map((one) => ({ ...one, email_address: "ABCDE@email.com" }));
stage("statistics: merge", ofOne, {
  step: (one) => mergeStatistics(one, one),
  size: (one) => one.total_flight_duration,
});
reportHash(measurements);
