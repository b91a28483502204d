/**
 * What must be on the output topics, computed from what is on the input topics, naively and all at
 * once. It shares no code with the program: times by Temporal, windows by division, no state.
 */

/** A line of `flights consume --json`. */
export interface Envelope {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly ts: number;
  readonly headers: readonly string[];
  readonly key: string | null;
  readonly payload: string | null;
  /** In the place of a payload that is not UTF-8. */
  readonly payload_base64?: string;
}

/** A record that is expected, or there: all of it that a reader sees, as one text. */
export type RecordText = string;

type Fields = Record<string, string | number>;

/** The text of a record. */
export function recordText(
  record: Pick<Envelope, "ts" | "headers" | "key" | "payload">,
): RecordText {
  return JSON.stringify([record.ts, record.key, record.payload, record.headers]);
}

function instant(text: string): number {
  const zoned = /(Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`;
  return Temporal.Instant.from(zoned).epochMilliseconds;
}

/** What a booking must have, and which of it are numbers and times. */
const bookingFields: Readonly<
  Record<string, { readonly texts: string; readonly numbers: string; readonly times: string }>
> = {
  skyone: {
    texts: "email_address iata_departure_code iata_arrival_code flight_number confirmation " +
      "aircraft booking_agency_email",
    numbers: "ticket_price",
    times: "flight_departure_time flight_arrival_time",
  },
  sunset: {
    texts: "customer_email_address departure_airport arrival_airport flight_id reference_number " +
      "aircraft_details",
    numbers: "flight_duration total_price",
    times: "departure_time arrival_time",
  },
};

/** Whether a booking is JSON with all its fields, prices from zero up, and a time that can be flown. */
export function isReadable({ topic, payload }: Envelope): boolean {
  const { texts, numbers, times } = bookingFields[topic]!;
  try {
    const fields = JSON.parse(payload!) as Fields;
    const [departure, arrival] = times.split(" ").map((name) => instant(String(fields[name])));
    return departure! <= arrival! &&
      texts.split(" ").every((name) => typeof fields[name] === "string") &&
      numbers.split(" ").every((name) => typeof fields[name] === "number" && fields[name] >= 0);
  } catch {
    return false;
  }
}

/** The records of flightdata for the bookings of both airlines. */
export function expectedFlights(bookings: readonly Envelope[]): readonly RecordText[] {
  return bookings.flatMap((booking) => {
    const fields = JSON.parse(booking.payload!) as Fields;
    const sky = booking.topic === "skyone";
    const arrival = String(sky ? fields.flight_arrival_time : fields.arrival_time);
    if (instant(arrival) <= booking.ts) return [];
    const confirmation = sky ? fields.confirmation : fields.reference_number;
    const flight = {
      email_address: sky ? fields.email_address : fields.customer_email_address,
      departure_time: sky ? fields.flight_departure_time : fields.departure_time,
      departure_airport_code: sky ? fields.iata_departure_code : fields.departure_airport,
      arrival_time: arrival,
      arrival_airport_code: sky ? fields.iata_arrival_code : fields.arrival_airport,
      flight_number: sky ? fields.flight_number : fields.flight_id,
      confirmation,
      source: booking.topic,
    };
    const key = JSON.stringify({ confirmation });
    return [recordText({ ts: booking.ts, key, payload: JSON.stringify(flight), headers: [] })];
  });
}

/** The record of flightdata.late for a flight that came when time had come to `watermark`. */
export function lateText(flight: Envelope, watermark: number): RecordText {
  const start = Math.floor(flight.ts / 60_000) * 60_000;
  const told = [
    ["source-topic", flight.topic],
    ["source-partition", flight.partition],
    ["source-offset", flight.offset],
    ["window-start", start],
    ["window-end", start + 60_000],
    ["watermark", watermark],
  ];
  return recordText({ ...flight, headers: [...flight.headers, ...told.flat().map(String)] });
}

/**
 * How far merge's watermark has come when it has read these bookings to their ends: each of its tasks
 * is as far as the slower of its two partitions, and all of them as far as the slowest.
 */
export function watermarkOfMerge(bookings: readonly Envelope[]): number {
  const newest = new Map<number, Map<string, number>>();
  for (const booking of bookings.filter(isReadable)) {
    const { topic, partition, ts } = booking;
    const own = newest.get(partition) ?? new Map<string, number>();
    own.set(topic, Math.max(own.get(topic) ?? -Infinity, ts));
    newest.set(partition, own);
  }
  return Math.min(...[...newest.values()].flatMap((own) => [...own.values()])) - 1;
}

/**
 * The records of userstatistics for flights on time, when the last windows were drained.
 *
 * @param options `watermark`: how far the watermark came by itself, where merge reports it; default:
 * in each partition as far as its flights.
 */
export function expectedStatistics(
  flights: readonly Envelope[],
  options: { readonly watermark?: number } = {},
): readonly RecordText[] {
  const newest = new Map<number, number>();
  const windows = new Map<
    string,
    { email: string; start: number; minutes: number; flights: number; partition: number }
  >();
  for (const { partition, ts, payload } of flights) {
    newest.set(partition, Math.max(newest.get(partition) ?? -Infinity, ts));
    const flight = JSON.parse(payload!) as Fields;
    const email = String(flight.email_address);
    const start = Math.floor(ts / 60_000) * 60_000;
    const window = windows.get(`${start} ${email}`) ??
      { email, start, minutes: 0, flights: 0, partition };
    window.minutes +=
      (instant(String(flight.arrival_time)) - instant(String(flight.departure_time))) / 60_000;
    window.flights += 1;
    windows.set(`${start} ${email}`, window);
  }
  const totals = new Map<string, { minutes: number; flights: number }>();
  return [...windows.values()].sort((a, b) => a.start - b.start).map((window) => {
    const total = totals.get(window.email) ?? { minutes: 0, flights: 0 };
    total.minutes += window.minutes;
    total.flights += window.flights;
    totals.set(window.email, total);
    const end = window.start + 60_000;
    const watermark = options.watermark ?? newest.get(window.partition)! - 1;
    const closedBy = end - 1 <= watermark ? "watermark" : "drain";
    const payload = JSON.stringify({
      email_address: window.email,
      total_flight_duration: total.minutes,
      number_of_flights: total.flights,
    });
    const headers = [
      "window-start",
      String(window.start),
      "window-end",
      String(end),
      "closed-by",
      closedBy,
    ];
    return recordText({
      ts: end - 1,
      key: JSON.stringify({ email_address: window.email }),
      payload,
      headers,
    });
  });
}
