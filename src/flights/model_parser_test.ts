import assert from "node:assert/strict";
import { z } from "zod";
import { hasCode } from "../base/errors.ts";
import { modelParser } from "./model_parser.ts";

const parse = modelParser(
  z.object({ first_name: z.string(), size: z.number(), kind: z.enum(["a", "b"]).optional() }),
  {
    aliases: { firstName: "first_name", sizeInCents: { name: "size", divideBy: 100 } },
    check: ({ size }) => size >= 0 ? null : `size must be zero or more, it is ${size}`,
  },
);

Deno.test("modelParser reads a value under the model's own names and drops unknown fields", () => {
  const value = parse({ first_name: "Ann", size: 2, other: [1] });
  assert.deepEqual(value, { first_name: "Ann", size: 2 });
});

Deno.test("modelParser reads a value under other names, in their unit", () => {
  assert.deepEqual(parse({ firstName: "Ann", sizeInCents: 250, kind: "b" }), {
    first_name: "Ann",
    size: 2.5,
    kind: "b",
  });
  assert.deepEqual(parse({ firstName: "Ann", size: 2 }), { first_name: "Ann", size: 2 });
});

Deno.test("modelParser takes names of every object, such as constructor, for unknown ones", () => {
  const json = JSON.parse('{"constructor":1,"__proto__":{"size":3},"firstName":"Ann"}');
  assert.throws(() => parse(json), /size must be a number, it is missing/);
});

Deno.test("modelParser says which field is wrong, what is needed and what is there", () => {
  const cases: readonly [unknown, string][] = [
    [null, "it must be an object, it is null"],
    [7, "it must be an object, it is 7"],
    [[], "it must be an object, it is []"],
    [{ size: 1 }, "first_name must be a string, it is missing"],
    [{ first_name: null, size: 1 }, "first_name must be a string, it is null"],
    [{ first_name: "Ann", size: "1" }, 'size must be a number, it is "1"'],
    [{ first_name: "Ann", size: Infinity }, "size must be a number, it is Infinity"],
    [{ first_name: "Ann", size: -1 }, "size must be zero or more, it is -1"],
    [{ first_name: "Ann", sizeInCents: "1" }, 'size must be a number, it is "1"'],
    [{ first_name: "Ann", size: 1, kind: "c" }, 'kind must be one of a, b, it is "c"'],
    [{ first_name: ["x".repeat(99)], size: 1 }, `it is ["${"x".repeat(58)}...`],
  ];
  for (const [value, expected] of cases) {
    assert.throws(() => parse(value), (error) => {
      assert.ok(hasCode(error, "bad-record"));
      assert.ok(error.message.startsWith("Cannot read the value: "), error.message);
      assert.ok(error.message.endsWith(expected), error.message);
      return true;
    });
  }
});
