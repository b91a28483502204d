/**
 * Every picture of docs/language.md is what its code does: the code is type-checked and run on what
 * goes in, column by column, and what comes out is compared cell by cell. With
 * `FLIGHTS_UPDATE_GOLDEN=1` the results are written into the page instead.
 */

import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import {
  type DataStream,
  json,
  type LookupTable,
  StreamEnvironment,
  TestDriver,
  WatermarkStrategy,
} from "../../src/mod.ts";
import * as door from "../../src/mod.ts";
import { root, runDeno } from "../../tools/process.ts";
import { needs } from "../permissions.ts";
import {
  type Column,
  drawTable,
  type Picture,
  picturesOf,
  type Reading,
  sentIn,
  textOf,
  withTables,
} from "./pictures.ts";

type Input = DataStream<Reading> | LookupTable<string, Reading>;
type Define = (...inputs: Input[]) => Readonly<Record<string, DataStream<unknown>>>;

const page = `${root}docs/language.md`;
const doorUrl = JSON.stringify(pathToFileURL(`${root}src/mod.ts`).href);

/** Rows that the code declares come out, the others go in; some of these are tables. */
function sidesOf({ code, rows }: Picture) {
  const isDeclared = (row: string) => new RegExp(`\\bconst ${row}\\b`).test(code);
  const inputs = rows.filter((row) => !isDeclared(row));
  return {
    inputs,
    tables: inputs.filter((row) => new RegExp(`lookupJoin\\(\\s*${row}\\b`).test(code)),
    results: rows.filter(isDeclared),
  };
}

/** A module of one function a picture, from what goes in to what comes out. */
function moduleOf(pictures: readonly Picture[]): string {
  const names = Object.keys(door).sort();
  const functions = pictures.map((picture, i) => {
    const { inputs, tables, results } = sidesOf(picture);
    const parameters = inputs.map((name) =>
      `${name}: ${tables.includes(name) ? "Table" : "Stream"}`
    );
    return `/** ${picture.title} */
export function picture${i}(${parameters.join(", ")}) {
${picture.code}
return { ${results.join(", ")} };
}
`;
  });
  return `import { ${names.join(", ")} } from ${doorUrl};
import type * as types from ${doorUrl};
interface Reading { readonly key: string; readonly value: number }
type Stream = types.DataStream<Reading>;
type Table = types.LookupTable<string, Reading>;
const sum = (a: Reading, b: Reading): Reading => ({ key: a.key, value: a.value + b.value });
${functions.join("\n")}`;
}

/** A driver of what the code defines, and the streams of its results. */
function prepare(picture: Picture, define: Define) {
  const { inputs, tables, results } = sidesOf(picture);
  const env = new StreamEnvironment();
  const deserializer = json((value) => value as Reading);
  const watermarks = WatermarkStrategy.forMonotonousTimestamps().withIdleness("1d");
  const streams = define(
    ...inputs.map((topic) =>
      tables.includes(topic)
        ? env.fromTable({ topic, deserializer })
        : env.fromSource({ topic, deserializer, partitionedBy: "key" }, watermarks)
    ),
  );
  const driver = new TestDriver(env.topology);
  return { driver, sinks: results.map((name) => [name, driver.collect(streams[name]!)] as const) };
}

/** The columns as the code draws them. */
function draw(picture: Picture, define: Define): readonly Column[] {
  const { inputs } = sidesOf(picture);
  const { driver, sinks } = prepare(picture, define);
  return picture.columns.map((column) => {
    if (column.time === "end") driver.end({ drain: true });
    else {
      driver.advance(column.time - driver.clock.now());
      for (const { row, key, reading, timestamp } of sentIn(column, inputs)) {
        driver.send(row, [{ key, value: reading, timestamp }]);
      }
    }
    const results = sinks.map(([name, sink]) => [name, sink.take().map(textOf).join(",")] as const);
    return { time: column.time, cells: new Map([...column.cells, ...results]) };
  });
}

/** Type-checks the code of all pictures and loads it. */
async function load(pictures: readonly Picture[]): Promise<Readonly<Record<string, Define>>> {
  const folder = await Deno.makeTempDir({ prefix: "flights-language-" });
  try {
    const file = `${folder}/pictures.ts`;
    await Deno.writeTextFile(file, moduleOf(pictures));
    const checked = await runDeno(["check", `--config=${root}deno.json`, file]);
    assert.ok(checked.success, checked.stderr);
    return await import(pathToFileURL(file).href);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  ...needs("read", "write", "run", "env"),
  name: "docs/language.md: every picture is what its code does",
  fn: async (t) => {
    const text = await Deno.readTextFile(page);
    const pictures = picturesOf(text);
    assert.ok(pictures.length >= 25, `there are ${pictures.length} pictures`);
    const defined = await load(pictures);
    const drawn = (picture: Picture, i: number) =>
      drawTable({ ...picture, columns: draw(picture, defined[`picture${i}`]!) });
    if (Deno.env.get("FLIGHTS_UPDATE_GOLDEN") === "1") {
      await Deno.writeTextFile(page, withTables(text, pictures.map(drawn)));
      return;
    }
    for (const [i, picture] of pictures.entries()) {
      await t.step(picture.title, () => assert.equal(picture.table, drawn(picture, i)));
    }
  },
});

Deno.test("a picture that shows something else than its code does is found", () => {
  const [picture] = picturesOf(
    "# Sum\n```ts\nconst out = readings;\n```\n\n```text\n" +
      "          0s    10s\nreadings  a1    b2@5s\nout       a1    b2\n```\n",
  );
  const drawn = (define: Define) => drawTable({ ...picture!, columns: draw(picture!, define) });
  const all = (keep: boolean): Define => (readings) => ({
    out: (readings as DataStream<Reading>).filter(() => keep),
  });
  assert.equal(drawn(all(true)), picture!.table);
  assert.notEqual(drawn(all(false)), picture!.table);
});
