/** What a run has come to, for people. */

import type { MemorySample } from "./fleet.ts";
import type { SuiteReport } from "./suite.ts";

const shownFindings = 20;
const shownLength = 2_000;
/** The shortest life that tells of memory, in milliseconds. */
const longLife = 60_000;

/** A report as lines. */
export function describeReport(report: SuiteReport): string {
  const { findings, faults, records, starts, joinedAgain, commits, memory } = report;
  const counts = (entries: Iterable<readonly [string, number]>) =>
    [...entries].map(([name, count]) => `${count} ${name}`).join(", ");
  return [
    `${sum(faults.values())} faults: ${counts(faults)}`,
    `${counts(Object.entries(records))}`,
    `${starts} starts, ${joinedAgain} times joined again`,
    `${sum(commits)} transactions ended, in each five seconds: ${commits.join(" ")}`,
    ...describeMemory(memory),
    findings.length === 0 ? "Exactly once." : `${findings.length} FINDINGS`,
    ...findings.slice(0, shownFindings).map((finding) => finding.slice(0, shownLength)),
  ].join("\n");
}

function sum(counts: Iterable<number>): number {
  return [...counts].reduce((total, count) => total + count, 0);
}

/** The resident memory of each process that lived long, at ten moments of its life. */
export function describeMemory(samples: readonly MemorySample[]): readonly string[] {
  return [...Map.groupBy(samples, ({ name, pid }) => `${name} (${pid})`)]
    .map(([name, own]) => ({ name, own, life: own.at(-1)!.age }))
    .filter(({ life }) => life >= longLife)
    .map(({ name, own, life }) => {
      const moments = Array.from(
        { length: 10 },
        (_, i) =>
          own.findLast(({ age }) => age <= life * (i + 1) / 10)?.megabytes.toFixed(0) ?? "-",
      );
      return `${name.padEnd(18)} ${Math.round(life / 1_000)} s, MB: ${moments.join(" ")}`;
    });
}
