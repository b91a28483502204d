/** Readings that meet the rows of a table. Only tests use it. */

import type { Duration } from "../base/duration.ts";
import { StreamEnvironment } from "./environment.ts";
import { json } from "./json.ts";
import { type Reading, readings } from "./test_jobs.ts";
import type { TestDriver, TestRecord } from "./test_driver.ts";
import type { Topology } from "./topology.ts";
import { WatermarkStrategy } from "./watermark_strategy.ts";

/** A row. */
export interface Named {
  readonly name: string;
}

/** Settings of a lookup join; each with a default. */
export interface LookupSettings {
  readonly type?: "left" | "inner";
  readonly outOfOrderness?: number;
  readonly idleTimeout?: Duration;
  /** Whether the readings declare their field. */
  readonly isPlaced?: boolean;
  /** Whether the table's records are keyed `key:a` instead of `a`. */
  readonly isKeyed?: boolean;
}

/** Reads rows; one without a name is refused. */
export const names = json((value) => {
  if (typeof (value as Named).name !== "string") throw new Error("a row must have a name");
  return value as Named;
});

/** Joins `in` with the table `names` into `out`. */
export function lookupTopology(settings: LookupSettings = {}): Topology {
  const {
    type = "left",
    outOfOrderness = 0,
    idleTimeout = "10s",
    isPlaced = true,
    isKeyed = false,
  } = settings;
  const env = new StreamEnvironment();
  const source = { topic: "names", deserializer: names };
  const table = isKeyed
    ? env.fromTable({
      ...source,
      key: (text) => {
        if (!text.startsWith("key:")) throw new Error(`it must begin with key:, it is ${text}`);
        return text.slice(4);
      },
    })
    : env.fromTable(source);
  const stream = env.fromSource(
    { topic: "in", deserializer: readings, ...(isPlaced && { partitionedBy: "key" as const }) },
    WatermarkStrategy.forBoundedOutOfOrderness<Reading>(outOfOrderness).withIdleness(idleTimeout),
  ).keyBy("key");
  const joined = type === "inner"
    ? stream.lookupJoin(table, ({ value }, { name }) => ({ value, name }), { type })
    : stream.lookupJoin(table, ({ value }, row) => ({ value, name: row?.name ?? "nobody" }));
  joined.sinkTo({ topic: "out" });
  return env.topology;
}

/** A row of key `a`, or null to delete it. */
export function row(
  timestamp: number,
  name: string | null,
  { key = "a", partition = 0 }: { readonly key?: string; readonly partition?: number } = {},
): TestRecord {
  return { timestamp, key, partition, value: name === null ? null : { name } };
}

/** What came out, a line each: `3 Ann @7`. */
export const met = (driver: TestDriver): readonly string[] =>
  driver.outputs("out").map(({ value, timestamp }) => {
    const { value: number, name } = value as Reading & Named;
    return `${number} ${name} @${timestamp}`;
  });
