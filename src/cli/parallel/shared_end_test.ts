import assert from "node:assert/strict";
import type { JobState, JobStatus } from "../../runtime/job_status.ts";
import { noOutcomes } from "../../stream/counts.ts";
import { SharedEnd } from "./shared_end.ts";

const stops = new Map([["a", [10, 20, 0]], ["b", [1, 2, 0]]]);

function status(state: JobState, ...partitions: readonly number[]): JobStatus {
  return {
    version: 1,
    applicationId: "job",
    member: null,
    state,
    waitingFor: null,
    at: 0,
    startedAt: 0,
    tasks: partitions.map((partition) => ({
      partition,
      watermark: null,
      held: 0,
      stateEntries: 0,
      outcomes: noOutcomes(),
      inputs: [],
    })),
    outputs: {},
    commits: { count: 0, lastAt: null, lastDurationMs: null },
  };
}

function committed(partition: number, a: number, b: number) {
  return [
    { topic: "a", partition, offset: a, metadata: "" },
    { topic: "b", partition, offset: b, metadata: "" },
  ];
}

Deno.test("semantics 11: members are at their end when each partition has been at its stop", () => {
  const end = new SharedEnd(stops, 2);
  end.takeStatus(1, status("at-end", 0));
  end.takeStatus(2, status("running", 1, 2));
  assert.equal(end.isReached, false);
  end.takeStatus(2, status("at-end", 1, 2));
  assert.equal(end.isReached, true);
});

Deno.test("semantics 11: what was at its stop stays there, whoever takes it up next", () => {
  const end = new SharedEnd(stops, 2);
  end.takeStatus(1, status("at-end", 0, 1));
  end.takeStatus(1, status("restoring"));
  end.takeStatus(2, status("running", 0));
  end.takeStatus(1, status("at-end", 1, 2));
  assert.equal(end.isReached, true);
});

Deno.test("a partition is elsewhere when every member has settled and none holds it", () => {
  const end = new SharedEnd(stops, 2);
  end.takeStatus(1, status("running", 0));
  assert.deepEqual(end.elsewhere, [], "the second member has not told anything");
  end.takeStatus(2, status("restoring"));
  assert.deepEqual(end.elsewhere, [], "the second member is about to hold something");
  end.takeStatus(2, status("standing-by"));
  assert.deepEqual(end.elsewhere, [1, 2]);
  end.takeStatus(1, status("at-end", 0));
  end.takeStatus(1, status("standing-by"));
  assert.deepEqual(end.elsewhere, [1, 2], "what is at its stop is not looked for");
});

Deno.test("a partition elsewhere is at its stop when all its inputs are committed that far", () => {
  const end = new SharedEnd(stops, 1);
  end.takeStatus(1, status("at-end", 0));
  end.takeOffsets([...committed(1, 20, 1), ...committed(2, 0, 0)]);
  assert.deepEqual(end.elsewhere, [1]);
  end.takeOffsets(committed(1, 19, 2));
  assert.equal(end.isReached, false);
  end.takeOffsets(committed(1, 20, 2));
  assert.equal(end.isReached, true);
});

Deno.test("a partition that a member here holds is judged by what that member tells alone", () => {
  const end = new SharedEnd(stops, 1);
  end.takeStatus(1, status("running", 0, 1, 2));
  end.takeOffsets([0, 1, 2].flatMap((partition) => committed(partition, 99, 99)));
  assert.equal(end.isReached, false, "its open windows may still be to fire");
});
