import { systemClock } from "../../src/base/clock.ts";
import { testLogConformance } from "../../src/log/conformance.ts";
import { openKafkaLog } from "../../src/log/kafka/kafka_log.ts";
import { needs } from "../permissions.ts";
import { type Cluster, startCluster } from "./broker.ts";

const permissions = needs("net", "run", "read", "write", "env");
const sessionTimeoutMs = 6_000;

let cluster: Cluster | null = null;
let opened = 0;

// One broker for all tests: each has names of its own.
Deno.test.beforeAll(async () => {
  if (!permissions.ignore) cluster = await startCluster();
});
Deno.test.afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
});

testLogConformance("KafkaLog", () => {
  const [host, port] = cluster!.bootstrap().split(":");
  const directory = Deno.makeTempDirSync({ prefix: "flights-instances-" });
  const log = openKafkaLog({
    bootstrap: [{ host: host!, port: Number(port) }],
    clientId: "conformance",
    instances: { directory, host: "conformance" },
    sessionTimeoutMs,
  });
  return Promise.resolve({
    log,
    prefix: `t${++opened}-`,
    // A member that is not used is given up after one session's time, and then runs out of another.
    outlastSession: () => systemClock.sleep(2 * sessionTimeoutMs + 1_500),
    close: async () => {
      await log.close();
      Deno.removeSync(directory, { recursive: true });
    },
  });
}, permissions);
