/** A job that writes a topic with another number of tasks than before: refused, until it is taken out. */

import assert from "node:assert/strict";
import type { Log } from "../log/log.ts";
import { RecordBatchBuilder } from "../log/records/builder.ts";
import { runJob } from "./job.ts";
import { encodeProgress, type ProgressRecord } from "./progress_records.ts";
import { fails, openLog, read, sales, sell, total, untilEnd } from "./test_sales.ts";

const reports = "sales.watermarks";

async function tell(log: Log, ...records: readonly ProgressRecord[]): Promise<void> {
  const builder = new RecordBatchBuilder();
  for (const record of records) {
    const { key, value } = encodeProgress(record);
    builder.appendText(0, key, value);
  }
  await log.append([{ topic: reports, partition: 0, batch: builder.finish() }]);
}

/** A log whose sales are written by a job of two tasks, at 60 s and 120 s. */
async function written() {
  const log = await openLog();
  await log.createTopics([{ name: reports, partitions: 1 }]);
  const topicId = (await log.describeTopics(["sales"]))[0]!.id;
  const report = (task: number, tasks: number, second: number): ProgressRecord => {
    const progress = { watermark: second * 1_000, idle: false, nextOffset: 2 };
    return {
      kind: "report",
      topicId,
      report: { job: "j", task, tasks, producerId: 7, ...progress },
    };
  };
  await sell(log, [10, 1], [70, 2]);
  await tell(log, report(0, 2, 60), report(1, 2, 120));
  await runJob(log, sales(), untilEnd());
  assert.deepEqual(await read(log, "totals"), [total(60, 1)]);
  return { log, report };
}

const forgotten: ProgressRecord = { kind: "forgotten", job: "j" };

Deno.test("semantics 24: a job that has changed is taken out behind what it has told since", async () => {
  const { log, report } = await written();
  await tell(log, report(0, 3, 200), report(1, 3, 200));
  const error = await fails("upstream-changed", runJob(log, sales(), untilEnd()));
  assert.match(error.message, /2 tasks as before, it has 3; take it out with .* --forget j`$/);
  // What was refused is not passed over by who starts again.
  await fails("upstream-changed", runJob(log, sales(), untilEnd()));
  await tell(log, forgotten);
  const { tasks } = await runJob(log, sales(), untilEnd());
  assert.deepEqual(tasks[0]!.inputs[0]!.writers, []);
  assert.deepEqual(await read(log, "totals"), [total(60, 1)]);
  await tell(log, report(0, 3, 200), report(1, 3, 200), report(2, 3, 119.999));
  const again = await runJob(log, sales(), untilEnd());
  assert.deepEqual(again.tasks[0]!.inputs[0]!.writers, [{ job: "j", tasks: 3 }]);
  assert.deepEqual(await read(log, "totals"), [total(60, 1), total(120, 3)]);
  await log.close();
});

Deno.test("semantics 24: a job that is taken out and comes back changed is followed as it is now", async () => {
  const { log, report } = await written();
  await tell(log, forgotten, report(0, 1, 130));
  const { tasks } = await runJob(log, sales(), untilEnd());
  assert.deepEqual(tasks[0]!.inputs[0]!.writers, [{ job: "j", tasks: 1 }]);
  assert.deepEqual(await read(log, "totals"), [total(60, 1), total(120, 3)]);
  await log.close();
});
