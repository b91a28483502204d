import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { compareUtf8, concatBytes, equalBytes, strictTextOf, textOf, utf8 } from "./bytes.ts";

/** Any text that UTF-8 can hold, with many characters from both sides of the surrogates. */
const anyText = fc.string({
  unit: fc.oneof(
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
    fc.constantFrom("a", "\u007f", "\u0080", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\uffff"),
    fc.constantFrom("\u{10000}", "\u{10ffff}", "\u{1f600}", "\ufffd", "\u0000"),
  ),
});

Deno.test("compareUtf8 orders as the bytes do", () => {
  fc.assert(
    fc.property(anyText, anyText, anyText, (prefix, a, b) => {
      const bytes = Buffer.compare(Buffer.from(prefix + a), Buffer.from(prefix + b));
      assert.equal(Math.sign(compareUtf8(prefix + a, prefix + b)), bytes);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("compareUtf8 sets a surrogate pair behind U+FFFF, where < sets it before", () => {
  assert.ok(compareUtf8("\u{10000}", "\uffff") > 0);
  assert.ok("\u{10000}" < "\uffff");
  assert.equal(compareUtf8("", ""), 0);
  assert.ok(compareUtf8("", "a") < 0);
});

Deno.test("compareUtf8 is an order on lone surrogates too", () => {
  const units = fc.constantFrom("a", "\ud800", "\udc00", "\udfff", "\ue000", "\uffff");
  const broken = fc.string({ unit: units, maxLength: 4 });
  fc.assert(fc.property(broken, broken, broken, (a, b, c) => {
    assert.equal(Math.sign(compareUtf8(a, b)), -Math.sign(compareUtf8(b, a)) + 0);
    if (compareUtf8(a, b) <= 0 && compareUtf8(b, c) <= 0) assert.ok(compareUtf8(a, c) <= 0);
    assert.equal(compareUtf8(a, b) === 0, a === b);
  }));
});

Deno.test("textOf gives back what utf8 took, a byte order mark too", () => {
  fc.assert(fc.property(anyText, (text) => {
    assert.equal(textOf(utf8(text)), text);
    assert.equal(strictTextOf(utf8(text)), text);
    assert.deepEqual(Buffer.from(utf8(text)), Buffer.from(text, "utf8"));
  }));
  assert.equal(textOf(new Uint8Array([0xef, 0xbb, 0xbf, 0x61])), "\ufeffa");
  assert.equal(strictTextOf(new Uint8Array([0xef, 0xbb, 0xbf, 0x61])), "\ufeffa");
});

Deno.test("textOf marks what is not UTF-8, strictTextOf gives null", () => {
  const wrong = [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0xf4, 0x90, 0x80, 0x80]];
  for (const bytes of wrong) {
    assert.ok(textOf(new Uint8Array(bytes)).includes("\ufffd"));
    assert.equal(strictTextOf(new Uint8Array(bytes)), null);
  }
  assert.equal(strictTextOf(utf8("\ufffd")), "\ufffd");
});

Deno.test("concatBytes sets chunks behind each other", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array()), (chunks) => {
    assert.deepEqual(Buffer.from(concatBytes(chunks)), Buffer.concat(chunks));
  }));
});

Deno.test("equalBytes compares contents", () => {
  fc.assert(fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
    assert.equal(equalBytes(a, b), Buffer.compare(a, b) === 0);
    assert.ok(equalBytes(a, a.slice()));
  }));
  assert.ok(!equalBytes(new Uint8Array([1]), new Uint8Array([1, 0])));
});
