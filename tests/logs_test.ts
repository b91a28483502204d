/** What commands tell on stderr, as lines of JSON: for who reads them by a program. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { logFields } from "../src/cli/logging.ts";
import { dataFolder, flights } from "./flights.ts";
import { needs } from "./permissions.ts";

Deno.test({
  ...needs("read"),
  name: "docs/operations.md lists the fields of log lines, with what each says",
  fn: () => {
    const path = fileURLToPath(new URL("../docs/operations.md", import.meta.url));
    const [, section = ""] = Deno.readTextFileSync(path).split(/^## Logs$/m);
    const rows = [...section.split(/^## /m)[0]!.matchAll(/^\| `(\w+)` +\| (.*?) +\|$/gm)];
    assert.deepEqual(
      Object.fromEntries(rows.map(([, name, meaning]) => [name!, meaning!])),
      {
        time: "when, ISO 8601 in UTC",
        level: "`debug`, `info`, `warning` or `error`",
        message: "a sentence for people",
        ...logFields,
      },
    );
    const names = Object.keys(logFields);
    assert.deepEqual(names, names.toSorted());
  },
});

/** The level and the fields of each line beside time and message, which all have. */
function shapes(stderr: string): readonly string[] {
  return stderr.split("\n").filter((line) => line !== "").map((line) => {
    const { time, level, message, ...fields } = JSON.parse(line);
    assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.ok(typeof message === "string" && message !== "", line);
    const names = Object.keys(fields);
    for (const name of names) assert.ok(Object.hasOwn(logFields, name), `${name} of ${line}`);
    return `${level}: ${names.join(" ")}`;
  });
}

const ended = "records used filtered windowed late deadLetter skipped held outputs";

Deno.test({
  ...needs("read", "write", "run", "env", "net"),
  name: "log lines have a time, a level, a message, and fields that stay as they are",
  fn: async () => {
    using folder = dataFolder();
    const told = async (code: number, args: readonly string[], stdin = "") => {
      const result = await flights(args, { data: folder.path, stdin });
      assert.equal(result.code, code, `${args.join(" ")}: ${result.stderr}`);
      return shapes(result.stderr);
    };
    assert.deepEqual(
      await told(0, ["datagen", "--create", "--count", "50", "--rate", "max", "--seed", "1"]),
      [
        "info: topics partitions",
        "info: seed start",
        "info: skyone sunset milliseconds seed start end",
      ],
    );
    assert.deepEqual(await told(0, ["merge", "--until-end", "--http", "0"]), [
      "info: job",
      "info: address",
      "info: topic resume offsets",
      "info: topic resume offsets",
      "info: topic writers",
      "info: topic writers",
      `info: ${ended}`,
    ]);
    assert.deepEqual(
      await told(0, ["stats", "--until-end", "--drain", "--repartition", "--http", "off"]),
      [
        "info: job",
        "info: topic resume offsets",
        "info: topic resume offsets",
        "info: topic writers",
        "info: topic writers",
        "info: watermarks",
        `info: stage ${ended.replace(" outputs", "")}`,
        `info: ${ended}`,
      ],
    );
    assert.deepEqual(await told(0, ["reset", "stats"]), ["info: job inputs deletedTopics"]);
    assert.deepEqual(await told(0, ["produce", "skyone"], '{"payload":"x"}\n'), [
      "info: topic records",
    ]);
    assert.deepEqual(await told(0, ["topics", "delete", "sunset"]), ["info: topics"]);
    assert.deepEqual(await told(3, ["merge", "--until-end", "--wait", "10ms", "--http", "off"]), [
      "info: job",
      "info: ",
      "error: code",
    ]);
  },
});
