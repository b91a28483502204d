import assert from "node:assert/strict";
import fc from "fast-check";
import { cut, cutLine, harmless, pad, widthOf, wrap } from "./cells.ts";
import { shownOn } from "./test_emulator.ts";

const anyText = fc.string({ unit: "binary", maxLength: 60 });

Deno.test("harmless shows control characters as pictures, and keeps what is a letter", () => {
  for (
    const [text, shown] of [
      ["plain ASCII ~", "plain ASCII ~"],
      ["Zürich 日本 👍", "Zürich 日本 👍"],
      ["\x1b[2J\x1b]0;owned\x07", "␛[2J␛]0;owned␇"],
      ["two\nlines\r\n", "two␊lines␍␊"],
      ["a\tb\x00\x7f", "a␉b␀␡"],
      ["\x9b31m\x90", "\ufffd31m\ufffd"],
      ["abc\u202edef\u2066\u200b\ufeff", "abc\ufffddef\ufffd\ufffd\ufffd"],
      ["line\u2028paragraph\u2029", "line\ufffdparagraph\ufffd"],
      ["lone \ud800 surrogate", "lone \ufffd surrogate"],
      ["Z\u0301\u0302\u0303\u0304", "Z\u0301"],
      ["heart \u2764\ufe0f", "heart \u2764"],
    ] as const
  ) assert.equal(harmless(text), shown);
});

Deno.test("harmless leaves nothing that a terminal obeys, whatever comes", () => {
  fc.assert(fc.property(anyText, (text) => {
    const shown = harmless(text);
    assert.equal(/[\p{C}\p{Zl}\p{Zp}]/u.test(shown), false);
    assert.equal(harmless(shown), shown);
  }));
});

Deno.test("widthOf counts two cells for wide characters, and none for marks that take none anywhere", () => {
  for (
    const [text, width] of [["", 0], ["abc", 3], ["日本", 4], ["👍", 2], ["e\u0301", 1], [
      "…",
      1,
    ], ["\u135d", 1]] as const
  ) assert.equal(widthOf(text), width, text);
});

Deno.test("cut keeps what fits, and ends what does not in an ellipsis", () => {
  for (
    const [text, width, shown] of [
      ["abcdef", 6, "abcdef"],
      ["abcdef", 5, "abcd…"],
      ["abcdef", 1, "…"],
      ["abcdef", 0, ""],
      ["日本語", 6, "日本語"],
      ["日本語", 5, "日本…"],
      ["日本語", 4, "日…"],
      ["x".repeat(1_000_000), 3, "xx…"],
    ] as const
  ) assert.equal(cut(text, width), shown);
});

Deno.test("what is cut stays on one line of a real terminal, whatever it holds", async () => {
  await fc.assert(
    fc.asyncProperty(anyText, fc.integer({ min: 1, max: 30 }), async (text, columns) => {
      const shown = cut(harmless(text), columns);
      assert.ok(widthOf(shown) <= columns);
      const { hasWrapped, cursor, isAlternate, isStyled, title } = await shownOn(shown, {
        columns,
        rows: 3,
      });
      assert.deepEqual({ hasWrapped, row: cursor.row, isAlternate, isStyled, title }, {
        hasWrapped: false,
        row: 0,
        isAlternate: false,
        isStyled: false,
        title: null,
      });
    }),
    { numRuns: 300 },
  );
});

Deno.test("cutLine cuts across spans and keeps their styles", () => {
  const line = [{ text: "ab", style: "red" }, { text: "cdef" }, { text: "gh" }] as const;
  assert.deepEqual(cutLine(line, 8), line);
  assert.deepEqual(cutLine(line, 5), [{ text: "ab", style: "red" }, { text: "cd…" }]);
  assert.deepEqual(cutLine(line, 2), [{ text: "ab", style: "red" }]);
  assert.deepEqual(cutLine(line, 1), [{ text: "…", style: "red" }]);
});

Deno.test("pad fills up by cells, not by characters", () => {
  assert.equal(pad("日", 4, "left"), "日  ");
  assert.equal(pad("日", 4, "right"), "  日");
  assert.equal(pad("abc", 2, "left"), "abc");
});

Deno.test("wrap breaks between words, and cuts a word that is too long", () => {
  assert.deepEqual(wrap("nothing arrives on skyone", 10), ["nothing", "arrives on", "skyone"]);
  assert.deepEqual(wrap("a enormousword b", 6), ["a", "enorm…", "b"]);
  assert.deepEqual(wrap("fits", 4), ["fits"]);
  assert.deepEqual(wrap("", 4), []);
});
