import assert from "node:assert/strict";
import { type Cause, causes, severityOf } from "../../src/status/why/finding.ts";
import { needs } from "../permissions.ts";
import { scenarios } from "./scenarios.ts";

/** Causes that no scenario of the embedded log makes, and where they are seen. */
const elsewhere: Readonly<Partial<Record<Cause, string>>> = {
  "unknown-job": "src/cli/why_test.ts",
  "transaction-open": "tests/kafka/silence_test.ts",
  "rejoining": "tests/kafka/silence_test.ts",
  "stalled": "tests/kafka/silence_test.ts",
  // They pass too soon to be caught from outside: as they look, in a table.
  "restoring": "src/status/why/why_test.ts",
  "partitions-unheld": "src/status/why/why_test.ts",
  "behind": "src/status/why/why_test.ts",
  "at-end": "src/status/why/why_test.ts",
};

Deno.test({
  ...needs("read"),
  name: "docs/why.md has a row for each cause, under how it stands in the way",
  fn: () => {
    const page = Deno.readTextFileSync(new URL("../../docs/why.md", import.meta.url));
    let severity = "";
    const rows = page.split("\n").flatMap((line) => {
      severity = /^`(blocking|waiting|note)`: /.exec(line)?.[1] ?? severity;
      const [, cause] = /^\| `([a-z-]+)` +\|/.exec(line) ?? [];
      return cause === undefined || severity === "" ? [] : [`${severity} ${cause}`];
    });
    assert.deepEqual(rows, causes.map((cause) => `${severityOf(cause)} ${cause}`));
  },
});

Deno.test({
  ...needs("read"),
  name: "each cause is made to happen, or the file that shows it names it",
  fn: () => {
    for (const cause of causes) {
      const isHere = scenarios.some((one) => one.cause === cause);
      assert.equal(isHere, elsewhere[cause] === undefined, cause);
      if (isHere) continue;
      const text = Deno.readTextFileSync(new URL(`../../${elsewhere[cause]}`, import.meta.url));
      assert.match(text, new RegExp(`"?\\b${cause}\\b`), `${elsewhere[cause]} must name ${cause}`);
    }
  },
});
