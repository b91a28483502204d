import assert from "node:assert/strict";
import { InvalidArgumentError } from "commander";
import * as values from "./values.ts";

function refuses(parse: (text: string) => unknown, texts: readonly string[]): void {
  for (const text of texts) {
    assert.throws(() => parse(text), InvalidArgumentError, `"${text}"`);
  }
}

Deno.test("integer takes whole numbers within its bounds", () => {
  const parse = values.integer(1, 10);
  assert.equal(parse("1"), 1);
  assert.equal(parse("10"), 10);
  refuses(parse, ["0", "11", "1.0", "1e1", "", " 1", "x", "-1"]);
  assert.equal(values.integer(0)("9007199254740991"), Number.MAX_SAFE_INTEGER);
  refuses(values.integer(0), ["9007199254740992"]);
});

Deno.test("share takes 0 to 1, positive what is above zero, rate also max", () => {
  assert.deepEqual(["0", "0.5", "1"].map(values.share), [0, 0.5, 1]);
  refuses(values.share, ["-0.1", "1.01", "", "x"]);
  assert.deepEqual(["0.5", "3"].map(values.positive), [0.5, 3]);
  refuses(values.positive, ["0", "-1", "Infinity", "", "x"]);
  assert.deepEqual(["max", "0.5"].map(values.rate), ["max", 0.5]);
  refuses(values.rate, ["0", "min", ""]);
});

Deno.test("positiveDuration refuses zero, durationOrOff takes off", () => {
  assert.equal(values.positiveDuration("1ms"), 1);
  refuses(values.positiveDuration, ["0s", "5", "x"]);
  assert.deepEqual(["off", "1d"].map(values.durationOrOff), [null, 86_400_000]);
});

Deno.test("readFrom takes whole numbers below 10^11 as offsets, from there on as times", () => {
  const from = values.readFrom;
  assert.equal(from("earliest"), "earliest");
  assert.equal(from("latest"), "latest");
  assert.deepEqual(from("0"), { offset: 0 });
  assert.deepEqual(from("99999999999"), { offset: 99_999_999_999 });
  assert.deepEqual(from("100000000000"), { time: 100_000_000_000 });
  assert.deepEqual(from("2026-01-31"), { time: Date.UTC(2026, 0, 31) });
  refuses(from, ["newest", "", "1.5", "-1", "2026-02-30"]);
});

Deno.test("startFrom, resetTo and asOf take their words or a time", () => {
  assert.deepEqual(["latest", "1970-01-01"].map(values.startFrom), ["latest", 0]);
  assert.deepEqual(["earliest", "1970-01-01"].map(values.resetTo), ["earliest", 0]);
  refuses(values.resetTo, ["latest", ""]);
  assert.deepEqual(["record", "now", "5"].map(values.asOf), ["record", "now", 5]);
});

Deno.test("applicationId takes what may begin a topic's name", () => {
  assert.equal(values.applicationId("a.B_c-1"), "a.B_c-1");
  assert.equal(values.applicationId("x".repeat(200)).length, 200);
  refuses(values.applicationId, ["", "a b", "a/b", "x".repeat(201)]);
  assert.equal(values.applicationId("a-sink"), "a-sink");
  const others = ["changelog", "repartition", "source", "sink"].map((kind) => `a-${kind}-x`);
  refuses(values.applicationId, others);
});

Deno.test("topicName takes the names that Kafka takes", () => {
  for (const name of ["a.B_c-1", "...", "x".repeat(249)]) {
    assert.equal(values.topicName(name), name);
  }
  refuses(values.topicName, ["", ".", "..", "a b", "a/b", "ä", "x".repeat(250)]);
});

Deno.test("httpAddress takes a port, a host before it, IPv6 in brackets, or off", () => {
  const parse = values.httpAddress;
  assert.equal(parse("off"), "off");
  assert.deepEqual(parse("0"), { port: 0 });
  assert.deepEqual(parse("65535"), { port: 65_535 });
  assert.deepEqual(parse("0.0.0.0:9464"), { host: "0.0.0.0", port: 9_464 });
  assert.deepEqual(parse("localhost:80"), { host: "localhost", port: 80 });
  assert.deepEqual(parse("[::1]:9464"), { host: "::1", port: 9_464 });
  refuses(parse, [
    "",
    "65536",
    "-1",
    "1.5",
    ":80",
    "host:",
    "::1:80",
    "[::1]",
    "a:b:1",
    "http://a:1",
  ]);
});
