/** What a job on Kafka says while another program's transaction holds it back. */

import assert from "node:assert/strict";
import { systemClock } from "../../src/base/clock.ts";
import { utf8 } from "../../src/base/bytes.ts";
import { openKafkaLog } from "../../src/log/kafka/kafka_log.ts";
import { retrying } from "../../src/log/kafka/retry.ts";
import { dataFolder, flights, startFlights } from "../flights.ts";
import { needs } from "../permissions.ts";
import { startCluster } from "./broker.ts";
import { carryOut } from "./confluent.ts";

const permissions = needs("net", "run", "read", "write", "env", "sys");
const record = { topic: "flightdata", partition: 0, ts: 0, key: null, value: utf8("x").toBase64() };

/** Begins a transaction, and ends what its writer had open. */
const begin = [
  { producer: "other", settings: { "transactional.id": "other" } },
  { do: "begin", by: "other" },
  { send: { ...record, headers: [] }, by: "other" },
  { do: "flush", by: "other" },
] as const;

Deno.test({
  ...permissions,
  name:
    "a transaction that hangs is named by flights why, /why and /ready of the job that it holds back",
  fn: async () => {
    await using cluster = await startCluster();
    using folder = dataFolder();
    const [host, port] = cluster.bootstrap().split(":");
    const log = openKafkaLog({ bootstrap: [{ host: host!, port: Number(port) }] });
    const names = ["flightdata", "userstatistics"];
    await log.createTopics(names.map((name) => ({ name, partitions: 1 })));
    const env = { BOOTSTRAP_SERVERS: cluster.bootstrap(), XDG_STATE_HOME: folder.path };
    const options = { data: folder.path, env };
    const job = startFlights(["stats", "--http", "0"], options);
    try {
      await job.told("resumes");
      // It is known where the job answers, without a flag.
      const [{ address } = { address: "" }] = (await log.describeGroup("stats")).processes;
      const ready = async () => {
        const response = await fetch(`${address}/ready`);
        const { reasons } = await response.json();
        return { status: response.status, causes: reasons.map(({ cause }: Reason) => cause) };
      };
      const until = (isSo: () => Promise<void>) =>
        retrying(isSo, {
          clock: systemClock,
          timeoutMs: 30_000,
          shouldRetry: (error) => error instanceof assert.AssertionError,
        });
      await carryOut(cluster.bootstrap(), begin);
      await until(async () =>
        assert.deepEqual(await ready(), { status: 503, causes: ["transaction-open"] })
      );
      const named =
        /the transaction of other on flightdata\[0\] hangs since .*, for 1\d.*s: nothing behind offset 0/;
      assert.match(await (await fetch(`${address}/why`)).text(), named);
      const { stdout } = await flights(["why", "stats"], options);
      assert.match(stdout, named);

      await carryOut(cluster.bootstrap(), [...begin, { do: "abort", by: "other" }]);
      await until(async () => assert.deepEqual(await ready(), { status: 200, causes: [] }));
      const after = await flights(["why", "stats"], options);
      assert.doesNotMatch(after.stdout, /transaction/);
    } finally {
      job.kill("SIGTERM");
      await job.result;
      await log.close();
    }
  },
});

interface Reason {
  readonly cause: string;
}
