/** The topics as tables of Flink SQL, from the models that the program itself reads them by. */

import { z } from "zod";
import type { Alias, Model } from "../flights/model_parser.ts";
import { isDayThere, timeOf } from "./iso_time.ts";
import type { FlinkJobOptions } from "./job_options.ts";
import {
  flinkDuration,
  identifier,
  interval,
  literal,
  once,
  type SqlSetting,
  withClause,
} from "./sql_text.ts";

/** The column with the record's timestamp, which is event time. */
export const eventTime = identifier("event_time");
/** The two times of a period, read. */
const departure = identifier("departure_timestamp");
/** When the flight arrives, as TIMESTAMP(3). */
export const arrival = identifier("arrival_timestamp");
/** When it departs, as TIMESTAMP(3). */
export const departureTimestamp = departure;

/** A model's fields with their types in SQL. */
export function columnsOf<T>(model: Model<T>): readonly (readonly [name: string, type: string])[] {
  const counts: readonly string[] = model.counts ?? [];
  return Object.entries(model.schema.shape).map(([name, schema]) => {
    const inner = schema instanceof z.ZodOptional ? schema.unwrap() as z.ZodType : schema;
    const isNumber = inner instanceof z.ZodNumber;
    return [name, !isNumber ? "STRING" : counts.includes(name) ? "BIGINT" : "DOUBLE"];
  });
}

/** The settings of Kafka's clients on the cluster. */
function clientSettings({ bootstrapServer, clientProperties }: FlinkJobOptions): SqlSetting[] {
  return [
    ["properties.bootstrap.servers", bootstrapServer],
    ...clientProperties.map(([name, value]): SqlSetting => [`properties.${name}`, value]),
  ];
}

function startSettings({ from, untilEnd }: FlinkJobOptions): SqlSetting[] {
  const start: SqlSetting[] = typeof from === "number"
    ? [["scan.startup.mode", "timestamp"], ["scan.startup.timestamp-millis", String(from)]]
    : [["scan.startup.mode", `${from}-offset`]];
  return untilEnd ? [...start, ["scan.bounded.mode", "latest-offset"]] : start;
}

/** A table to read a topic by. To say it twice is no matter: the answer to the first may be lost. */
export function sourceTable<T>(topic: string, model: Model<T>, options: FlinkJobOptions): string {
  const columns = columnsOf(model);
  const types = new Map(columns);
  const others = Object.entries(model.aliases).map(([other, alias]): [string, string] => {
    const name = nameOf(alias);
    // What is divided is a number with a fraction, whatever the field itself is.
    return [other, typeof alias === "string" ? types.get(name)! : "DOUBLE"];
  });
  const lines = [
    ...[...columns, ...others].map(([name, type]) => `  ${identifier(name)} ${type}`),
    `  ${eventTime} TIMESTAMP_LTZ(3) NOT NULL METADATA FROM 'timestamp' VIRTUAL`,
    // As Flink counts it a record is late below the watermark; ours is the last time that is over.
    `  WATERMARK FOR ${eventTime} AS ${eventTime} - ${interval(options.outOfOrderness + 1)}`,
  ];
  const skips = options.onError === "skip";
  return `CREATE TEMPORARY TABLE IF NOT EXISTS ${identifier(topic)} (\n${lines.join(",\n")}\n) ${
    withClause([
      ["connector", "kafka"],
      ["topic", topic],
      ...clientSettings(options),
      ["properties.group.id", options.applicationId],
      ["properties.isolation.level", "read_committed"],
      ...startSettings(options),
      ["scan.watermark.idle-timeout", flinkDuration(options.idleTimeout)],
      ["value.format", "json"],
      ["value.json.ignore-parse-errors", String(skips)],
    ])
  }`;
}

function nameOf(alias: Alias): string {
  return typeof alias === "string" ? alias : alias.name;
}

/**
 * A view of a topic's records that can be read, under the names of the model, with
 * the two times of its period: what `modelParser` does, in SQL.
 */
export function readableView<T>(
  view: string,
  { topic, model, onError }: {
    readonly topic: string;
    readonly model: Model<T>;
    readonly onError: FlinkJobOptions["onError"];
  },
): string {
  const named = columnsOf(model).map(([name]) => {
    const others = Object.entries(model.aliases).filter(([, alias]) => nameOf(alias) === name)
      .map(([other, alias]) =>
        typeof alias === "string" ? identifier(other) : `${identifier(other)} / ${alias.divideBy}`
      );
    if (others.length === 0) return identifier(name);
    return `COALESCE(${[identifier(name), ...others].join(", ")}) AS ${identifier(name)}`;
  });
  const period = model.period?.map((name) => identifier(name)) ?? [];
  const times = period.map((column, at) =>
    `${once(timeOf(column))} AS ${at === 0 ? departure : arrival}`
  );
  const readable = readableCondition(model);
  const condition = onError === "skip" ? readable : failUnless(readable, model);
  return `CREATE TEMPORARY VIEW IF NOT EXISTS ${identifier(view)} AS
SELECT * FROM (
  SELECT *, ${times.join(", ")}
  FROM (SELECT ${named.join(", ")}, ${eventTime} FROM ${identifier(topic)})
)
WHERE ${condition}`;
}

function readableCondition<T>({ schema, period, notNegative = [], counts = [] }: Model<T>): string {
  const conditions = Object.entries(schema.shape).map(([name, field]) => {
    const column = identifier(name);
    const inner = field instanceof z.ZodOptional ? field.unwrap() as z.ZodType : field;
    if (!(inner instanceof z.ZodEnum)) return `${column} IS NOT NULL`;
    const choice = `${column} IN (${inner.options.map((one) => literal(String(one))).join(", ")})`;
    return inner === field ? choice : `(${column} IS NULL OR ${choice})`;
  });
  if (period !== undefined) {
    const [from, to] = period.map((name) => identifier(name));
    conditions.push(
      `${departure} <= ${arrival}`,
      isDayThere(from!, departure),
      isDayThere(to!, arrival),
    );
  }
  conditions.push(...[...notNegative, ...counts].map((name) => `${identifier(name)} >= 0`));
  return conditions.join("\n  AND ");
}

/** SQL has no way to fail but a cast that cannot be done, whose text Flink then shows. */
function failUnless<T>(condition: string, { schema }: Model<T>): string {
  const columns = Object.keys(schema.shape).map((name) =>
    `${literal(`${name} `)}, COALESCE(CAST(${identifier(name)} AS STRING), 'missing')`
  );
  const shown = `CONCAT('a record that cannot be read: ', ${columns.join(", '; ', ")})`;
  return `CASE WHEN ${condition}\n  THEN TRUE ELSE CAST(${shown} AS BOOLEAN) END`;
}

/** What goes into a sink besides the fields of its model. */
export interface SinkColumns {
  /** The model's field that is the record's key, as a JSON object of its own. */
  readonly key: string;
  /** Whether records get headers. */
  readonly headers: boolean;
}

/** The column of a sink that is written as the key. */
export function keyColumn(key: string): string {
  return identifier(`key_${key}`);
}

/** A table to write a topic by, exactly once. Columns: the key, the model's, event time, headers. */
export function sinkTable<T>(
  table: string,
  { model, key, headers, options }: SinkColumns & {
    readonly model: Model<T>;
    readonly options: FlinkJobOptions;
  },
): string {
  const columns = columnsOf(model);
  const type = new Map(columns).get(key)!;
  const lines = [
    `  ${keyColumn(key)} ${type}`,
    ...columns.map(([name, type]) => `  ${identifier(name)} ${type}`),
    `  ${eventTime} TIMESTAMP_LTZ(3) METADATA FROM 'timestamp'`,
    ...(headers ? ["  `headers` MAP<STRING, BYTES> METADATA"] : []),
  ];
  return `CREATE TEMPORARY TABLE IF NOT EXISTS ${identifier(table)} (\n${lines.join(",\n")}\n) ${
    withClause([
      ["connector", "kafka"],
      ["topic", options.outputTopic],
      ...clientSettings(options),
      ["properties.transaction.timeout.ms", String(options.transactionTimeout)],
      ["sink.delivery-guarantee", "exactly-once"],
      ["sink.transactional-id-prefix", options.applicationId],
      ["key.format", "json"],
      ["key.fields", `key_${key}`],
      ["key.fields-prefix", "key_"],
      ["value.format", "json"],
      ["value.fields-include", "EXCEPT_KEY"],
    ])
  }`;
}
