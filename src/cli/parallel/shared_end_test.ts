import assert from "node:assert/strict";
import type { GroupMember } from "../../log/log.ts";
import type { JobState, JobStatus } from "../../runtime/job_status.ts";
import { noOutcomes } from "../../stream/task/counts.ts";
import { SharedEnd } from "./shared_end.ts";

const stops = new Map([["a", [10, 20, 0]], ["b", [1, 2, 0]]]);

function status(state: JobState, ...partitions: readonly number[]): JobStatus {
  return {
    version: 1,
    reads: [],
    writes: [],
    applicationId: "job",
    member: null,
    state,
    waitingFor: null,
    at: 0,
    startedAt: 0,
    tasks: partitions.map((partition) => ({
      stage: "a-b",
      partition,
      watermark: null,
      held: 0,
      stateEntries: 0,
      stateBytes: 0,
      changelogOffsets: null,
      ended: null,
      holder: null,
      windows: { count: 0, earliest: [] },
      outcomes: noOutcomes(),
      inputs: [],
    })),
    outputs: {},
    commits: { count: 0, lastAt: null, lastDurationMs: null, lastOutcome: null },
    build: null,
    members: [],
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

/** A member of another process. */
function other(...partitions: readonly number[]): GroupMember {
  return { id: "other", description: "another process", partitions };
}

Deno.test("members work while one holds a partition before its stop, or is about to hold any", () => {
  const end = new SharedEnd(stops, 2);
  assert.equal(end.isWorking, false);
  assert.deepEqual(end.left, [0, 1, 2]);
  end.takeStatus(1, status("restoring"));
  assert.equal(end.isWorking, true);
  end.takeStatus(1, status("running", 0));
  assert.equal(end.isWorking, true);
  end.takeStatus(1, status("at-end", 0));
  end.takeStatus(2, status("standing-by"));
  assert.equal(end.isWorking, false);
  assert.deepEqual(end.left, [1, 2]);
});

Deno.test("a partition of others is at its stop when all its inputs are committed that far", () => {
  const end = new SharedEnd(stops, 1);
  end.takeStatus(1, status("at-end", 0));
  end.takeOthers([other(1, 2)], [...committed(1, 20, 1), ...committed(2, 0, 0)]);
  assert.deepEqual(end.left, [1]);
  end.takeOthers([other(1)], committed(1, 19, 2));
  assert.equal(end.isReached, false);
  end.takeOthers([other(1)], committed(1, 20, 2));
  assert.equal(end.isReached, true);
});

Deno.test("what was committed before is no end of what a member here holds, or may be given", () => {
  const all = [0, 1, 2].flatMap((partition) => committed(partition, 99, 99));
  const left = (members: readonly GroupMember[], ...statuses: readonly JobStatus[]) => {
    const end = new SharedEnd(stops, 2);
    statuses.forEach((status, index) => end.takeStatus(index + 1, status));
    end.takeOthers(members, all);
    return end.isReached ? 0 : 3;
  };
  const standingBy = status("standing-by");
  assert.equal(left([other(0, 1, 2)], standingBy, standingBy), 0);
  assert.equal(left([], standingBy, standingBy), 3, "nobody else holds them");
  assert.equal(left([other(0, 1, 2)], standingBy), 3, "a member has not told anything");
  assert.equal(left([other(0, 1, 2)], standingBy, status("restoring")), 3);
  assert.equal(left([other(0, 1, 2)], standingBy, status("running", 0, 1, 2)), 3);
});
