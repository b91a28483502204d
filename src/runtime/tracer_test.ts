/** What a traced run tells of its commits and restores. */

import assert from "node:assert/strict";
import { runJob } from "./job.ts";
import { faultyLog } from "./test_faults.ts";
import { openLog, sales, sell, until, untilEnd } from "./test_sales.ts";
import type { SpanAttributes, Tracer } from "./tracer.ts";

interface Seen {
  readonly name: string;
  readonly attributes: SpanAttributes;
}

/** A tracer that keeps what it is told, in the order in which spans end. */
function keeping(): {
  readonly tracer: Tracer;
  readonly seen: Seen[];
  readonly open: () => number;
} {
  const seen: Seen[] = [];
  let open = 0;
  const tracer: Tracer = {
    start: (name, attributes) => {
      open++;
      const end = (more: SpanAttributes) => {
        open--;
        seen.push({ name, attributes: { ...attributes, ...more } });
      };
      return { end, fail: (code) => end({ "flights.outcome": code }) };
    },
  };
  return { tracer, seen, open: () => open };
}

Deno.test("each commit and each restore is a span, with how many records it is about", async () => {
  const log = await openLog();
  await sell(log, [0, 1], [61, 2]);
  const first = keeping();
  await runJob(log, sales(), untilEnd({ tracer: first.tracer }));
  const job = { "flights.job": "sales-job" };
  const outcome = { "flights.outcome": "committed" };
  const [restore, ...commits] = first.seen;
  assert.deepEqual(restore, {
    name: "flights.restore",
    attributes: {
      ...job,
      "flights.partitions": 1,
      "flights.records": 0,
      "flights.outcome": "restored",
    },
  });
  const records = commits.reduce((sum, one) => sum + Number(one.attributes["flights.records"]), 0);
  assert.ok(records >= 3, `a total, state and its shape: ${records}`);
  for (const { name, attributes } of commits) {
    const { "flights.records": _, ...rest } = attributes;
    assert.deepEqual([name, rest], ["flights.commit", { ...job, ...outcome, "flights.tasks": 1 }]);
  }
  const second = keeping();
  await runJob(log, sales(), untilEnd({ tracer: second.tracer }));
  assert.ok(Number(second.seen[0]!.attributes["flights.records"]) > 0, "its state is read");
  assert.deepEqual([first.open(), second.open()], [0, 0]);
  await log.close();
});

Deno.test("a span of a commit that fails ends with the error's code, and with nothing that it says", async () => {
  const log = await openLog();
  await sell(log, [0, 1], [61, 2], [130, 4]);
  const { tracer, seen, open } = keeping();
  const faulty = faultyLog(log, [{ atCommit: 2, kind: "fenced" }]);
  await runJob(faulty, sales(), untilEnd({ tracer, commitInterval: 0 }));
  await until(() => open() === 0);
  const failed = seen.filter(({ attributes }) => attributes["flights.outcome"] === "fenced");
  assert.deepEqual(failed.map(({ name }) => name), ["flights.commit"]);
  assert.ok(!JSON.stringify(seen).includes("as planned"));
  await log.close();
});
