import assert from "node:assert/strict";
import type { ResumePoint } from "../runtime/resume.ts";
import { resumeLines } from "./resume_lines.ts";

function input(topic: string, partition: number, resume: ResumePoint) {
  return { topic, partition, resume };
}

const committed = (topic: string, partition: number, offset: number) =>
  input(topic, partition, { kind: "committed", offset });
const first = (topic: string, partition: number, offset: number) =>
  input(topic, partition, { kind: "first", offset });

Deno.test("resumeLines tells of each topic in one line, offsets by partition in its fields (semantics 18)", () => {
  const inputs = [0, 1, 2].flatMap((partition) => [
    committed("skyone", partition, 10 + partition),
    committed("sunset", partition, 20 + partition),
  ]);
  assert.deepEqual(resumeLines(inputs, "earliest"), [
    {
      level: "info",
      message: "resumes skyone[0-2] at 10, 11, 12 (committed)",
      fields: { topic: "skyone", resume: "committed", offsets: { 0: 10, 1: 11, 2: 12 } },
    },
    {
      level: "info",
      message: "resumes sunset[0-2] at 20, 21, 22 (committed)",
      fields: { topic: "sunset", resume: "committed", offsets: { 0: 20, 1: 21, 2: 22 } },
    },
  ]);
});

Deno.test("resumeLines keeps ways to go on apart, names the partitions of each, in order", () => {
  const inputs = [first("a", 6, 0), committed("a", 4, 7), first("a", 0, 3), first("a", 5, 0)];
  const messages = (from: Parameters<typeof resumeLines>[1]) =>
    resumeLines(inputs, from).map(({ message }) => message);
  assert.deepEqual(messages("latest"), [
    "resumes a[0, 5-6] at 3, 0, 0 (first start, latest)",
    "resumes a[4] at 7 (committed)",
  ]);
  assert.equal(
    messages(Date.UTC(2026, 0, 31))[0],
    "resumes a[0, 5-6] at 3, 0, 0 (first start, 2026-01-31T00:00:00.000)",
  );
});

Deno.test("resumeLines warns of each partition that lost something (semantics 17)", () => {
  const truncated = (partition: number) =>
    input("a", partition, { kind: "truncated", offset: 50, committed: partition });
  const recreated = input("b", 0, { kind: "recreated", offset: 0 });
  const lines = resumeLines([truncated(1), truncated(2), recreated], "earliest");
  assert.deepEqual(lines.map(({ level, message }) => `${level}: ${message}`), [
    "warning: resumes a[1] at 50 (committed 1 is gone; state kept, by --on-data-loss, semantics 17)",
    "warning: resumes a[2] at 50 (committed 2 is gone; state kept, by --on-data-loss, semantics 17)",
    "warning: resumes b[0] at 0 (the topic was created anew; state thrown away, by --on-data-loss, " +
    "semantics 17)",
  ]);
});

Deno.test("resumeLines of a member without partitions tells nothing", () => {
  assert.deepEqual(resumeLines([], "earliest"), []);
});
