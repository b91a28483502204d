import assert from "node:assert/strict";
import { hasCode } from "../../base/errors.ts";
import { parseBootstrapServers } from "./bootstrap_servers.ts";

Deno.test("parseBootstrapServers takes hosts, IPv6 addresses, and several with commas between", () => {
  const cases = [
    ["localhost:9092", [["localhost", 9092]]],
    ["a.example:1, b:65535", [["a.example", 1], ["b", 65_535]]],
    ["[::1]:9092,127.0.0.1:9093", [["::1", 9092], ["127.0.0.1", 9093]]],
  ] as const;
  for (const [text, expected] of cases) {
    const endpoints = expected.map(([host, port]) => ({ host, port }));
    assert.deepEqual(parseBootstrapServers(text), endpoints);
  }
});

Deno.test("parseBootstrapServers refuses what names no host or no port", () => {
  const wrong = [
    "",
    "localhost",
    ":9092",
    "a:0",
    "a:65536",
    "a:9092,",
    "::1:9092",
    "[::1]",
    "a b:1",
  ];
  for (const text of wrong) {
    assert.throws(() => parseBootstrapServers(text), (error) => hasCode(error, "invalid-argument"));
  }
});
