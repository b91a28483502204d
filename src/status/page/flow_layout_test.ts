import assert from "node:assert/strict";
import fc from "fast-check";
import { jobOverview, jobStatus, logOverview, topicOverview } from "../test_overviews.ts";
import { layOut } from "./flow_layout.ts";

interface Wiring {
  readonly name: string;
  readonly reads: readonly string[];
  readonly writes: readonly string[];
}

function flowOf(jobs: readonly Wiring[]) {
  return layOut(logOverview(
    jobs.map(({ name, reads, writes }) => jobOverview(jobStatus(name, [], { reads, writes }))),
  ));
}

Deno.test("the flow of flights stands in six columns from datagen to userstatistics", () => {
  const { nodes, edges } = flowOf([
    { name: "stats", reads: ["flightdata"], writes: ["userstatistics"] },
    { name: "merge", reads: ["skyone", "sunset"], writes: ["flightdata"] },
  ]);
  const columns = Map.groupBy(nodes, ({ depth }) => depth);
  assert.deepEqual(
    [...columns].sort(([a], [b]) => a - b).map(([, nodes]) => nodes.map(({ name }) => name).sort()),
    [
      ["datagen"],
      ["skyone", "sunset"],
      ["merge"],
      ["flightdata"],
      ["stats"],
      ["userstatistics"],
    ],
  );
  assert.deepEqual(
    edges.map(({ from, to }) => `${from.name} ${to.name}`).sort(),
    [
      "datagen skyone",
      "datagen sunset",
      "flightdata stats",
      "merge flightdata",
      "skyone merge",
      "stats userstatistics",
      "sunset merge",
    ],
  );
});

Deno.test("a topic that is named and not there says so", () => {
  const job = jobOverview(jobStatus("job", [], { reads: ["in"], writes: ["out"] }));
  const { nodes } = layOut(logOverview([job], { topics: [topicOverview("in")] }));
  const notes = new Map(nodes.map(({ name, note }) => [name, note]));
  assert.deepEqual([notes.get("in"), notes.get("out")], ["10 records", "is not there"]);
});

const topic = fc.integer({ min: 0, max: 7 }).map((i) => `topic-${i}`);
const wirings = fc.uniqueArray(
  fc.record({
    name: fc.integer({ min: 0, max: 5 }).map((i) => `job-${i}`),
    reads: fc.uniqueArray(topic, { minLength: 1, maxLength: 3 }),
    writes: fc.uniqueArray(topic, { maxLength: 3 }),
  }),
  { selector: ({ name }) => name, minLength: 1 },
);

Deno.test("of any jobs each thing stands at one place of its own, and all that is read or written is an arrow", () => {
  fc.assert(fc.property(wirings, (jobs) => {
    const { nodes, edges } = flowOf(jobs);
    const places = nodes.map(({ depth, row }) => `${depth} ${row}`);
    assert.equal(new Set(places).size, nodes.length);
    for (const { depth, row, siblings } of nodes) {
      assert.ok(row >= 0 && row < siblings);
      assert.equal(nodes.filter((one) => one.depth === depth).length, siblings);
    }
    // No column is empty.
    const deepest = Math.max(...nodes.map(({ depth }) => depth));
    assert.equal(new Set(nodes.map(({ depth }) => depth)).size, deepest + 1);
    const drawn = edges.map(({ from, to }) => `${from.kind} ${from.name} ${to.kind} ${to.name}`);
    assert.equal(new Set(drawn).size, drawn.length);
    const between = jobs.flatMap(({ name, reads, writes }) => [
      ...reads.map((topic) => `topic ${topic} job ${name}`),
      ...writes.map((topic) => `job ${name} topic ${topic}`),
    ]);
    const written = new Set(jobs.flatMap(({ writes }) => writes));
    const fed = jobs.flatMap(({ reads }) => reads).filter((topic) => !written.has(topic))
      .map((topic) => `producer producers topic ${topic}`);
    assert.deepEqual(drawn.toSorted(), [...new Set([...between, ...fed])].sort());
  }));
});

Deno.test("where no job feeds itself, all arrows go forward", () => {
  // A job reads only topics of a lower number than those that it writes.
  const forward = wirings.map((jobs) =>
    jobs.map(({ name, reads, writes }) => ({
      name,
      reads,
      writes: writes.filter((topic) => reads.every((read) => read < topic)),
    }))
  );
  fc.assert(fc.property(forward, (jobs) => {
    for (const { from, to } of flowOf(jobs).edges) assert.ok(from.depth < to.depth);
  }));
});
