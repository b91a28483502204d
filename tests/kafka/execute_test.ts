/** `execute` on a real Kafka: a collection and a file go through a job, into a file and a callback. */

import assert from "node:assert/strict";
import {
  execute,
  json,
  type Log,
  Sinks,
  Sources,
  StreamEnvironment,
  TumblingEventTimeWindows,
  WatermarkStrategy,
} from "../../src/mod.ts";
import { openKafkaLog } from "../../src/log/kafka/kafka_log.ts";
import { resetJob } from "../../src/runtime/reset.ts";
import { dataFolder } from "../flights.ts";
import { needs } from "../permissions.ts";
import { startCluster } from "./broker.ts";

const permissions = needs("net", "run", "read", "write", "env", "sys");

/** Doubles the numbers of a file into another, and sums up those of a list. */
async function run(
  log: Log,
  folder: string,
  numbers: readonly number[],
): Promise<readonly number[]> {
  const env = new StreamEnvironment();
  const monotonous = WatermarkStrategy.forMonotonousTimestamps;
  env.fromSource(Sources.file(`${folder}/in`, json(Number)), monotonous())
    .map((n) => n * 2)
    .sinkTo(Sinks.file(`${folder}/out`));
  const sums: number[] = [];
  env.fromCollection(numbers)
    .keyBy(() => "all")
    .window(TumblingEventTimeWindows.of("1d"))
    .reduce((a, b) => a + b)
    .sinkTo(Sinks.callback((sum) => void sums.push(sum)));
  await execute(env, { applicationId: "files", log });
  return sums;
}

Deno.test({
  ...permissions,
  name:
    "execute on Kafka: each line of a file comes out once over two runs, and a reset takes all back",
  fn: async () => {
    await using cluster = await startCluster();
    using folder = dataFolder();
    const [host, port] = cluster.bootstrap().split(":");
    const log = openKafkaLog({
      bootstrap: [{ host: host!, port: Number(port) }],
      clientId: "execute",
      instances: { directory: `${folder.path}/instances`, host: "execute" },
    });
    const path = `${folder.path}/out`;
    Deno.writeTextFileSync(`${folder.path}/in`, "1\n2\n3\n");
    assert.deepEqual(await run(log, folder.path, [1, 2, 3]), [6]);
    assert.equal(Deno.readTextFileSync(path), "2\n4\n6\n");
    Deno.writeTextFileSync(`${folder.path}/in`, "4\n5", { append: true });
    // What a crash would have left.
    Deno.writeTextFileSync(path, "torn", { append: true });
    assert.deepEqual(await run(log, folder.path, [1, 2, 3]), []);
    assert.equal(Deno.readTextFileSync(path), "2\n4\n6\n8\n10\n");
    await resetJob(log, "files");
    assert.deepEqual(await log.describeTopics(), []);
    Deno.removeSync(path);
    assert.deepEqual(await run(log, folder.path, [1, 2, 3]), [6]);
    assert.equal(Deno.readTextFileSync(path), "2\n4\n6\n8\n10\n");
    await log.close();
  },
});
