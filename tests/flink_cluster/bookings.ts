/**
 * Bookings as they come in bad times: out of order within a partition, one partition silent early,
 * flights that have landed, what cannot be read, and what the Java programs write.
 */

/** A line for `flights produce`. */
export interface Line {
  readonly partition: number;
  readonly ts: number;
  readonly key: string | null;
  readonly payload: string;
}

const start = Date.UTC(2026, 0, 1);
const minute = 60_000;
/** Records come behind newer ones of their partition by up to so much. */
export const disorder = 20_000;

/** The same for the same seed (a linear congruential generator: nothing hangs on its quality). */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}

/** A local time with milliseconds and no zone. */
function local(time: number): string {
  return new Date(time).toISOString().slice(0, -1);
}

/** The same time with an offset, as the Java programs write it. */
function zoned(time: number): string {
  return `${new Date(time + 90 * minute).toISOString().slice(0, -1)}+01:30`;
}

const broken = [
  "not JSON",
  "[]",
  '{"email_address":"A@email.com"}',
  "null",
] as const;

/** `count` bookings of an airline, a second apart, in the order they are written. */
export function bookings(airline: "skyone" | "sunset", count: number): readonly Line[] {
  const next = random(airline === "skyone" ? 1 : 2);
  return Array.from({ length: count }, (_, index): Line => {
    // The last partition falls silent after the first tenth.
    const partition = index % (index < count / 10 ? 5 : 4);
    const ts = start + index * 1_000 - next(disorder);
    // A fifth of the flights have landed by then.
    const departure = ts + (next(5) === 0 ? -30 * 60 : next(10_000)) * minute;
    const arrival = departure + (30 + next(600)) * minute + next(3) * 1_234;
    const email = `U${next(40)}@email.com`;
    const ref = `${airline === "skyone" ? "SKY1" : "SUN"}${String(index).padStart(6, "0")}`;
    const booking = { email, ref, departure, arrival, isJava: next(10) === 0 };
    const payload = next(50) === 0
      ? broken[next(broken.length)]!
      : next(50) === 0
      ? wrongTime(airline, booking, next(3))
      : payloadOf(airline, booking);
    return { partition, ts, key: booking.isJava ? null : JSON.stringify({ ref }), payload };
  });
}

interface Booking {
  readonly email: string;
  readonly ref: string;
  readonly departure: number;
  readonly arrival: number;
  readonly isJava: boolean;
}

function payloadOf(airline: "skyone" | "sunset", booking: Booking): string {
  const { email, ref, departure, arrival, isJava } = booking;
  const time = isJava ? zoned : local;
  const fields = airline === "skyone"
    ? {
      email_address: email,
      flight_departure_time: time(departure),
      iata_departure_code: "SFO",
      flight_arrival_time: time(arrival),
      iata_arrival_code: "JFK",
      flight_number: "SKY1007",
      confirmation: ref,
      ticket_price: 700,
      aircraft: 'Aircraft "7"',
      booking_agency_email: "agency é ü@email.com",
    }
    : {
      customer_email_address: email,
      departure_time: time(departure),
      departure_airport: "ATL",
      arrival_time: time(arrival),
      arrival_airport: "DEN",
      flight_duration: isJava ? 3_600.5 : 60,
      flight_id: "SUN007",
      reference_number: ref,
      total_price: 300.5,
      aircraft_details: "Aircraft",
    };
  if (!isJava) return JSON.stringify(fields);
  const camel = (name: string) =>
    name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
  return JSON.stringify(
    Object.fromEntries(Object.entries(fields).map(([name, value]) => [camel(name), value])),
  );
}

function wrongTime(airline: "skyone" | "sunset", booking: Booking, kind: number): string {
  const text = payloadOf(airline, { ...booking, isJava: false });
  const departure = local(booking.departure);
  const wrong = ["2026-02-30T10:00:00.000", "soon", local(booking.arrival + minute)][kind]!;
  return text.replace(departure, wrong);
}
