import { systemClock } from "../../src/base/clock.ts";
import { testLogConformance } from "../../src/log/conformance.ts";
import { openKafkaLog } from "../../src/log/kafka/kafka_log.ts";
import { needs } from "../permissions.ts";
import { isFull } from "../full.ts";
import { type Cluster, startCluster } from "./broker.ts";
import type { KafkaVersion } from "./distribution.ts";

const permissions = needs("net", "run", "read", "write", "env");
const sessionTimeoutMs = 6_000;

const versions: readonly KafkaVersion[] = isFull() ? ["4.1.0", "3.9.1"] : ["4.1.0"];
const clusters = new Map<KafkaVersion, Cluster>();
let opened = 0;

// One broker of each version for all tests: each test has names of its own.
Deno.test.beforeAll(async () => {
  if (permissions.ignore) return;
  for (const version of versions) clusters.set(version, await startCluster({ version }));
});
Deno.test.afterAll(async () => {
  for (const cluster of clusters.values()) await cluster[Symbol.asyncDispose]();
});

function openLog(version: KafkaVersion) {
  const [host, port] = clusters.get(version)!.bootstrap().split(":");
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
}

for (const version of versions) {
  testLogConformance(`KafkaLog on ${version}`, () => openLog(version), permissions);
}
