/** Members whose commits go wrong as planned: what random tests of running jobs share. */

import fc from "fast-check";
import { FlightsError } from "../base/errors.ts";
import type { Log } from "../log/log.ts";
import { overlay, withMembers } from "./test_sales.ts";

/** What goes wrong at a commit; who dies does not leave the group. */
export interface Fault {
  readonly atCommit: number;
  readonly kind: "dies before it" | "dies after it" | "fenced" | "log-unreachable";
}

/** Faults at one of the first commits, or none. */
export const faults: fc.Arbitrary<Fault | null> = fc.option(
  fc.record({
    atCommit: fc.integer({ min: 1, max: 5 }),
    kind: fc.constantFrom<Fault["kind"][]>(
      "dies before it",
      "dies after it",
      "fenced",
      "log-unreachable",
    ),
  }),
  { nil: null },
);

/**
 * A log on which commits of a member go wrong; each fetch takes one batch of a partition.
 *
 * @param came is told of each fault when it has come.
 */
export function faultyLog(
  log: Log,
  planned: readonly Fault[],
  came: (fault: Fault) => void = () => {},
): Log {
  let commits = 0;
  let isDead = false;
  return withMembers(log, (member) => ({
    poll: (positions, options) => member.poll(positions, { ...options, maxPartitionBytes: 1 }),
    close: () => isDead ? Promise.resolve() : member.close(),
    begin: () => {
      const transaction = member.begin();
      return overlay(transaction, {
        commit: async (...args) => {
          commits++;
          const fault = planned.find(({ atCommit }) => atCommit === commits);
          if (fault === undefined) return await transaction.commit(...args);
          came(fault);
          // Of an outcome that is not told it is the worse case that all was written.
          const isWritten = fault.kind === "dies after it" || fault.kind === "log-unreachable";
          if (isWritten) await transaction.commit(...args);
          isDead = fault.kind.startsWith("dies");
          const code = isDead ? "log-full" : fault.kind as "fenced" | "log-unreachable";
          throw new FlightsError(code, "Cannot commit: as planned");
        },
      });
    },
  }));
}
