/**
 * `deno run -A tools/compose.ts`: what can be said of compose.yaml and the Dockerfile without a
 * docker engine. Whether the images run, only an engine can say.
 */

import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { root } from "./process.ts";

/** What `docker compose up` must bring. */
const expected = ["kafka", "kafka-ui", "jobmanager", "taskmanager", "sql-gateway"];

/** The parts of a compose file that are judged here. */
const composeSchema = z.object({
  services: z.record(
    z.string(),
    z.object({
      image: z.string(),
      build: z.object({ context: z.string(), target: z.string() }).optional(),
      profiles: z.array(z.string()).optional(),
      ports: z.array(z.string()).default([]),
      volumes: z.array(z.string()).default([]),
      depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
      healthcheck: z.object({ test: z.string(), interval: z.string(), retries: z.number() })
        .optional(),
    }),
  ),
  volumes: z.record(z.string(), z.unknown()).default({}),
});

type Compose = z.infer<typeof composeSchema>;
type Service = Compose["services"][string];

/** What is wrong with a compose file and the Dockerfile it builds from, as lines for people. */
export function composeProblems(composeText: string, dockerfile: string): string[] {
  // Merge keys (`<<`) are YAML 1.1; docker compose reads them too.
  const parsed = composeSchema.safeParse(parse(composeText, { merge: true }));
  if (!parsed.success) return [`compose.yaml does not parse: ${z.prettifyError(parsed.error)}`];
  const compose = parsed.data;
  const stages = new Set([...dockerfile.matchAll(/^FROM .* AS (\S+)$/gm)].map(([, name]) => name!));
  return [
    ...expected.filter((name) => !(name in compose.services)).map((name) => `no service ${name}`),
    ...Object.entries(compose.services).flatMap(([name, service]) =>
      serviceProblems(service, compose, stages).map((problem) => `${name}: ${problem}`)
    ),
    ...[...dockerfile.matchAll(/^FROM (\S+)/gm)]
      .filter(([, image]) => !stages.has(image!) && !isPinned(image!))
      .map(([, image]) => `Dockerfile: ${image} has no exact version`),
  ];
}

function serviceProblems(
  service: Service,
  compose: Compose,
  stages: ReadonlySet<string>,
): string[] {
  const problems: string[] = [];
  const { image, build, profiles, ports, volumes, depends_on: needed, healthcheck } = service;
  if (!isPinned(image)) problems.push(`${image} has no exact version`);
  if (build !== undefined && !stages.has(build.target)) {
    problems.push(`the Dockerfile has no stage ${build.target}`);
  }
  if (healthcheck === undefined && profiles === undefined) problems.push("no health check");
  for (const port of ports) {
    if (!port.startsWith("127.0.0.1:")) problems.push(`port ${port} is open to the network`);
  }
  for (const volume of volumes.map((text) => text.split(":")[0]!)) {
    if (!(volume in compose.volumes)) problems.push(`volume ${volume} is not declared`);
  }
  for (const [name, { condition }] of Object.entries(needed)) {
    const other = compose.services[name];
    if (other === undefined) problems.push(`waits for ${name}, which is no service`);
    else if (condition === "service_healthy" && other.healthcheck === undefined) {
      problems.push(`waits for the health of ${name}, which has no check`);
    }
  }
  return problems;
}

/** Whether an image's tag names one version, down to its third number. */
function isPinned(image: string): boolean {
  return /:v?\d+\.\d+\.\d+[\w.-]*$/.test(image);
}

if (import.meta.main) {
  const read = (name: string) => Deno.readTextFileSync(join(root, name));
  const problems = composeProblems(read("compose.yaml"), read("Dockerfile"));
  for (const problem of problems) console.error(problem);
  console.log(`compose.yaml and Dockerfile: ${problems.length} problems`);
  if (problems.length > 0) Deno.exitCode = 1;
}
