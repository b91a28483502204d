import assert from "node:assert/strict";
import fc from "fast-check";
import { utf8 } from "../base/bytes.ts";
import { EnvelopeError, formatEnvelope, parseEnvelope, type ReadRecord } from "./envelope.ts";

const text = fc.string({ unit: "grapheme" }).map(utf8);
const bytes = fc.oneof(text, fc.uint8Array(), fc.constant(null));
const header = fc.record(
  { name: fc.string({ unit: "grapheme" }), value: bytes },
  { noNullPrototype: true },
);
const record: fc.Arbitrary<ReadRecord> = fc.record({
  topic: fc.constant("t"),
  partition: fc.nat(),
  offset: fc.maxSafeNat(),
  timestamp: fc.maxSafeInteger(),
  timestampType: fc.constantFrom("create" as const, "append" as const),
  key: bytes,
  value: bytes,
  headers: fc.array(header),
});

const example: ReadRecord = {
  topic: "t",
  partition: 2,
  offset: 7,
  timestamp: 5,
  timestampType: "create",
  key: utf8("k"),
  value: null,
  headers: [{ name: "n", value: utf8("v") }],
};

Deno.test("parseEnvelope reads back what formatEnvelope wrote, byte for byte", () => {
  fc.assert(fc.property(record, (original) => {
    const line = formatEnvelope(original);
    assert.ok(!line.includes("\n"));
    const { key, value, headers, timestamp, partition } = original;
    assert.deepEqual(parseEnvelope(utf8(line)), { key, value, headers, timestamp, partition });
  }));
});

Deno.test("formatEnvelope keeps the order of fields", () => {
  assert.equal(
    formatEnvelope(example),
    '{"topic":"t","partition":2,"offset":7,"tstype":"create","ts":5,"headers":["n","v"],' +
      '"key":"k","payload":null}',
  );
});

Deno.test("formatEnvelope writes base64 where bytes are not UTF-8, and only there", () => {
  const value = Uint8Array.of(0xff);
  const headers = [{ name: "a", value }, { name: "b", value: utf8("v") }, {
    name: "c",
    value: null,
  }];
  const fields = JSON.parse(formatEnvelope({ ...example, value, headers }));
  assert.equal(fields.key, "k");
  assert.equal(fields.payload_base64, "/w==");
  assert.deepEqual(fields.headers_base64, ["a", "/w==", "b", "dg==", "c", null]);
  assert.ok(!("payload" in fields) && !("headers" in fields));
});

Deno.test("parseEnvelope needs only a payload, and ignores what a reader adds", () => {
  const empty = { key: null, headers: [], timestamp: null, partition: null };
  assert.deepEqual(parseEnvelope(utf8('{"payload":null}')), { ...empty, value: null });
  const line = '{"topic":"x","offset":1,"tstype":"create","broker":1,"payload":"v"}';
  assert.deepEqual(parseEnvelope(utf8(line)), { ...empty, value: utf8("v") });
});

const malformed: readonly (readonly [line: string, message: RegExp])[] = [
  ["", /JSON object, it is $/],
  ["{", /JSON object, it is {$/],
  ["[]", /JSON object, it is \[\]$/],
  ["null", /JSON object, it is null$/],
  ["{}", /must have a payload \(null is a tombstone\), it has none/],
  ['{"payload":1}', /payload must be text or null, it is 1/],
  ['{"payload":"\\ud800"}', /payload must be well-formed Unicode/],
  ['{"payload":"","payload_base64":""}', /payload or payload_base64, it has both/],
  ['{"payload_base64":"?"}', /payload_base64 must be base64 or null, it is "\?"/],
  ['{"payload_base64":7}', /payload_base64 must be base64 or null, it is 7/],
  ['{"payload":"","key":{}}', /key must be text or null, it is {}/],
  ['{"payload":"","ts":1.5}', /ts must be a whole number, it is 1.5/],
  ['{"payload":"","ts":9007199254740992}', /ts must be a whole number/],
  ['{"payload":"","partition":-1}', /partition must be a whole number, 0 or more, it is -1/],
  ['{"payload":"","partition":"0"}', /partition must be a whole number, 0 or more, it is "0"/],
  ['{"payload":"","headers":{"a":"b"}}', /headers must be a list of names and values in turn/],
  ['{"payload":"","headers":["a"]}', /headers must be a list of names and values in turn/],
  ['{"payload":"","headers":[null,"v"]}', /a name in headers must be text, it is null/],
  ['{"payload":"","headers":["a",1]}', /header a must be text or null, it is 1/],
  ['{"payload":"","headers_base64":["a","?"]}', /header a must be base64 or null/],
  ['{"payload":"","headers":[],"headers_base64":[]}', /headers or headers_base64, it has both/],
  ['{"paylod":""}', /its fields must be among .*, it has "paylod"/],
];

for (const [line, message] of malformed) {
  Deno.test(`parseEnvelope refuses ${line === "" ? "an empty line" : line}`, () => {
    const matches = (error: unknown) =>
      error instanceof EnvelopeError && message.test(error.message);
    assert.throws(() => parseEnvelope(utf8(line)), matches);
  });
}

Deno.test("parseEnvelope refuses a line that is not UTF-8", () => {
  assert.throws(() => parseEnvelope(Uint8Array.of(0x22, 0xff, 0x22)), /must be UTF-8/);
});
