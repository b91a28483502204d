import assert from "node:assert/strict";
import { z } from "zod";
import type { Model } from "../flights/model_parser.ts";
import { flightOfSkyOne, flightOfSunset, models } from "../flights/models.ts";
import { hasCode } from "../base/errors.ts";
import { differencesOf } from "./differences.ts";
import type { FlinkJobOptions, FlinkMergeOptions, FlinkStatsOptions } from "./job_options.ts";
import { jobSql } from "./job_sql.ts";
import { originsOf } from "./mapping.ts";
import { jobScript } from "./script.ts";
import { identifier, interval, literal } from "./sql_text.ts";
import { columnsOf, readableView, sourceTable } from "./tables.ts";

const common: FlinkJobOptions = {
  applicationId: "flink-x",
  bootstrapServer: "kafka:9092",
  clientProperties: [],
  outputTopic: "out",
  from: "earliest",
  untilEnd: false,
  outOfOrderness: 0,
  idleTimeout: 10_000,
  onError: "skip",
  checkpointInterval: 1_000,
  transactionTimeout: 600_000,
  parallelism: 1,
};

function merge(options: Partial<FlinkMergeOptions> = {}): string {
  return jobScript({ name: "merge", options: { ...common, asOf: "record", ...options } });
}

function stats(options: Partial<FlinkStatsOptions> = {}): string {
  const own = { inputTopic: "flightdata", window: 60_000, perWindow: false };
  return jobScript({ name: "stats", options: { ...common, ...own, ...options } });
}

Deno.test("columnsOf has the fields of the model in their order, counts as whole numbers", () => {
  assert.deepEqual(columnsOf(models.userStatistics), [
    ["email_address", "STRING"],
    ["total_flight_duration", "DOUBLE"],
    ["number_of_flights", "BIGINT"],
  ]);
  assert.deepEqual(columnsOf(models.flightData).at(-1), ["source", "STRING"]);
});

const made: Model<
  { readonly name: string; readonly size: number; readonly kind?: "a" | "b" | undefined }
> = {
  schema: z.object({ name: z.string(), size: z.number(), kind: z.enum(["a", "b"]).optional() }),
  aliases: { otherSize: { name: "size", divideBy: 60 }, otherName: "name" },
  notNegative: ["size"],
};

Deno.test("a changed model changes the table and what counts as readable", () => {
  const table = sourceTable("t", made, common);
  assert.match(
    table,
    /`name` STRING,\n {2}`size` DOUBLE,\n {2}`kind` STRING,\n {2}`otherSize` DOUBLE,/,
  );
  const view = readableView("v", { topic: "t", model: made, onError: "skip" });
  assert.match(view, /COALESCE\(`size`, `otherSize` \/ 60\) AS `size`/);
  assert.match(view, /COALESCE\(`name`, `otherName`\) AS `name`/);
  assert.match(view, /`name` IS NOT NULL\n {2}AND `size` IS NOT NULL/);
  assert.match(view, /AND \(`kind` IS NULL OR `kind` IN \('a', 'b'\)\)\n {2}AND `size` >= 0$/);
});

Deno.test("originsOf asks the function that maps where each field comes from", () => {
  const sky = originsOf(models.skyone, flightOfSkyOne);
  assert.deepEqual(sky.get("confirmation"), { field: "confirmation" });
  assert.deepEqual(sky.get("departure_time"), { field: "flight_departure_time" });
  assert.deepEqual(sky.get("source"), { constant: "skyone" });
  const sun = originsOf(models.sunset, flightOfSunset);
  assert.deepEqual(sun.get("confirmation"), { field: "reference_number" });
  assert.deepEqual(sun.get("flight_number"), { field: "flight_id" });
  assert.deepEqual([...sun.keys()], columnsOf(models.flightData).map(([name]) => name));
});

Deno.test("originsOf refuses what is neither a copy nor a constant", () => {
  assert.throws(
    () => originsOf(made, ({ name }) => ({ shout: name.toUpperCase().replace("T", "!") })),
    (error) => hasCode(error, "internal"),
  );
  assert.throws(
    () => originsOf(made, ({ size }) => ({ more: size + 1 })),
    (error) => hasCode(error, "internal"),
  );
});

Deno.test("texts and names are quoted, whatever is in them", () => {
  assert.equal(literal("it's"), "'it''s'");
  assert.equal(identifier("a`b"), "`a``b`");
  const sql = merge({ clientProperties: [["sasl.jaas.config", "a'; DROP TABLE x; --"]] });
  assert.match(sql, /'properties\.sasl\.jaas\.config' = 'a''; DROP TABLE x; --'/);
});

Deno.test("interval has milliseconds, and as many digits for days as they need", () => {
  assert.equal(interval(1), "INTERVAL '0 00:00:00.001' DAY(1) TO SECOND(3)");
  assert.equal(interval(60_000), "INTERVAL '0 00:01:00.000' DAY(1) TO SECOND(3)");
  assert.equal(interval(400 * 86_400_000 + 250), "INTERVAL '400 00:00:00.250' DAY(3) TO SECOND(3)");
});

/** What an option of the job changes in its SQL. */
const changes: readonly (readonly [what: string, sql: string, shows: RegExp])[] = [
  [
    "semantics 3: out-of-orderness",
    stats({ outOfOrderness: 5_000 }),
    /`event_time` - INTERVAL '0 00:00:05\.001'/,
  ],
  ["semantics 3: no out-of-orderness", stats(), /`event_time` - INTERVAL '0 00:00:00\.001'/],
  [
    "semantics 8: idle time-out",
    stats({ idleTimeout: 2_000 }),
    /'scan\.watermark\.idle-timeout' = '2000 ms'/,
  ],
  ["window", stats({ window: 3_600_000 }), /TUMBLE\(.*INTERVAL '0 01:00:00\.000'/],
  [
    "running totals",
    stats(),
    /SUM\(flights\) OVER totals .*WINDOW totals AS \(PARTITION BY `email_address`/s,
  ],
  ["input topic", stats({ inputTopic: "in-2" }), /'topic' = 'in-2'/],
  ["output topic", stats({ outputTopic: "out-2" }), /'topic' = 'out-2'/],
  ["as of record", merge(), /`arrival_timestamp` > CAST\(`event_time` AS TIMESTAMP\(3\)\)/],
  ["as of now", merge({ asOf: "now" }), /`arrival_timestamp` > CAST\(CURRENT_TIMESTAMP AS/],
  [
    "as of a time",
    merge({ asOf: 0 }),
    /`arrival_timestamp` > TIMESTAMP '1970-01-01 00:00:00\.000'/,
  ],
  ["from latest", merge({ from: "latest" }), /'scan\.startup\.mode' = 'latest-offset'/],
  ["from a time", merge({ from: 7 }), /'scan\.startup\.mode' = 'timestamp',\n.*'7'/],
  ["until the end", merge({ untilEnd: true }), /'scan\.bounded\.mode' = 'latest-offset'/],
  ["skip", merge(), /'value\.json\.ignore-parse-errors' = 'true'/],
  ["fail", merge({ onError: "fail" }), /'value\.json\.ignore-parse-errors' = 'false'/],
  [
    "fail on what is wrong",
    merge({ onError: "fail" }),
    /THEN TRUE ELSE CAST\(CONCAT\('a record that/,
  ],
  ["parallelism", merge({ parallelism: 4 }), /SET 'parallelism\.default' = '4'/],
  ["commit interval", merge({ checkpointInterval: 250 }), /checkpointing\.interval' = '250 ms'/],
  ["application id", merge(), /'sink\.transactional-id-prefix' = 'flink-x'/],
  ["exactly once", merge(), /'sink\.delivery-guarantee' = 'exactly-once'/],
  ["transaction time-out", merge(), /'properties\.transaction\.timeout\.ms' = '600000'/],
  ["committed input", merge(), /'properties\.isolation\.level' = 'read_committed'/],
];

for (const [what, sql, shows] of changes) {
  Deno.test(`the SQL has the job's ${what}`, () => assert.match(sql, shows));
}

Deno.test("per window there are no running totals, and a stream has no bound", () => {
  assert.doesNotMatch(stats({ perWindow: true }), /OVER/);
  assert.doesNotMatch(stats(), /scan\.bounded/);
});

Deno.test("differences are told as comments in front of the statements, by what is set", () => {
  const sql = stats();
  assert.match(sql, /^-- The job stats as Flink SQL/);
  assert.match(sql, /^-- differs: Silence closes no windows/m);
  assert.ok(
    sql.slice(0, sql.indexOf("\n\n")).split("\n").every((line) => /^--.{0,98}$/.test(line)),
  );
  assert.doesNotMatch(stats({ untilEnd: true }), /Silence closes/);
  assert.match(merge(), /placed by its key, not by the\n?/);
  const options = { ...common, asOf: "record" } as const;
  const told = (onError: "skip" | "fail") =>
    differencesOf({ name: "merge", options: { ...options, onError } })[0]!;
  assert.match(told("skip"), /dropped and not counted/);
  assert.match(told("fail"), /the job fails/);
});

Deno.test("the statements of a job are settings, tables, and one INSERT", () => {
  const { settings, tables, insert } = jobSql({
    name: "merge",
    options: { ...common, asOf: "record" },
  });
  assert.deepEqual(settings[0], ["pipeline.name", "flink-x"]);
  assert.equal(tables.length, 5);
  // An answer that is lost is asked for again: none of them may fail the second time.
  assert.ok(tables.every((text) => /^CREATE TEMPORARY (TABLE|VIEW) IF NOT EXISTS /.test(text)));
  assert.match(insert, /^INSERT INTO `flights_out`\nSELECT[^;]*UNION ALL\nSELECT[^;]*$/);
});
