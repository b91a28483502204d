import assert from "node:assert/strict";
import { type flights, SimulatedClock, TestDriver } from "../src/mod.ts";
import { defineWorkflow } from "./12_skyone_to_flights.ts";
import { minute, now, skyOneBooking } from "./lesson/test_data.ts";

function testWorkflow() {
  const test = new TestDriver({ clock: new SimulatedClock(now) });
  const skyone = test.source<flights.SkyOneBooking>("skyone");
  return { skyone, flightdata: test.collect(defineWorkflow(skyone.stream)) };
}

Deno.test("define_workflow should convert data from one stream", () => {
  const { skyone, flightdata } = testWorkflow();
  const booking = skyOneBooking("SKY1AAAAAA", now + minute);
  skyone.send(booking);
  assert.deepEqual(flightdata.values(), [{
    email_address: booking.email_address,
    departure_time: booking.flight_departure_time,
    departure_airport_code: booking.iata_departure_code,
    arrival_time: booking.flight_arrival_time,
    arrival_airport_code: booking.iata_arrival_code,
    flight_number: booking.flight_number,
    confirmation: "SKY1AAAAAA",
    source: "skyone",
  }]);
});

Deno.test("define_workflow should filter out flights in the past", () => {
  const { skyone, flightdata } = testWorkflow();
  skyone.send(skyOneBooking("SKY1ANEW00", now + minute));
  skyone.send(skyOneBooking("SKY1ANOLD0", now - minute));
  assert.deepEqual(flightdata.values().map(({ confirmation }) => confirmation), ["SKY1ANEW00"]);
});

Deno.test("define_workflow takes the booking's own time for now, at which a flight has landed", () => {
  const { skyone, flightdata } = testWorkflow();
  const yesterday = now - 1440 * minute;
  skyone.send(skyOneBooking("SKY1LANDED", yesterday), yesterday);
  skyone.send(skyOneBooking("SKY1FLYING", yesterday + 1), yesterday);
  assert.deepEqual(flightdata.values().map(({ confirmation }) => confirmation), ["SKY1FLYING"]);
});
