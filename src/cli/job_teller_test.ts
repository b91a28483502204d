import assert from "node:assert/strict";
import { noOutcomes } from "../stream/counts.ts";
import { describeOutcomes } from "./job_teller.ts";

Deno.test("describeOutcomes says where records ended, held ones apart from used ones (semantics 21)", () => {
  const outcomes = { ...noOutcomes(), used: 1, windowed: 10, late: 5, deadLetter: 1, skipped: 3 };
  assert.equal(
    describeOutcomes(outcomes, 4),
    "20 records in since the job began (7 used, 5 late, 3 skipped, 4 held, 1 dead letter), " +
      "late share 25.00 %",
  );
  assert.equal(
    describeOutcomes({ ...noOutcomes(), deadLetter: 2 }, 0),
    "2 records in since the job began (2 dead letters), late share 0.00 %",
  );
});

Deno.test("describeOutcomes of a job that read nothing", () => {
  assert.equal(
    describeOutcomes(noOutcomes(), 0),
    "0 records in since the job began, late share 0.00 %",
  );
});
