/** The cases that hold for every operator (src/stream/tests/test_operators.ts), on a log. */

import type { Log } from "../log/log.ts";
import { RecordBatchBuilder } from "../log/records/builder.ts";
import { openSqliteLog } from "../log/sqlite/sqlite_log.ts";
import { casePartitions, type OperatorCase } from "../stream/tests/test_operator_case.ts";

/** Creates the topics of a case, and lays its input on them, a batch a record. */
export async function layInput(log: Log, { inputs, topology }: OperatorCase): Promise<void> {
  await log.createTopics([
    ...Object.keys(inputs).map((name) => ({ name, partitions: casePartitions })),
    ...topology().sinkTopics.map((name) => ({ name, partitions: 2 })),
  ]);
  for (const [topic, records] of Object.entries(inputs)) {
    for (const { timestamp, key, value, partition } of records) {
      const builder = new RecordBatchBuilder();
      builder.appendText(timestamp, key ?? null, value === null ? null : JSON.stringify(value));
      await log.append([{ topic, partition: partition!, batch: builder.finish() }]);
    }
  }
}

/** A log in memory on which the input of a case lies. */
export async function openCase(operatorCase: OperatorCase): Promise<Log> {
  const log = await openSqliteLog({ directory: ":memory:" });
  await layInput(log, operatorCase);
  return log;
}
