import assert from "node:assert/strict";
import fc from "fast-check";
import { hasCode } from "../base/errors.ts";
import {
  type FlightData,
  flightDurationMinutes,
  flightOfSkyOne,
  flightOfSunset,
  mergeStatistics,
  parseFlightData,
  parseSkyOne,
  parseSunset,
  parseUserStatistics,
  statisticsOf,
  type UserStatistics,
} from "./models.ts";

const skyOne = {
  email_address: "ABCDE@email.com",
  flight_departure_time: "2026-01-31T12:00:00.000",
  iata_departure_code: "ATL",
  flight_arrival_time: "2026-01-31T14:30:00.000",
  iata_arrival_code: "DFW",
  flight_number: "SKY1999",
  confirmation: "SKY1ABCDEF",
  ticket_price: 599,
  aircraft: "AircraftABC",
  booking_agency_email: "FGHIJ@email.com",
};

const sunset = {
  customer_email_address: "ABCDE@email.com",
  departure_time: "2026-01-31T12:00:00.000",
  departure_airport: "ATL",
  arrival_time: "2026-01-31T14:30:00.000",
  arrival_airport: "DFW",
  flight_duration: 150,
  flight_id: "SUN999",
  reference_number: "SUNABCDEF",
  total_price: 599,
  aircraft_details: "AircraftABCD",
};

const flight: FlightData = {
  email_address: "ABCDE@email.com",
  departure_time: "2026-01-31T12:00:00.000",
  departure_airport_code: "ATL",
  arrival_time: "2026-01-31T14:30:00.000",
  arrival_airport_code: "DFW",
  flight_number: "SKY1999",
  confirmation: "SKY1ABCDEF",
  source: "skyone",
};

const statistics: UserStatistics = {
  email_address: "ABCDE@email.com",
  total_flight_duration: 150,
  number_of_flights: 1,
};

/** What the Java programs write: Jackson's text of the same records. */
const java = {
  skyOne: `{"emailAddress":"ABCDE@email.com","flightDepartureTime":"2026-01-31T12:00:00.000Z",
    "iataDepartureCode":"ATL","flightArrivalTime":"2026-01-31T14:30:00.000Z",
    "iataArrivalCode":"DFW","flightNumber":"SKY1999","confirmation":"SKY1ABCDEF",
    "ticketPrice":599.0,"aircraft":"AircraftABC","bookingAgencyEmail":"FGHIJ@email.com"}`,
  sunset: `{"customerEmailAddress":"ABCDE@email.com","departureTime":"2026-01-31T12:00:00.000Z",
    "departureAirport":"ATL","arrivalTime":"2026-01-31T14:30:00.000Z","arrivalAirport":"DFW",
    "flightDuration":9000.000000000,"flightId":"SUN999","referenceNumber":"SUNABCDEF",
    "totalPrice":599,"aircraftDetails":"AircraftABCD"}`,
  flight: `{"emailAddress":"ABCDE@email.com","departureTime":"2026-01-31T12:00:00.000Z",
    "departureAirportCode":"ATL","arrivalTime":"2026-01-31T14:30:00.000Z",
    "arrivalAirportCode":"DFW","flightNumber":"SKY1999","confirmationCode":"SKY1ABCDEF"}`,
  statistics: `{"emailAddress":"ABCDE@email.com","totalFlightDuration":9000.000000000,
    "numberOfFlights":1}`,
};

function without(record: object, field: string): object {
  return Object.fromEntries(Object.entries(record).filter(([name]) => name !== field));
}

const models = [
  { name: "parseSkyOne", parse: parseSkyOne, good: skyOne, optional: "" },
  { name: "parseSunset", parse: parseSunset, good: sunset, optional: "" },
  { name: "parseFlightData", parse: parseFlightData, good: flight, optional: "source" },
  { name: "parseUserStatistics", parse: parseUserStatistics, good: statistics, optional: "" },
] as const;

const isBadRecord = (error: unknown) => hasCode(error, "bad-record");

for (const { name, parse, good, optional } of models) {
  Deno.test(`${name} reads its record; semantics 20: unknown fields are ignored`, () => {
    assert.deepEqual(parse({ ...good, extra: { deep: [1] } }), good);
  });

  Deno.test(`${name} refuses a missing field, a null and a wrong type`, () => {
    for (const [field, value] of Object.entries(good)) {
      const message = new RegExp(field);
      if (field !== optional) assert.throws(() => parse(without(good, field)), message);
      const wrongType = typeof value === "string" ? 1 : "1";
      for (const wrong of [null, wrongType, [value]]) {
        assert.throws(() => parse({ ...good, [field]: wrong }), message);
      }
    }
    assert.throws(() => parse(null), isBadRecord);
  });

  Deno.test(`${name} takes numbers from zero up, decimals too, and none below`, () => {
    for (const [field, value] of Object.entries(good)) {
      if (typeof value !== "number") continue;
      assert.deepEqual(parse({ ...good, [field]: 0 }), { ...good, [field]: 0 });
      if (field !== "number_of_flights") parse({ ...good, [field]: 0.5 });
      for (const wrong of [-0.001, Number.POSITIVE_INFINITY]) {
        assert.throws(() => parse({ ...good, [field]: wrong }), new RegExp(field));
      }
    }
  });
}

Deno.test("parseUserStatistics takes whole numbers of flights only", () => {
  assert.throws(() => parseUserStatistics({ ...statistics, number_of_flights: 1.5 }), isBadRecord);
});

Deno.test("parseFlightData reads a flight without its source, and refuses an unknown one", () => {
  assert.deepEqual(parseFlightData(without(flight, "source")), without(flight, "source"));
  assert.throws(() => parseFlightData({ ...flight, source: "other" }), /skyone, sunset/);
});

Deno.test("semantics 20: an arrival before its departure is a bad record, one at it is none", () => {
  for (const [parse, good, departure, arrival] of timedModels()) {
    parse({ ...good, [departure]: good[arrival] });
    assert.throws(
      () => parse({ ...good, [departure]: "2026-01-31T14:30:00.001" }),
      /the arrival must not be before the departure/,
    );
    // 09:45 at four hours west is 13:45 UTC.
    parse({ ...good, [departure]: "2026-01-31T09:45:00.000-04:00" });
    assert.throws(() => parse({ ...good, [departure]: "2026-01-31T09:45:00.000-05:00" }));
  }
});

Deno.test("semantics 20: dates that do not exist are bad records, so are unwritable years", () => {
  for (const [parse, good, departure, arrival] of timedModels()) {
    for (
      const time of ["2026-02-30T12:00:00.000", "2026-01-31T24:00:00", "2026-01-31", "soon", ""]
    ) {
      assert.throws(() => parse({ ...good, [departure]: time }), /the departure must be an ISO/);
      assert.throws(() => parse({ ...good, [arrival]: time }), /the arrival must be an ISO/);
    }
    parse({ ...good, [departure]: "0000-01-01T00:00:00.000" });
    parse({ ...good, [arrival]: "9999-12-31T23:59:59.999" });
    assert.throws(() => parse({ ...good, [departure]: "0000-01-01T00:00:00.000+00:01" }));
    assert.throws(() => parse({ ...good, [arrival]: "9999-12-31T23:59:59.999-00:01" }));
  }
});

function timedModels() {
  return [
    [parseSkyOne, skyOne, "flight_departure_time", "flight_arrival_time"],
    [parseSunset, sunset, "departure_time", "arrival_time"],
    [parseFlightData, flight, "departure_time", "arrival_time"],
  ] as [(json: unknown) => unknown, Record<string, unknown>, string, string][];
}

Deno.test("the models read what the Java programs write, durations in seconds as minutes", () => {
  const expected = { ...flight, source: "skyone" };
  assert.deepEqual(flightOfSkyOne(parseSkyOne(JSON.parse(java.skyOne))), expected);
  const booking = parseSunset(JSON.parse(java.sunset));
  assert.equal(booking.flight_duration, 150);
  assert.deepEqual(flightOfSunset(booking), flightOfSunset(sunset));
  assert.deepEqual(statisticsOf(parseFlightData(JSON.parse(java.flight))), statistics);
  assert.deepEqual(parseUserStatistics(JSON.parse(java.statistics)), statistics);
});

Deno.test("parseSunset does not compare flight_duration, which Python takes from another time", () => {
  assert.equal(parseSunset({ ...sunset, flight_duration: 7 }).flight_duration, 7);
});

Deno.test("flightOfSkyOne and flightOfSunset name the fields anew and say where they come from", () => {
  assert.deepEqual(flightOfSkyOne(skyOne), flight);
  assert.deepEqual(flightOfSunset(sunset), {
    ...flight,
    flight_number: "SUN999",
    confirmation: "SUNABCDEF",
    source: "sunset",
  });
});

Deno.test("flights keep times in the wire form and turn all others into it", () => {
  const cases = [
    ["2026-01-31T12:00:00.000", "2026-01-31T12:00:00.000"],
    ["2026-01-31T12:00:00.000Z", "2026-01-31T12:00:00.000"],
    ["2026-01-31T12:00:00.00Z", "2026-01-31T12:00:00.000"],
    ["2026-01-31T12:00:00.000-02:00", "2026-01-31T14:00:00.000"],
    ["2026-01-31T12:00:00.123456", "2026-01-31T12:00:00.123"],
    ["2026-01-31T12:00:00", "2026-01-31T12:00:00.000"],
    ["2026-01-31 12:00:00.000", "2026-01-31T12:00:00.000"],
    ["2026-01-31T12:00", "2026-01-31T12:00:00.000"],
  ];
  for (const [given, expected] of cases) {
    const booking = parseSkyOne({ ...skyOne, flight_departure_time: given });
    assert.equal(flightOfSkyOne(booking).departure_time, expected);
    const other = parseSunset({ ...sunset, departure_time: given });
    assert.equal(flightOfSunset(other).departure_time, expected);
  }
});

Deno.test("flightDurationMinutes is exact: days are not dropped, seconds are fractions", () => {
  const cases = [
    ["2026-01-31T12:00:00.000", 0],
    ["2026-02-02T12:01:00.000", 2 * 1440 + 1],
    ["2026-01-31T12:00:30.000", 0.5],
    ["2026-01-31T12:00:00.001", 1 / 60_000],
  ] as const;
  for (const [arrival_time, minutes] of cases) {
    assert.equal(flightDurationMinutes({ ...flight, arrival_time }), minutes);
  }
});

Deno.test("mergeStatistics adds up, and gives the same in every order of adding", () => {
  const milliseconds = fc.array(fc.integer({ min: 0, max: 1e9 }), { minLength: 1, maxLength: 30 });
  fc.assert(fc.property(milliseconds, (all) => {
    const parts = all.map((ms) => ({ ...statistics, total_flight_duration: ms / 60_000 }));
    const total = parts.reduce(mergeStatistics);
    const reversed = parts.reduceRight((sum, part) => mergeStatistics(sum, part));
    assert.deepEqual(total, reversed);
    assert.deepEqual(total, {
      ...statistics,
      total_flight_duration: all.reduce((sum, ms) => sum + ms) / 60_000,
      number_of_flights: all.length,
    });
  }));
});

Deno.test("mergeStatistics refuses two travellers", () => {
  assert.throws(
    () => mergeStatistics(statistics, { ...statistics, email_address: "FGHIJ@email.com" }),
    (error) => hasCode(error, "invalid-argument"),
  );
});
