import assert from "node:assert/strict";
import { needs } from "../../tests/permissions.ts";
import { FlightsError } from "../base/errors.ts";
import { factsOf, knownErrorCodes } from "../log/kafka/errors.ts";
import { exitCodeOf } from "./exit_codes.ts";

const guide = new URL("../../docs/kafka.md", import.meta.url);

/** The names of Kafka's errors in the guide's table, each with the exit code and error of its row. */
function documentedNames(text: string): readonly (readonly [name: string, row: string])[] {
  const table = text.slice(text.indexOf("## What errors mean"));
  let row = "";
  return table.split("\n").filter((line) => line.startsWith("|")).flatMap((line) => {
    const [, first, second] = line.split("|").map((cell) => cell.trim());
    if (first !== "") row = first!.replaceAll("`", "");
    return [...second!.matchAll(/\b[A-Z]+(?:_[A-Z]+)+\b/g)].map(([name]) => [name, row] as const);
  });
}

Deno.test({
  ...needs("read"),
  name: "docs/kafka.md has each of Kafka's errors in the row of its exit code and error",
  fn: async () => {
    const facts = new Map(knownErrorCodes.map(factsOf).map((one) => [one.name, one]));
    const names = documentedNames(await Deno.readTextFile(guide))
      .filter(([name]) => name !== "TRANSACTIONAL_ID");
    assert.ok(names.length > 20);
    for (const [name, row] of names) {
      const code = facts.get(name)?.code;
      assert.ok(code !== undefined, `${name} is not one of Kafka's`);
      assert.equal(row, `${exitCodeOf(new FlightsError(code, ""))} ${code}`, name);
    }
  },
});
