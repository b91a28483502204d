/** What tasks are started on: topics that are gone, shorter, or not the ones they were. */

import assert from "node:assert/strict";
import type { Log } from "../log/log.ts";
import { RecordBatchBuilder } from "../log/records/builder.ts";
import { StreamEnvironment } from "../stream/environment.ts";
import { json } from "../stream/json.ts";
import { WatermarkStrategy } from "../stream/watermark_strategy.ts";
import { TumblingEventTimeWindows } from "../stream/windows/window.ts";
import { runJob } from "./job.ts";
import { resetJob } from "./reset.ts";
import {
  draining,
  fails,
  openLog,
  overlay,
  read,
  type Sale,
  sales,
  sell,
  total,
  untilEnd,
  withMembers,
} from "./test_sales.ts";

Deno.test("semantics 14: a job with state does not run without its changelog", async () => {
  const log = await openLog();
  await sell(log, [0, 1]);
  await runJob(log, sales(), untilEnd());
  const robbed = overlay(log, {
    join: async (...args) => {
      await log.deleteTopics(["sales-job-changelog-sales"]);
      return await log.join(...args);
    },
  });
  const error = await fails("topic-missing", runJob(robbed, sales(), untilEnd()));
  assert.match(error.message, /sales-job-changelog-sales/);
  await log.close();
});

Deno.test("semantics 11: a bounded run ends on a topic that was created anew and is shorter", async () => {
  const log = await openLog();
  await sell(log, [0, 1], [1, 2]);
  const swapped = overlay(log, {
    join: async (...args) => {
      await log.deleteTopics(["sales"]);
      await log.createTopics([{ name: "sales", partitions: 1 }]);
      await sell(log, [2, 4]);
      return await log.join(...args);
    },
  });
  const stop = AbortSignal.timeout(2_000);
  const status = await runJob(swapped, sales(), untilEnd({ signal: stop }));
  assert.ok(!stop.aborted, "it did not end");
  assert.equal(status.tasks[0]!.inputs[0]!.position, 1);
  await log.close();
});

Deno.test("semantics 17: a topic created anew with more partitions stops the job, whatever was decided", async () => {
  const log = await openLog();
  await sell(log, [0, 1]);
  await runJob(log, sales(), untilEnd());
  await log.deleteTopics(["sales"]);
  await log.createTopics([{ name: "sales", partitions: 3 }]);
  const error = await fails(
    "partitions-changed",
    runJob(log, sales(), untilEnd({ onDataLoss: "earliest" })),
  );
  assert.match(error.message, /flights reset sales-job/);
  await resetJob(log, "sales-job");
  const status = await runJob(log, sales(), untilEnd());
  assert.equal(status.tasks.length, 3);
  await log.close();
});

/** Sums by minute over sales and returns. */
function netSales() {
  const env = new StreamEnvironment();
  const [sold, returned] = ["sales", "returns"].map((topic) =>
    env.fromSource<Sale>(
      { topic, deserializer: json((value) => value as Sale), partitionedBy: "shop" },
      WatermarkStrategy.forMonotonousTimestamps(),
    )
  );
  sold!.union(returned!)
    .keyBy("shop")
    .window(TumblingEventTimeWindows.of("1m"))
    .reduce((a, b) => ({ shop: a.shop, sum: a.sum + b.sum }))
    .sinkTo({ topic: "totals", value: ({ sum }) => String(sum) });
  return { applicationId: "net-sales", topology: env.topology };
}

async function giveBack(log: Log, ...rows: (readonly [second: number, sum: number])[]) {
  const builder = new RecordBatchBuilder();
  for (const [second, sum] of rows) {
    builder.appendText(second * 1_000, null, JSON.stringify({ shop: "a", sum }));
  }
  await log.append([{ topic: "returns", partition: 0, batch: builder.finish() }]);
}

Deno.test("semantics 17: one topic created anew starts its task with empty state; the other goes on where it was", async () => {
  const log = await openLog();
  await log.createTopics([{ name: "returns", partitions: 1 }]);
  await sell(log, [0, 1], [61, 2]);
  await giveBack(log, [0, 4], [61, 8]);
  await runJob(log, netSales(), untilEnd());
  await log.deleteTopics(["returns"]);
  await log.createTopics([{ name: "returns", partitions: 1 }]);
  await giveBack(log, [0, 16]);
  await sell(log, [62, 32]);
  await fails("topic-changed", runJob(log, netSales(), draining));
  // The first start on the new topic leaves open windows, which the second one finds.
  await runJob(log, netSales(), untilEnd({ onDataLoss: "earliest" }));
  await runJob(log, netSales(), draining);
  assert.deepEqual(await read(log, "totals"), ["59999 5 ", "59999 16 ", "119999 32 "]);
  assert.deepEqual(await read(log, "sales.late"), []);
  assert.deepEqual(await read(log, "returns.late"), []);
  await log.close();
});

Deno.test("semantics 17: what nobody has committed yet is no loss, whatever is committed of other tasks", async () => {
  const log = await openLog(2);
  await sell(log, [0, 1, "a", 0], [0, 2, "d", 1]);
  const first = withMembers(log, (member) => ({
    get assignment() {
      const { generation, waitingFor } = member.assignment;
      return { generation, partitions: generation === 0 ? [] : [0], waitingFor };
    },
  }));
  await runJob(first, sales(), untilEnd());
  const resumed: unknown[] = [];
  await runJob(log, sales(), {
    ...draining,
    observer: {
      resumed: (inputs) => {
        for (const { partition, resume: { kind } } of inputs) resumed.push([partition, kind]);
      },
    },
  });
  assert.deepEqual(resumed, [[0, "committed"], [1, "first"]]);
  const totals = [total(60, 1, "drain", "a"), total(60, 2, "drain", "d")];
  assert.deepEqual((await read(log, "totals")).toSorted(), totals.toSorted());
  await log.close();
});
