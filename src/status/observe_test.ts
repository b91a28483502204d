/** Looking at a log on which there is more than our jobs, and processes that answer something else. */

import assert from "node:assert/strict";
import type { AnnouncedProcess } from "../log/log.ts";
import { runJob } from "../runtime/job.ts";
import type { JobStatus } from "../runtime/job_status.ts";
import { openLog, overlay, sales, sell, untilEnd } from "../runtime/test_sales.ts";
import { needs } from "../../tests/permissions.ts";
import { observe } from "./observe.ts";
import { isOfAnotherProgram, type JobOverview } from "./overview.ts";

Deno.test("observe tells other programs' groups from jobs, and leaves out those of feeds and taps", async () => {
  const log = await openLog();
  await sell(log, [0, 1], [61, 2]);
  await runJob(log, sales(), untilEnd());
  const at = { topic: "sales", partition: 0, offset: 1 };
  await log.resetGroup("flink", [{ ...at, metadata: "" }]);
  await log.resetGroup("sales-job-source-in", [{ ...at, metadata: '{"line":7}' }]);
  const { jobs } = await observe(log, { now: 5 });
  const told = jobs.map((job) => [job.status.applicationId, isOfAnotherProgram(job)]);
  assert.deepEqual(told, [["flink", true], ["sales-job", false]]);
  const [flink, own] = jobs;
  assert.deepEqual(flink!.committed.map(({ topicId }) => topicId), [null]);
  const [described] = await log.describeTopics(["sales"]);
  assert.deepEqual(own!.committed.map(({ topicId }) => topicId), [described!.id]);
  assert.deepEqual([own!.toldBy, own!.status.writes], ["log", ["totals"]]);
  await log.close();
});

/** Looks at the job while a process answers so for it. */
async function lookWith(answer: (status: JobStatus) => string): Promise<JobOverview> {
  const log = await openLog();
  await sell(log, [0, 1], [61, 2]);
  const status = await runJob(log, sales(), untilEnd());
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response(answer(status)),
  );
  const address = `http://127.0.0.1:${server.addr.port}`;
  const processes: readonly AnnouncedProcess[] = [{ description: "another build", address }];
  const told = overlay(log, {
    describeGroup: async (group) => ({ ...await log.describeGroup(group), processes }),
  });
  const { jobs: [job] } = await observe(told, { now: 5, jobs: ["sales-job"] });
  await server.shutdown();
  await log.close();
  return job!;
}

Deno.test({
  ...needs("net"),
  name:
    "observe falls back on the log where a process answers in another version or no status, and says so",
  fn: async () => {
    const good = await lookWith((status) => JSON.stringify({ version: 1, jobs: [status] }));
    assert.deepEqual([good.toldBy, good.processes[0]!.failure], ["process", null]);
    const cases: readonly (readonly [(status: JobStatus) => string, RegExp])[] = [
      [
        (status) => JSON.stringify({ version: 2, jobs: [status] }),
        /it is of version 2; look at it/,
      ],
      [() => "<html>", /it must be that of jobs, it is not/],
      [
        (status) => JSON.stringify({ version: 1, jobs: [{ ...status, tasks: 7 }] }),
        /jobs\.0\.tasks/,
      ],
      [() => JSON.stringify({ version: 1, jobs: [] }), /it does not run sales-job/],
    ];
    for (const [answer, failure] of cases) {
      const job = await lookWith(answer);
      assert.equal(job.toldBy, "log");
      assert.match(job.processes[0]!.failure!, failure);
      assert.equal(job.status.tasks[0]!.inputs[0]!.position, 2);
    }
  },
});

Deno.test({
  ...needs("net"),
  name:
    "observe asks the other processes of a job that runs here, if it knows which one it is itself",
  fn: async () => {
    const log = await openLog();
    await sell(log, [0, 1], [61, 2]);
    const here = await runJob(log, sales(), untilEnd());
    const [task] = here.tasks;
    const there = { ...here, at: here.at + 1, tasks: [{ ...task!, partition: 7 }] };
    let asked = 0;
    const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
      asked++;
      return Response.json({ version: 1, jobs: [there] });
    });
    const address = `http://127.0.0.1:${server.addr.port}`;
    const ownAddress = "http://127.0.0.1:1";
    const processes = [address, ownAddress].map((address) => ({ description: address, address }));
    const told = overlay(log, {
      describeGroup: async (group) => ({ ...await log.describeGroup(group), processes }),
    });
    const { jobs: [alone] } = await observe(told, { now: 5, own: [here] });
    assert.deepEqual([alone!.status.tasks.length, asked], [1, 0]);
    const { jobs: [all] } = await observe(told, { now: 5, own: [here], ownAddress });
    assert.deepEqual(all!.status.tasks.map(({ partition }) => partition), [0, 7]);
    assert.deepEqual(all!.processes.map(({ address, failure }) => [address, failure]), [
      [address, null],
    ]);
    await server.shutdown();
    await log.close();
  },
});
