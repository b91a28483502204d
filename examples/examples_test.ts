/**
 * Each program of this folder prints exactly what its golden file holds. After a change that is meant:
 *
 *     FLIGHTS_UPDATE_GOLDEN=1 deno test -A examples/examples_test.ts
 */

import assert from "node:assert/strict";
import process from "node:process";
import { dataFolder, flights, startFlights } from "../tests/flights.ts";
import { needs } from "../tests/permissions.ts";
import { outputOf, startExample } from "../tests/examples.ts";

const permissions = needs("read", "write", "run", "env");

/** What makes the output of a lesson that reads a topic the same each time. */
const sameBookings = ["--seed", "7", "--start", "2026-01-31T12:00"];
const bounded = [...sameBookings, "--until-end", "--count", "15"];
/** For windows: twelve minutes of bookings. */
const windows = [...sameBookings, "--until-end", "--count", "30"];

/** The programs and their arguments. The golden file of a lesson has its number, else the name. */
const programs: Readonly<Record<string, readonly string[]>> = {
  "04_intro": [],
  "05_data_generator": bounded,
  "08_source": bounded,
  "10_deserialization": bounded,
  "11_transformations": [],
  "12_skyone_to_flights": bounded,
  "14_sink": bounded,
  "15_branching": [],
  "16_merge": bounded,
  "18_statistics": windows,
  "20_running_totals": windows,
  "22_event_time_windows": windows,
  "24_delayed_flights": bounded,
  "26_user_counts": windows,
  "main": [],
  "sales_per_minute": [],
};

for (const [program, args] of Object.entries(programs)) {
  Deno.test({
    ...permissions,
    name: `${program} prints its golden file`,
    fn: async () => {
      const printed = await outputOf(`${program}.ts`, args);
      const golden = new URL("golden/", import.meta.url);
      const file = new URL(`${/^\d\d(?=_)/.exec(program)?.[0] ?? program}.txt`, golden);
      if (process.env.FLIGHTS_UPDATE_GOLDEN === "1") {
        Deno.mkdirSync(golden, { recursive: true });
        Deno.writeTextFileSync(file, printed);
      }
      assert.equal(printed, Deno.readTextFileSync(file));
    },
  });
}

Deno.test({
  ...permissions,
  name: "every program of the folder has its golden file, and every lesson its line in the README",
  fn: () => {
    const names = [...Deno.readDirSync(new URL(".", import.meta.url))].map(({ name }) => name)
      .filter((name) => name.endsWith(".ts") && !name.endsWith("_test.ts"))
      .map((name) => name.slice(0, -".ts".length));
    assert.deepEqual(names.sort(), Object.keys(programs).sort());
    const readme = Deno.readTextFileSync(new URL("README.md", import.meta.url));
    for (const name of names.filter((one) => /^\d\d_/.test(one))) {
      assert.ok(readme.includes(`[${name.slice(0, 2)}](${name}.ts)`), name);
      assert.ok(readme.includes(`\`deno task example ${name.slice(0, 2)}\``), name);
    }
  },
});

for (const program of ["16_merge", "18_statistics", "22_event_time_windows"]) {
  Deno.test({
    ...permissions,
    name: `${program} prints live what it prints of a backlog`,
    fn: async () => {
      const args = [...sameBookings, "--count", "3"];
      const live = await outputOf(`${program}.ts`, args);
      assert.notEqual(live, "");
      assert.equal(live, await outputOf(`${program}.ts`, [...args, "--until-end"]));
    },
  });
}

Deno.test({
  ...permissions,
  name: "08_source prints live what flights datagen writes, and goes on where it was stopped",
  fn: async () => {
    using folder = dataFolder();
    const data = folder.path;
    const valuesOf = async () => {
      const { stdout } = await flights(["consume", "skyone", "--until-end"], { data });
      return linesOf(stdout);
    };
    const datagen = ["datagen", ...sameBookings, "--count", "6", "--speed", "10"];
    const first = startExample("08_source.ts", [], { data });
    await first.told("waiting: ");
    await startFlights([...datagen, "--create"], { data }).result;
    for (const value of await valuesOf()) await first.printed(value);
    first.kill("SIGINT");
    const { code, stdout, stderr } = await first.result;
    assert.equal(code, 130, stderr);
    assert.deepEqual(linesOf(stdout), await valuesOf());

    await startFlights(datagen, { data }).result;
    const rest = await outputOf("08_source.ts", ["--until-end"], { data });
    assert.equal(linesOf(rest).length, 6);
    assert.deepEqual([...linesOf(stdout), ...linesOf(rest)].sort(), await valuesOf());
  },
});

Deno.test({
  ...permissions,
  name: "05_data_generator --create makes the topics that the lessons read from one another",
  fn: async () => {
    using folder = dataFolder();
    const data = folder.path;
    const sent = await outputOf("05_data_generator.ts", ["--create", ...bounded], { data });
    assert.equal(sent, await outputOf("05_data_generator.ts", bounded));
    for (const program of ["14_sink", "16_merge", "18_statistics"]) {
      assert.notEqual(await outputOf(`${program}.ts`, ["--until-end"], { data }), "");
    }
    const { stdout } = await flights(["topics", "describe", "skyone"], { data });
    assert.equal(JSON.parse(stdout).partitions.length, 5);
  },
});

const wrong: readonly (readonly [args: readonly string[], message: RegExp])[] = [
  [["--dta", "x"], /Unknown option '--dta'/],
  [["--count", "1.5"], /--count must be a whole number/],
  [["--start", "soon"], /--start: .*must be ISO 8601/],
  [["--create"], /--create is for lesson 05/],
  [["--data", "x", "--count", "1"], /--count is for who writes bookings/],
  [["--data", "x", "--bootstrap-server", "localhost:1"], /name one of them/],
];

for (const [args, message] of wrong) {
  Deno.test({
    ...permissions,
    name: `08_source ${args.join(" ")} is refused with exit code 2, before a log is opened`,
    fn: async () => {
      const { code, stdout, stderr } = await startExample("08_source.ts", args).result;
      assert.equal(code, 2);
      assert.match(stderr, message);
      assert.equal(stdout, "");
    },
  });
}

Deno.test({
  ...permissions,
  name: "main runs the lesson of a number, with its options, and refuses one that is not there",
  fn: async () => {
    assert.equal(await outputOf("main.ts", ["4"]), await outputOf("04_intro.ts", []));
    assert.equal(
      await outputOf("main.ts", ["08", ...bounded]),
      await outputOf("08_source.ts", bounded),
    );
    const { code, stderr } = await startExample("main.ts", ["99"]).result;
    assert.equal(code, 2);
    assert.match(stderr, /the lesson must be one of 04, .* 26, it is "99"/);
  },
});

function linesOf(text: string): readonly string[] {
  return text.split("\n").filter((line) => line !== "").sort();
}
