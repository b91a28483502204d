import assert from "node:assert/strict";
import {
  execute,
  type JobStatus,
  openSqliteLog,
  Sinks,
  Sources,
  startStatusServer,
  StreamEnvironment,
  WatermarkStrategy,
} from "../src/mod.ts";
import { needs } from "./permissions.ts";

Deno.test({
  ...needs("net", "read", "write", "sys", "env"),
  name: "a job of one's own answers while it runs, and the log knows where",
  fn: async () => {
    const log = await openSqliteLog({ directory: ":memory:" });
    let newest: readonly JobStatus[] = [];
    const server = startStatusServer({ log, own: () => newest }, { port: 0 });
    const asked = Promise.withResolvers<readonly unknown[]>();
    try {
      const env = new StreamEnvironment();
      const numbers = async function* () {
        yield 1;
        await asked.promise;
      };
      env.fromSource(
        Sources.asyncIterable(numbers),
        WatermarkStrategy.forMonotonousTimestamps<number>(),
      ).sinkTo(Sinks.callback(async () => {
        const response = await fetch(`${server.address}/status`);
        const { jobs: [job] } = await response.json();
        const { processes: [process] } = await log.describeGroup("mine");
        asked.resolve([job.applicationId, process?.address]);
      }));
      await execute(env, {
        log,
        applicationId: "mine",
        address: server.address,
        observer: { status: (status) => newest = [status] },
      });
    } finally {
      await server.close();
      await log.close();
    }
    assert.deepEqual(await asked.promise, ["mine", server.address]);
  },
});
