import { equal } from "node:assert/strict";
import fc from "fast-check";
import vectors from "./testdata/murmur2.json" with { type: "json" };
import { strictTextOf, utf8 } from "./bytes.ts";
import {
  murmur2,
  murmur2OfText,
  partitionForKey,
  partitionForText,
  partitionOf,
} from "./murmur2.ts";

/** What Kafka's Java client computed: see testdata/README.md. */
const keys = vectors.map(({ key, ...expected }) => ({
  bytes: Uint8Array.from(atob(key), (char) => char.charCodeAt(0)),
  ...expected,
}));

Deno.test("murmur2 and partitionForKey agree with the Java client", () => {
  for (const { bytes, hash, of5, of7 } of keys) {
    equal(murmur2(bytes), hash);
    equal(partitionForKey(bytes, 5), of5);
    equal(partitionForKey(bytes, 7), of7);
  }
});

Deno.test("murmur2OfText and partitionForText agree with the Java client on UTF-8", () => {
  let texts = 0;
  for (const { bytes, hash, of5, of7 } of keys) {
    const text = strictTextOf(bytes);
    if (text === null) continue;
    texts++;
    equal(murmur2OfText(text), hash);
    equal(partitionForText(text, 5), of5);
    equal(partitionForText(text, 7), of7);
  }
  equal(texts >= 28, true);
});

Deno.test("murmur2OfText is murmur2 of the UTF-8 bytes, lone surrogates included", () => {
  const unit = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.string(),
    fc.constantFrom("\ud800", "\udc00", "é"),
  );
  fc.assert(fc.property(fc.array(unit), (parts) => {
    const text = parts.join("");
    equal(murmur2OfText(text), murmur2(utf8(text)));
  }));
});

Deno.test("partitionOf drops the sign bit, as the Java client does", () => {
  equal(partitionOf(-1, 5), 0x7fff_ffff % 5);
  equal(partitionOf(-(2 ** 31), 5), 0);
  equal(partitionOf(7, 5), 2);
});
