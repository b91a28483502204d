/** Bookings and flights for the lessons' tests. */

import { type flights, formatTime } from "../../src/mod.ts";

/** When the tests take place. */
export const now = Date.UTC(2026, 0, 31, 12);

/** Milliseconds. */
export const minute = 60_000;

/** A booking of SkyOne that lands at `arrival`, in milliseconds since the Unix epoch. */
export function skyOneBooking(confirmation: string, arrival: number): flights.SkyOneBooking {
  return {
    email_address: "ABCDE@email.com",
    flight_departure_time: formatTime(arrival - 90 * minute),
    iata_departure_code: "ATL",
    flight_arrival_time: formatTime(arrival),
    iata_arrival_code: "DFW",
    flight_number: "SKY1999",
    confirmation,
    ticket_price: 599,
    aircraft: "AircraftABC",
    booking_agency_email: "FGHIJ@email.com",
  };
}

/** A booking of Sunset that lands at `arrival`, in milliseconds since the Unix epoch. */
export function sunsetBooking(reference: string, arrival: number): flights.SunsetBooking {
  return {
    customer_email_address: "ABCDE@email.com",
    departure_time: formatTime(arrival - 90 * minute),
    departure_airport: "ATL",
    arrival_time: formatTime(arrival),
    arrival_airport: "DFW",
    flight_duration: 90,
    flight_id: "SUN999",
    reference_number: reference,
    total_price: 599,
    aircraft_details: "AircraftABCD",
  };
}

/** A flight of so many minutes. */
export function flightOf(email_address: string, minutes: number): flights.FlightData {
  return {
    email_address,
    departure_time: formatTime(now),
    departure_airport_code: "ATL",
    arrival_time: formatTime(now + minutes * minute),
    arrival_airport_code: "DFW",
    flight_number: "SKY1999",
    confirmation: "SKY1ABCDEF",
    source: "skyone",
  };
}
