import assert from "node:assert/strict";
import fc from "fast-check";
import { hasCode } from "../../base/errors.ts";
import { parseJavaProperties } from "./java_properties.ts";

function pairs(text: string): [string, string][] {
  return parseJavaProperties(text).map(({ key, value }) => [key, value]);
}

Deno.test("parseJavaProperties takes =, : and white space as separators", () => {
  const text = "a=1\nb:2\nc 3\nd = 4\ne\t:\f5\nf  =  = 6\ng==7\nh\ni=\n";
  assert.deepEqual(pairs(text), [
    ["a", "1"],
    ["b", "2"],
    ["c", "3"],
    ["d", "4"],
    ["e", "5"],
    ["f", "= 6"],
    ["g", "=7"],
    ["h", ""],
    ["i", ""],
  ]);
});

Deno.test("parseJavaProperties leaves out blank lines and comments, which do not continue", () => {
  assert.deepEqual(pairs("# a=1\\\n  ! b=2\n\n \t\nc=3 # not a comment\n"), [
    ["c", "3 # not a comment"],
  ]);
});

Deno.test("parseJavaProperties takes what follows a lone backslash for a new line", () => {
  assert.deepEqual(pairs("\\\n# a=1\n\\\r\n  b=2"), [["b", "2"]]);
});

Deno.test("parseJavaProperties joins continuation lines and drops their indent", () => {
  assert.deepEqual(pairs("a = one, \\\n    two, \\\r\n\tthree\nb=\\\\\nc=\\\\\\\n4\nd=5\\"), [
    ["a", "one, two, three"],
    ["b", "\\"],
    ["c", "\\4"],
    ["d", "5"],
  ]);
  assert.deepEqual(pairs("a=\\\n#1\nb=\\\n\nc=3"), [["a", "#1"], ["b", ""], ["c", "3"]]);
});

Deno.test("parseJavaProperties undoes escapes in keys and values", () => {
  assert.deepEqual(pairs("a\\ b\\=c\\:d=\\u00e4\\t\\n\\r\\f\\z\\\\ "), [
    ["a b=c:d", "ä\t\n\r\fz\\ "],
  ]);
});

Deno.test("parseJavaProperties refuses a broken \\u and names the line, not its text", () => {
  for (const text of ["a=\\u12", "a=\\u12g4", "a=secret\\u"]) {
    assert.throws(() => parseJavaProperties(`x=1\n${text}`), (error) => {
      assert.ok(hasCode(error, "invalid-argument"));
      assert.match(error.message, /^Cannot read line 2 of the properties: /);
      assert.doesNotMatch(error.message, /secret|12/);
      return true;
    });
  }
});

Deno.test("parseJavaProperties counts lines from 1, also after continued ones and \\r", () => {
  const lines = parseJavaProperties("\ufeff#\na=1\\\n2\rb=3\r\n\r\nc=4").map(({ line }) => line);
  assert.deepEqual(lines, [2, 4, 6]);
});

Deno.test("parseJavaProperties reads back whatever a naive writer wrote", () => {
  const text = fc.string({
    unit: fc.oneof(
      fc.constantFrom(..."\\=: \t\f\n\r#!un0aä€"),
      fc.string({ minLength: 1, maxLength: 1, unit: "binary" }),
    ),
    maxLength: 12,
  });
  const property = fc.record({
    key: text.filter((key) => key !== ""),
    value: text,
    separator: fc.constantFrom("=", ":", " ", "\t", " = ", "\f:\t"),
    before: fc.constantFrom("", "  ", "# comment \\\n", "\n", "\t! x=1\r\n"),
    end: fc.constantFrom("\n", "\r\n", "\r"),
    /** Where the line is continued, by the count of characters before. */
    breaks: fc.array(fc.nat(24), { maxLength: 3 }),
    unicode: fc.boolean(),
  });
  fc.assert(fc.property(fc.array(property, { maxLength: 5 }), (properties) => {
    const written = properties.map(({ key, value, separator, before, end, breaks, unicode }) => {
      const escaped = [
        ...[...key].map((char) => escape(char, unicode)),
        separator,
        ...[...value].map((char) => escape(char, unicode)),
      ];
      // Right before an escape or a letter: what follows a break must not be unescaped blank space.
      const line = escaped.map((part, i) =>
        breaks.includes(i) && i > 0 && part !== separator ? `\\${end} \t${part}` : part
      );
      return before + line.join("") + end;
    });
    assert.deepEqual(pairs(written.join("")), properties.map(({ key, value }) => [key, value]));
  }));
});

/** All that could mean something is escaped. */
function escape(char: string, unicode: boolean): string {
  if (/[a-z0-9]/.test(char)) return char;
  const named = { "\t": "\\t", "\n": "\\n", "\r": "\\r", "\f": "\\f" }[char];
  if (named !== undefined) return named;
  if (!unicode && char.length === 1) return `\\${char}`;
  return char.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
}
