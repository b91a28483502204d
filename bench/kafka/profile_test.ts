import assert from "node:assert/strict";
import { profileOf } from "./profile.ts";

const frame = (functionName: string, url = "", lineNumber = -1) => ({
  functionName,
  url,
  lineNumber,
});

Deno.test("profileOf: a sample lasts until the next one, nodes of a function count together", () => {
  const profile = {
    nodes: [
      { id: 1, callFrame: frame("(idle)") },
      { id: 2, callFrame: frame("parse", "file:///home/me/src/stream/json.ts", 42) },
      { id: 3, callFrame: frame("", "https://example.com/other.js", 0) },
      { id: 4, callFrame: frame("parse", "file:///home/me/src/stream/json.ts", 42) },
    ],
    samples: [1, 2, 4, 3, 2],
    timeDeltas: [7, 1_000, 2_000, 1_000, 1_000],
  };
  assert.deepEqual(profileOf(profile), {
    busyMilliseconds: 4,
    idleMilliseconds: 1,
    functions: [
      { name: "parse src/stream/json.ts:43", milliseconds: 3, share: 0.75 },
      { name: "(anonymous) https://example.com/other.js:1", milliseconds: 1, share: 0.25 },
    ],
  });
});
