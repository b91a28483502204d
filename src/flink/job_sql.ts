/** The jobs as Flink SQL: the same topics, models, event time and windows as the jobs of this program. */

import { formatTime } from "../base/time.ts";
import type { AsOf } from "../flights/merge.ts";
import type { Model } from "../flights/model_parser.ts";
import {
  type FlightData,
  flightOfSkyOne,
  flightOfSunset,
  models,
  type SkyOneBooking,
  type SunsetBooking,
  type UserStatistics,
} from "../flights/models.ts";
import { topics } from "../flights/topics.ts";
import { epochMilliseconds, wireText } from "./iso_time.ts";
import type {
  FlinkJob,
  FlinkJobOptions,
  FlinkMergeOptions,
  FlinkStatsOptions,
  JobSql,
} from "./job_options.ts";
import { originsOf } from "./mapping.ts";
import { flinkDuration, identifier, interval, literal, type SqlSetting } from "./sql_text.ts";
import {
  arrival,
  columnsOf,
  departureTimestamp,
  eventTime,
  keyColumn,
  readableView,
  sinkTable,
  sourceTable,
} from "./tables.ts";

/** A job as Flink SQL. */
export function jobSql({ name, options }: FlinkJob): JobSql {
  switch (name) {
    case "merge":
      return mergeSql(options);
    case "stats":
      return statsSql(options);
  }
}

/** The settings of the session that the job takes over. */
function sessionSettings(options: FlinkJobOptions): readonly SqlSetting[] {
  return [
    ["pipeline.name", options.applicationId],
    ["execution.runtime-mode", "streaming"],
    ["parallelism.default", String(options.parallelism)],
    // A time without a zone is UTC (semantics 2).
    ["table.local-time-zone", "UTC"],
    ["execution.checkpointing.mode", "EXACTLY_ONCE"],
    ["execution.checkpointing.interval", flinkDuration(options.checkpointInterval)],
  ];
}

/** The key that the records of each output have. */
const outputKeys = {
  flightData: "confirmation" satisfies keyof FlightData,
  userStatistics: "email_address" satisfies keyof UserStatistics,
} as const;

const flightsSink = "flights_out";

function mergeSql(options: FlinkMergeOptions): JobSql {
  const { onError, asOf } = options;
  const airline = <T>(topic: string, model: Model<T>, map: (booking: T) => FlightData) => ({
    tables: [
      sourceTable(topic, model, options),
      readableView(`${topic}_bookings`, { topic, model, onError }),
    ],
    select: selectFlights(`${topic}_bookings`, { model, map, asOf }),
  });
  const skyone = airline<SkyOneBooking>(topics.skyone, models.skyone, flightOfSkyOne);
  const sunset = airline<SunsetBooking>(topics.sunset, models.sunset, flightOfSunset);
  const sink = sinkTable(flightsSink, {
    ...{ model: models.flightData, key: outputKeys.flightData, headers: false },
    options,
  });
  return {
    settings: sessionSettings(options),
    tables: [...skyone.tables, ...sunset.tables, sink],
    insert: `INSERT INTO ${identifier(flightsSink)}\n${skyone.select}\nUNION ALL\n${sunset.select}`,
  };
}

/** The flights of one airline that have not landed. */
function selectFlights<T>(
  view: string,
  { model, map, asOf }: {
    readonly model: Model<T>;
    readonly map: (booking: T) => FlightData;
    readonly asOf: AsOf;
  },
): string {
  const origins = originsOf(model, map);
  const expressionOf = (name: string) => {
    const origin = origins.get(name)!;
    if ("constant" in origin) return literal(origin.constant);
    const column = identifier(origin.field);
    if (origin.field === model.period?.[0]) return wireText(column, departureTimestamp);
    if (origin.field === model.period?.[1]) return wireText(column, arrival);
    return column;
  };
  const columns = columnsOf(models.flightData).map(([name]) =>
    `  ${expressionOf(name)} AS ${identifier(name)}`
  );
  const key = `  ${expressionOf(outputKeys.flightData)} AS ${keyColumn(outputKeys.flightData)}`;
  return `SELECT\n${[key, ...columns, `  ${eventTime}`].join(",\n")}\nFROM ${identifier(view)}\n` +
    `WHERE ${arrival} > ${asOfTime(asOf)}`;
}

function asOfTime(asOf: AsOf): string {
  if (asOf === "record") return `CAST(${eventTime} AS TIMESTAMP(3))`;
  if (asOf === "now") return "CAST(CURRENT_TIMESTAMP AS TIMESTAMP(3))";
  return `TIMESTAMP ${literal(formatTime(asOf).replace("T", " "))}`;
}

const statisticsSink = "statistics_out";

function statsSql(options: FlinkStatsOptions): JobSql {
  const { inputTopic: topic, onError, window, perWindow } = options;
  const sums = `SELECT
    ${identifier("email_address")}, window_start, window_end, window_time,
    SUM(${epochMilliseconds(arrival)} - ${epochMilliseconds(departureTimestamp)}) AS milliseconds,
    COUNT(*) AS flights
  FROM TABLE(TUMBLE(TABLE ${identifier("readable_flights")}, DESCRIPTOR(${eventTime}), ${
    interval(window)
  }))
  GROUP BY ${identifier("email_address")}, window_start, window_end, window_time`;
  const total = (column: string) => perWindow ? column : `SUM(${column}) OVER totals`;
  // Whole milliseconds are summed up, and divided last: no sum depends on the order of adding.
  const fields: Readonly<Record<keyof UserStatistics, string>> = {
    email_address: identifier("email_address"),
    total_flight_duration: `CAST(${total("milliseconds")} AS DOUBLE) / 6E4`,
    number_of_flights: total("flights"),
  };
  const columns = columnsOf(models.userStatistics).map(([name]) =>
    `  ${fields[name as keyof UserStatistics]} AS ${identifier(name)}`
  );
  const key = identifier(outputKeys.userStatistics);
  const header = (name: string, text: string) => `${literal(name)}, CAST(${text} AS BYTES)`;
  const bound = (time: string) => `CAST(${epochMilliseconds(time)} AS STRING)`;
  const headers = [
    header("window-start", bound("window_start")),
    header("window-end", bound("window_end")),
    header("closed-by", "'watermark'"),
  ];
  const running = perWindow ? "" : `\nWINDOW totals AS (PARTITION BY ${key} ORDER BY window_time ` +
    "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)";
  const insert = `INSERT INTO ${identifier(statisticsSink)}
SELECT
  ${key} AS ${keyColumn(outputKeys.userStatistics)},
${columns.join(",\n")},
  window_time AS ${eventTime},
  MAP[${headers.join(", ")}] AS ${identifier("headers")}
FROM (
  ${sums}
)${running}`;
  return {
    settings: sessionSettings(options),
    tables: [
      sourceTable(topic, models.flightData, options),
      readableView("readable_flights", { topic, model: models.flightData, onError }),
      sinkTable(statisticsSink, {
        ...{ model: models.userStatistics, key: outputKeys.userStatistics, headers: true },
        options,
      }),
    ],
    insert,
  };
}
