import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { formatTime, isoMilliseconds } from "../base/time.ts";
import {
  generateBookings,
  type GeneratorOptions,
  spanOfBookings,
  travellers,
} from "./generator.ts";
import { parseSkyOne, parseSunset } from "./models.ts";

const start = Date.UTC(2026, 0, 1);

function generate(options: Partial<GeneratorOptions> & { count: number }) {
  return [...generateBookings({ seed: 1, start, ...options })];
}

function parse(booking: { airline: string; value: string | Uint8Array | null }): unknown {
  const { airline, value } = booking;
  const text = value instanceof Uint8Array
    ? new TextDecoder("utf-8", { fatal: true }).decode(value)
    : value;
  const json = JSON.parse(text ?? "null");
  return airline === "skyone" ? parseSkyOne(json) : parseSunset(json);
}

Deno.test("generateBookings gives the same bytes for the same seed and start", () => {
  const hash = (seed: number) =>
    createHash("sha256").update(JSON.stringify(generate({ seed, count: 500 }))).digest("hex");
  assert.equal(hash(1), hash(1));
  assert.notEqual(hash(1), hash(2));
});

Deno.test("generateBookings makes the bytes of every earlier version: a golden value", () => {
  const records = generate({ count: 500, lateShare: 0.1, badShare: 0.1 });
  const hash = createHash("sha256");
  for (const { airline, at, timestamp, key, value } of records) {
    hash.update(`${airline} ${at} ${timestamp} ${key} `).update(value ?? "null").update("\n");
  }
  assert.equal(records.length, 1_000);
  assert.equal(
    hash.digest("hex"),
    "e031d8e7bd4a5250491555c8f3401efa79daf54ef6951b48e8b7d50de925406b",
  );
});

Deno.test("generateBookings sets no timestamp below zero, where it would be none", () => {
  const late = generate({ start: 0, count: 200, lateShare: 1 });
  assert.ok(late.every(({ timestamp }) => timestamp >= 0));
});

Deno.test("generateBookings makes count records of each airline, in the order of their times", () => {
  const bookings = generate({ count: 300 });
  assert.equal(bookings.filter(({ airline }) => airline === "skyone").length, 300);
  assert.equal(bookings.length, 600);
  assert.ok(bookings.every(({ at }, i) => i === 0 || bookings[i - 1]!.at <= at));
});

Deno.test("generateBookings makes 1 to 3 records of each airline a second by default", () => {
  for (const airline of ["skyone", "sunset"]) {
    const perSecond = new Map<number, number>();
    for (const booking of generate({ count: 2_000 })) {
      if (booking.airline !== airline) continue;
      const second = Math.floor((booking.at - start) / 1_000);
      perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
    }
    const counts = [...perSecond.values()];
    // The last second may have been cut off by the count.
    assert.deepEqual([...new Set(counts.slice(0, -1))].sort(), [1, 2, 3]);
    assert.equal(perSecond.size, Math.max(...perSecond.keys()) + 1);
  }
});

Deno.test("generateBookings spaces records by the index at a stated rate", () => {
  const ats = generate({ count: 7, rate: 3 }).filter(({ airline }) => airline === "sunset")
    .map(({ at }) => at - start);
  assert.deepEqual(ats, [0, 333, 666, 1_000, 1_333, 1_666, 2_000]);
});

Deno.test("spanOfBookings is the time from the first record to the last", () => {
  for (const rate of [undefined, 10]) {
    const bookings = generate({ count: 123, rate });
    assert.equal(spanOfBookings({ seed: 1, start, count: 123, rate }), bookings.at(-1)!.at - start);
  }
});

Deno.test("generated bookings are read by the models and keep the bounds of their fields", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 40 }), (seed) => {
      for (const booking of generate({ seed, count: 40 })) {
        const json = JSON.parse(String(booking.value));
        parse(booking);
        const departure = isoMilliseconds(json.flight_departure_time ?? json.departure_time);
        const arrival = isoMilliseconds(json.flight_arrival_time ?? json.arrival_time);
        const today = Math.floor(booking.at / 86_400_000);
        const departureDay = Math.floor(departure / 86_400_000) - today;
        assert.ok(departureDay >= -20 && departureDay <= 59);
        assert.ok(arrival - departure >= 0 && arrival - departure < 15 * 3_600_000);
        assert.equal(formatTime(departure), json.flight_departure_time ?? json.departure_time);
        if (booking.airline === "skyone") {
          assert.match(json.flight_number, /^SKY1\d{1,3}$/);
          assert.match(json.confirmation, /^SKY1[A-Z]{6}$/);
          assert.ok(json.ticket_price >= 500 && json.ticket_price <= 1499);
          assert.equal(booking.key, JSON.stringify({ ref: json.confirmation }));
        } else {
          assert.match(json.flight_id, /^SUN\d{1,3}$/);
          assert.match(json.reference_number, /^SUN[A-Z]{6}$/);
          assert.ok(json.total_price >= 300 && json.total_price <= 1799);
          assert.equal(json.flight_duration, (arrival - departure) / 60_000);
          assert.equal(booking.key, JSON.stringify({ ref: json.reference_number }));
        }
      }
    }),
    { numRuns: 50 },
  );
});

Deno.test("travellers are as many different addresses as asked for", () => {
  assert.equal(new Set(travellers(1, 5_000)).size, 5_000);
  assert.match(travellers(1)[0]!, /^[A-Z]{5}@email\.com$/);
});

Deno.test("lateShare sets that share of timestamps back by 1.5 to 5 minutes, and nothing else", () => {
  const late = generate({ count: 5_000, lateShare: 0.1 });
  const plain = generate({ count: 5_000 });
  const behind = late.map(({ at, timestamp }) => at - timestamp).filter((delay) => delay > 0);
  assert.ok(behind.length > 800 && behind.length < 1_200, `${behind.length} of 10000`);
  assert.ok(behind.every((delay) => delay >= 90_000 && delay < 300_000));
  assert.deepEqual(late.map(({ value }) => value), plain.map(({ value }) => value));
});

Deno.test("badShare makes malformed records of eight kinds, all of which the models refuse", () => {
  const bad = generate({ count: 400, badShare: 1 });
  for (const booking of bad) assert.throws(() => parse(booking), `${booking.value}`);
  const some = generate({ count: 5_000, badShare: 0.1 });
  const refused = some.filter((booking) => {
    try {
      parse(booking);
      return false;
    } catch {
      return true;
    }
  });
  assert.ok(refused.length > 800 && refused.length < 1_200, `${refused.length} of 10000`);
});
