/** What Flink made of chosen inputs (`reference/README.md`), and what our engine makes of them. */

import { join } from "node:path";
import { utf8 } from "../../src/base/bytes.ts";
import type { DataStream } from "../../src/stream/data_stream.ts";
import { StreamEnvironment } from "../../src/stream/environment.ts";
import { json } from "../../src/stream/json.ts";
import { TestDriver, type TestOutput } from "../../src/stream/test_driver.ts";
import { WatermarkStrategy } from "../../src/stream/watermark_strategy.ts";

/** What flows in. `input` tells the two streams of a job apart. */
export interface Element {
  readonly input: string;
  readonly key: string;
  readonly value: number;
  /** Its event time: a field, for a record's own timestamp of -1 would be none (semantics 10). */
  readonly ts: number;
}

/** What comes out. */
export interface Result {
  readonly key: string;
  readonly text: string;
}

/** A result with when and where it came out. */
export interface Row extends Result {
  /** The number of the element that it came out with; behind the last one: with the end. */
  readonly step: number;
  /** The name of the output. */
  readonly output: string;
  /** Null for what Flink gives no time. */
  readonly time: number | null;
  readonly start: number | null;
  readonly end: number | null;
}

/** One input of a scenario. */
export interface Case {
  readonly name: string;
  readonly elements: readonly Element[];
  readonly rows: readonly Row[];
}

/** What Flink made of a job's inputs. */
export interface Reference {
  readonly name: string;
  /** How far the watermark lies behind the newest element, less one. */
  readonly delay: number;
  readonly cases: readonly Case[];
}

/** Builds the job of a scenario: what comes out of it under which name. */
export type Program = (
  stream: DataStream<Element>,
  collect: (results: DataStream<Result>, output: string) => void,
) => void;

type RowData = [
  step: number,
  output: string,
  key: string,
  text: string,
  time: number | null,
  ...window: [start: number, end: number] | [],
];
interface ReferenceData {
  readonly scenario: string;
  readonly delay: number;
  readonly cases: readonly {
    readonly name: string;
    /** `key value ts, ...`, of two inputs `input:key value ts, ...`. */
    readonly input: string;
    readonly output: readonly RowData[];
  }[];
}

/** A watermark, as the reference writes it. */
export function watermarkText(watermark: number): string {
  return Number.isFinite(watermark) ? String(watermark) : "none";
}

/** The folder of the data. */
const folder = join(import.meta.dirname!, "data");

/** The scenarios that there is data of. */
export function scenarioNames(): readonly string[] {
  const files = [...Deno.readDirSync(folder)].map(({ name }) => name.replace(/\.json$/, ""));
  return files.sort();
}

/** Reads what Flink made of a scenario. */
export function readReference(name: string): Reference {
  const text = Deno.readTextFileSync(join(folder, `${name}.json`));
  const { delay, cases } = JSON.parse(text) as ReferenceData;
  return {
    name,
    delay,
    cases: cases.map(({ name, input, output }) => ({
      name,
      elements: input.split(", ").map(elementOf),
      rows: output.map(([step, output, key, text, time, start, end]) => (
        { step, output, key, text, time, start: start ?? null, end: end ?? null }
      )),
    })),
  };
}

function elementOf(text: string): Element {
  const [name, value, ts] = text.split(" ");
  const [input, key] = name!.includes(":") ? name!.split(":") : ["a", name];
  return { input: input!, key: key!, value: Number(value), ts: Number(ts) };
}

/** Runs a program on an input, an element a step, and drains it. */
export function run(program: Program, { delay, elements }: Pick<Reference, "delay"> & Case): Row[] {
  const env = new StreamEnvironment();
  const stream = env.fromSource(
    { topic: "in", deserializer: json((value) => value as Element), partitionedBy: "key" },
    WatermarkStrategy.forBoundedOutOfOrderness<Element>(delay)
      .withTimestampAssigner(({ ts }) => ts),
  );
  program(stream, collectTo);
  const outputs = env.topology.sinkTopics;
  // No clock decides, as in Flink no input is idle.
  const driver = new TestDriver(env.topology, { bounded: true });
  const seen = new Map<string, number>();
  const rows: Row[] = [];
  const take = (step: number) => {
    for (const output of outputs) {
      const all = driver.outputs(output);
      rows.push(...all.slice(seen.get(output) ?? 0).map((one) => rowOf(one, { step, output })));
      seen.set(output, all.length);
    }
  };
  elements.forEach((value, step) => {
    driver.send("in", [{ timestamp: 0, key: value.key, value }]);
    take(step);
  });
  driver.end({ drain: true });
  take(elements.length);
  return rows;
}

function collectTo(results: DataStream<Result>, topic: string): void {
  results.sinkTo({
    topic,
    key: ({ key }) => key,
    value: ({ text }) => JSON.stringify(text),
    headers: (_, { window }) =>
      window === null ? [] : [
        { name: "start", value: utf8(String(window.start)) },
        { name: "end", value: utf8(String(window.end)) },
      ],
  });
}

function rowOf(
  { key, value, timestamp, headers }: TestOutput,
  { step, output }: Pick<Row, "step" | "output">,
): Row {
  const { start, end } = headers;
  return {
    step,
    output,
    key: key!,
    text: value as string,
    time: timestamp,
    start: start === undefined ? null : Number(start),
    end: end === undefined ? null : Number(end),
  };
}
