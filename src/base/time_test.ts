import assert from "node:assert/strict";
import fc from "fast-check";
import { hasCode } from "./errors.ts";
import { formatTime, isIsoTime, isoMilliseconds, parseTime } from "./time.ts";

function pad(value: number, width = 2): string {
  return String(value).padStart(width, "0");
}

/** The date and time fields of a text, each in or a little outside of its range. */
const fields = fc.record({
  year: fc.integer({ min: 0, max: 9_999 }),
  month: fc.integer({ min: 0, max: 13 }),
  day: fc.integer({ min: 0, max: 32 }),
  hour: fc.integer({ min: 0, max: 24 }),
  minute: fc.integer({ min: 0, max: 60 }),
  // A leap second is refused here; Temporal takes it as second 59. Its own test is below.
  second: fc.integer({ min: 0, max: 59 }),
  fraction: fc.option(fc.stringMatching(/^[0-9]{1,9}$/)),
  separator: fc.constantFrom("T", " "),
  zone: fc.constantFrom("", "Z", "+00:00", "-00:00", "+05:30", "-0930", "+14", "-23:59", "+2359"),
});

/** The text of the fields, and what Temporal, an independent judge, makes of it. */
function judged(parts: typeof fields extends fc.Arbitrary<infer P> ? P : never) {
  const { year, month, day, hour, minute, second, fraction, separator, zone } = parts;
  const local = `${pad(year, 4)}-${pad(month)}-${pad(day)}${separator}` +
    `${pad(hour)}:${pad(minute)}:${pad(second)}${fraction === null ? "" : `.${fraction}`}`;
  let expected = Number.NaN;
  try {
    expected = Temporal.Instant.from(local + (zone === "" ? "Z" : zone)).epochMilliseconds;
  } catch {
    // Not a time.
  }
  return { text: local + zone, expected };
}

Deno.test("isoMilliseconds agrees with Temporal on every date, fraction and zone", () => {
  fc.assert(
    fc.property(fields, (parts) => {
      const { text, expected } = judged(parts);
      assert.equal(isoMilliseconds(text), expected, text);
      assert.equal(isIsoTime(text), !Number.isNaN(expected), text);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("isoMilliseconds agrees with Date.UTC on every day of the years 0 to 9999", () => {
  const start = Date.parse("0000-01-01T00:00:00Z");
  const end = Date.parse("9999-12-31T00:00:00Z");
  // 37 is coprime to the lengths of months and years, so every kind of day comes up.
  for (let time = start; time <= end; time += 37 * 86_400_000) {
    assert.equal(isoMilliseconds(new Date(time).toISOString()), time);
  }
});

Deno.test("semantics 2: isoMilliseconds reads a time without a zone as UTC", () => {
  const utc = Date.UTC(2026, 0, 31, 12);
  for (const text of ["2026-01-31T12:00", "2026-01-31T12:00:00", "2026-01-31 12:00:00.000"]) {
    assert.equal(isoMilliseconds(text), utc);
    assert.equal(isoMilliseconds(`${text}Z`), utc);
  }
});

Deno.test({
  name: "semantics 2: isoMilliseconds does not depend on the machine's time zone",
  // Needs a process with another zone, so --allow-run and --allow-read.
  ignore: Deno.permissions.querySync({ name: "run" }).state !== "granted" ||
    Deno.permissions.querySync({ name: "read" }).state !== "granted",
  fn: async () => {
    const module = new URL("./time.ts", import.meta.url).href;
    const code = `import { isoMilliseconds } from ${JSON.stringify(module)};
      console.log(isoMilliseconds("2026-01-31T12:00"), new Date(2026, 0, 1).getTimezoneOffset());`;
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "--no-lock", code],
      env: { TZ: "Pacific/Auckland", NO_COLOR: "1" },
    }).output();
    assert.equal(new TextDecoder().decode(stdout).trim(), `${Date.UTC(2026, 0, 31, 12)} -780`);
  },
});

Deno.test("isoMilliseconds honours a zone's offset", () => {
  const noon = Date.UTC(2026, 0, 31, 12);
  assert.equal(isoMilliseconds("2026-01-31T14:00+02:00"), noon);
  assert.equal(isoMilliseconds("2026-01-31T14:00:00.000+0200"), noon);
  assert.equal(isoMilliseconds("2026-01-31T14:00+02"), noon);
  assert.equal(isoMilliseconds("2026-01-30T23:30:00-12:30"), noon);
});

Deno.test("isoMilliseconds drops what is finer than a millisecond, before 1970 too", () => {
  assert.equal(isoMilliseconds("1970-01-01T00:00:00.1239"), 123);
  assert.equal(isoMilliseconds("1970-01-01T00:00:00.1"), 100);
  assert.equal(isoMilliseconds("1970-01-01T00:00:00.01"), 10);
  assert.equal(isoMilliseconds("1969-12-31T23:59:59.9999"), -1);
});

Deno.test("isoMilliseconds reads from the first to the last four-digit year", () => {
  assert.equal(isoMilliseconds("0000-01-01T00:00:00.000Z"), -62_167_219_200_000);
  assert.equal(isoMilliseconds("0000-02-29T00:00:00Z"), -62_162_121_600_000);
  assert.equal(isoMilliseconds("1969-12-31T23:59:59.999Z"), -1);
  assert.equal(isoMilliseconds("1970-01-01T00:00:00.000Z"), 0);
  assert.equal(isoMilliseconds("9999-12-31T23:59:59.999Z"), 253_402_300_799_999);
});

Deno.test("isoMilliseconds refuses dates that do not exist", () => {
  const wrong = [
    "2026-02-29",
    "2026-02-30",
    "2025-02-29",
    "1900-02-29",
    "2100-02-29",
    "2026-04-31",
  ];
  for (const date of [...wrong, "2026-00-01", "2026-13-01", "2026-01-00", "2026-01-32"]) {
    assert.equal(isoMilliseconds(`${date}T00:00:00`), Number.NaN, date);
  }
  for (const date of ["2024-02-29", "2000-02-29", "2026-04-30", "2026-12-31"]) {
    assert.equal(isoMilliseconds(`${date}T00:00:00`), Date.parse(`${date}T00:00:00Z`), date);
  }
});

Deno.test("isoMilliseconds refuses leap seconds and the hour 24", () => {
  for (const text of ["2016-12-31T23:59:60Z", "2026-01-31T24:00:00", "2026-01-31T23:60:00"]) {
    assert.equal(isoMilliseconds(text), Number.NaN, text);
  }
});

Deno.test("isoMilliseconds refuses what is almost a time", () => {
  const wrong = [
    "",
    "2026-01-31",
    "2026-01-31T12",
    "2026-01-31T12:0",
    "2026-01-31t12:00",
    "2026-01-31T12:00z",
    "2026/01/31T12:00",
    "2026-01-31T12.00",
    "2026-01-31T12:00:",
    "2026-01-31T12:00:0",
    "2026-01-31T12:00:00.",
    "2026-01-31T12:00:00,5",
    "2026-01-31T12:00:00.5x",
    "2026-01-31T12:00:00ZZ",
    "2026-01-31T12:00:00Z+01:00",
    "2026-01-31T12:00:00+1",
    "2026-01-31T12:00:00+01:",
    "2026-01-31T12:00:00+01:0",
    "2026-01-31T12:00:00+010",
    "2026-01-31T12:00:00+01:000",
    "2026-01-31T12:00:00+24:00",
    "2026-01-31T12:00:00+01:60",
    "2026-01-31T12:00:00 ",
    " 2026-01-31T12:00:00",
    "+002026-01-31T12:00",
    "-026-01-31T12:00:00",
    "２026-01-31T12:00:00",
  ];
  for (const text of wrong) assert.equal(isoMilliseconds(text), Number.NaN, text);
});

Deno.test("parseTime reads ISO times, dates as their midnight, and milliseconds", () => {
  assert.equal(parseTime("2026-01-31T12:00:00"), Date.UTC(2026, 0, 31, 12));
  assert.equal(parseTime("2026-01-31"), Date.UTC(2026, 0, 31));
  assert.equal(parseTime("1769860800000"), 1_769_860_800_000);
  assert.equal(parseTime("0"), 0);
  assert.equal(parseTime("-1"), -1);
  assert.equal(parseTime("9007199254740991"), Number.MAX_SAFE_INTEGER);
});

Deno.test("parseTime refuses all else and says what it needs", () => {
  for (const text of ["", "now", "2026-02-30", "9007199254740992", "1.5", "1e3", "2026-1-1"]) {
    assert.throws(() => parseTime(text), (error) => {
      assert.ok(hasCode(error, "invalid-argument"));
      assert.ok(error.message.startsWith(`Cannot parse time "${text}": it must be ISO 8601`));
      return true;
    });
  }
});

Deno.test("formatTime writes milliseconds and no zone, and isoMilliseconds reads it back", () => {
  assert.equal(formatTime(0), "1970-01-01T00:00:00.000");
  assert.equal(formatTime(-1), "1969-12-31T23:59:59.999");
  const inRange = fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 });
  fc.assert(fc.property(inRange, (time) => {
    assert.equal(isoMilliseconds(formatTime(time)), time);
  }));
});

Deno.test("formatTime writes a time that no calendar holds as its milliseconds", () => {
  assert.equal(formatTime(8_640_000_000_000_000), "+275760-09-13T00:00:00.000");
  assert.equal(formatTime(8_640_000_000_000_001), "8640000000000001");
  assert.equal(formatTime(1_769_860_800_000_000_000), "1769860800000000000");
});
