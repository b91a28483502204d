/** The cases of joins, for `test_operators.ts`. Only tests use it. */

import { json } from "./json.ts";
import type { ProcessJoinFunction } from "./operators/interval_join.ts";
import { OutputTag } from "./output_tag.ts";
import { EventTimeSessionWindows } from "./session_windows.ts";
import { type Reading, readingsSink } from "./test_jobs.ts";
import {
  caseOf,
  caseReadings,
  caseStream,
  caseStreams,
  type OperatorCase,
  twoTopics,
} from "./test_operator_case.ts";
import type { TestRecord } from "./test_records.ts";
import { TumblingEventTimeWindows } from "./window.ts";

const pair: ProcessJoinFunction<Reading, Reading, Reading> = () => ({
  processElement: (left, right, _, out) =>
    out.collect({ key: left.key, value: 100 * left.value + right.value }),
});

/** Rows of a table, a third of them deletions. */
const rows: readonly TestRecord[] = caseReadings(3).map((record) => {
  const { value } = record.value as Reading;
  return value % 3 === 0 ? { ...record, value: null } : record;
});

const withTable = { inputs: { rows } };
const table = { topic: "rows", deserializer: json((value) => value as Reading) };

/** All of them. */
export const joinCases: readonly OperatorCase[] = [
  caseOf("interval join", (env) => {
    const late = new OutputTag<Reading>("late");
    const [left, right] = caseStreams(env);
    const pairs = left.keyBy("key").intervalJoin(right.keyBy("key")).between("-30s", "1m")
      .sideOutputRightLateData(late).process(pair);
    pairs.sinkTo(readingsSink("out"));
    pairs.getSideOutput(late).sinkTo(readingsSink("too-late"));
  }, twoTopics),
  caseOf("window join", (env) => {
    const [left, right] = caseStreams(env);
    left.join(right).where("key").equalTo("key").window(TumblingEventTimeWindows.of("1m"))
      .allowedLateness("20s").apply(({ key, value }, other) => ({
        key,
        value: 100 * value + other.value,
      }))
      .sinkTo(readingsSink("out"));
  }, twoTopics),
  caseOf("coGroup, of sessions", (env) => {
    const [left, right] = caseStreams(env);
    left.coGroup(right).where("key").equalTo("key").window(EventTimeSessionWindows.withGap("15s"))
      .apply((lefts, rights) => [{
        key: [...lefts, ...rights][0]!.key,
        value: 100 * lefts.length + rights.length,
      }])
      .sinkTo(readingsSink("out"));
  }, twoTopics),
  caseOf("lookup join", (env) => {
    const rows = env.fromTable(table);
    caseStream(env).keyBy("key")
      .lookupJoin(rows, ({ key, value }, row) => ({ key, value: 100 * value + (row?.value ?? 99) }))
      .sinkTo(readingsSink("out"));
  }, withTable),
  caseOf("lookup join, inner", (env) => {
    const rows = env.fromTable(table);
    caseStream(env).keyBy("key")
      .lookupJoin(rows, ({ key, value }, row) => ({ key, value: 100 * value + row.value }), {
        type: "inner",
      })
      .sinkTo(readingsSink("out"));
  }, withTable),
];
