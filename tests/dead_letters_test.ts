/** Malformed input of every kind: nothing stops the job, nothing is lost, all can be mended. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { generateBookings } from "../src/flights/generator.ts";
import { mergeTopology } from "../src/flights/merge.ts";
import { TestDriver } from "../src/stream/testing/test_driver.ts";
import { dataFolder, flights } from "./flights.ts";
import { needs } from "./permissions.ts";

const start = Date.UTC(2026, 0, 1);
const bookings = [...generateBookings({ seed: 1, start, count: 50 })];

/** A booking's value with some of its bytes changed, cut out or doubled. */
const damaged = fc.tuple(
  fc.constantFrom(...bookings),
  fc.array(fc.tuple(fc.nat(), fc.nat(255), fc.constantFrom("set", "cut", "double")), {
    maxLength: 4,
  }),
).map(([booking, damages]) => {
  let bytes = [...new TextEncoder().encode(String(booking.value))];
  for (const [place, byte, kind] of damages) {
    const at = place % bytes.length;
    if (kind === "set") bytes[at] = byte;
    if (kind === "cut") bytes = [...bytes.slice(0, at), ...bytes.slice(at + 1)];
    if (kind === "double") bytes = [...bytes.slice(0, at), bytes[at]!, ...bytes.slice(at)];
  }
  return { airline: booking.airline, timestamp: booking.timestamp, value: Uint8Array.from(bytes) };
});

Deno.test("semantics 19 and 20: whatever bytes come, merge goes on and accounts for each record", () => {
  fc.assert(
    fc.property(fc.array(damaged, { minLength: 1, maxLength: 20 }), (records) => {
      const driver = new TestDriver(mergeTopology());
      for (const { airline, ...record } of records) driver.send(airline, [record]);
      const { used, filtered, deadLetter } = driver.outcomes;
      assert.equal(used + filtered + deadLetter, records.length);
      assert.equal(driver.outputs("flightdata").length, used);
      const dead = [
        ...driver.outputs("skyone.dead-letter"),
        ...driver.outputs("sunset.dead-letter"),
      ];
      assert.equal(dead.length, deadLetter);
      for (const { headers } of dead) {
        assert.match(headers["error-reason"]!, /^(not-utf8|not-json|schema)$/);
        assert.notEqual(headers["error-message"], "");
      }
    }),
    { numRuns: 300 },
  );
});

interface Line {
  readonly topic: string;
  readonly payload: string | null;
  readonly payload_base64?: string;
  readonly headers: readonly string[];
}

function lines(text: string): readonly Line[] {
  return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

Deno.test({
  ...needs("read", "write", "run", "env", "sys"),
  name:
    "semantics 19: dead letters are mended with consume and produce, and then all flights are there",
  fn: async () => {
    using folder = dataFolder();
    const data = folder.path;
    const run = async (args: readonly string[], stdin = "") => {
      const result = await flights(args, { data, stdin });
      assert.equal(result.code, 0, result.stderr);
      return result.stdout;
    };
    const count = 400;
    const seed = [
      "--seed",
      "3",
      "--start",
      "2026-01-01",
      "--rate",
      "max",
      "--count",
      String(count),
    ];
    await run(["datagen", "--create", ...seed, "--bad-share", "0.2"]);
    await run(["merge", "--until-end"]);
    const good = new Map(
      [...generateBookings({ seed: 3, start, count })].map((
        { key, value },
      ) => [key, String(value)]),
    );
    let mended = 0;
    const reasons = new Set<string>();
    for (const topic of ["skyone", "sunset"]) {
      const letters = lines(
        await run(["consume", `${topic}.dead-letter`, "--until-end", "--json"]),
      );
      const repaired = letters.map((letter) => {
        const { payload: _, payload_base64: __, ...rest } = letter as Line & { key: string };
        reasons.add(letter.headers[letter.headers.indexOf("error-reason") + 1]!);
        return JSON.stringify({ ...rest, payload: good.get(rest.key) });
      });
      mended += letters.length;
      await run(["produce", topic], repaired.map((line) => `${line}\n`).join(""));
    }
    assert.ok(mended > 100, `${mended} dead letters`);
    assert.deepEqual([...reasons].sort(), ["not-json", "not-utf8", "null-value", "schema"]);
    await run(["merge", "--until-end"]);
    const found = lines(await run(["consume", "flightdata", "--until-end", "--json"]));
    const clean = new TestDriver(mergeTopology());
    for (const { airline, ...record } of generateBookings({ seed: 3, start, count })) {
      clean.send(airline, [record]);
    }
    const expected = clean.outputs("flightdata").map(({ value }) => JSON.stringify(value));
    assert.deepEqual(found.map(({ payload }) => payload).sort(), expected.sort());
  },
});
