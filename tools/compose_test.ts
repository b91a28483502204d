import assert from "node:assert/strict";
import { stringify } from "yaml";
import { needs } from "../tests/permissions.ts";
import { composeProblems } from "./compose.ts";

/** The yaml package reads a variable of its own. */
const readsYaml = needs("env");

const healthcheck = { test: "true", interval: "10s", retries: 3 };
const sound = { image: "apache/kafka:4.1.0", healthcheck };
const dockerfile = "FROM denoland/deno:2.9.6 AS flights\nFROM flights AS small\n";

/** What is wrong with a compose file whose kafka service has these fields too. */
function judge(kafka: object, docker = dockerfile): string[] {
  const services = {
    kafka: { ...sound, ...kafka },
    ...Object.fromEntries(
      ["kafka-ui", "jobmanager", "taskmanager", "sql-gateway"].map((name) => [name, sound]),
    ),
  };
  return composeProblems(stringify({ services, volumes: { data: null } }), docker);
}

Deno.test(
  "composeProblems accepts pinned images, checked health and declared volumes",
  readsYaml,
  () => {
    assert.deepEqual(judge({}), []);
    const full = { volumes: ["data:/data"], ports: ["127.0.0.1:1:1"], image: "kafka-ui:v1.5.0" };
    assert.deepEqual(judge(full), []);
    assert.deepEqual(judge({ build: { context: ".", target: "small" } }), []);
  },
);

Deno.test("composeProblems reports what is loose", readsYaml, () => {
  const planted: [fields: object, problem: string][] = [
    [{ image: "apache/kafka" }, "kafka: apache/kafka has no exact version"],
    [{ image: "apache/kafka:latest" }, "kafka: apache/kafka:latest has no exact version"],
    [{ image: "apache/kafka:4.1" }, "kafka: apache/kafka:4.1 has no exact version"],
    [{ healthcheck: undefined }, "kafka: no health check"],
    [{ ports: ["9092:9092"] }, "kafka: port 9092:9092 is open to the network"],
    [{ volumes: ["other:/data"] }, "kafka: volume other is not declared"],
    [
      { depends_on: { zookeeper: { condition: "service_healthy" } } },
      "kafka: waits for zookeeper, which is no service",
    ],
    [{ build: { context: ".", target: "flink" } }, "kafka: the Dockerfile has no stage flink"],
  ];
  for (const [fields, problem] of planted) assert.deepEqual(judge(fields), [problem]);
  const loose = judge({}, "FROM denoland/deno AS flights\n");
  assert.deepEqual(loose, ["Dockerfile: denoland/deno has no exact version"]);
});

Deno.test(
  "composeProblems reports missing services and text that is no compose file",
  readsYaml,
  () => {
    const missing = composeProblems(stringify({ services: { kafka: sound } }), dockerfile);
    assert.ok(missing.includes("no service sql-gateway"));
    assert.match(composeProblems("services: 5", dockerfile)[0]!, /does not parse/);
  },
);
