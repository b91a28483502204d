/**
 * What every log must do, as tests against its interface (log.ts) alone. A log's own test calls
 * {@linkcode testLogConformance}; the embedded log and Kafka pass the same tests.
 */

import { groupTests } from "./conformance_groups.ts";
import { recordTests } from "./conformance_records.ts";
import { sharingTests } from "./conformance_sharing.ts";
import type { LogUnderTest } from "./conformance_support.ts";
import { transactionTests } from "./conformance_transactions.ts";

export type { LogUnderTest } from "./conformance_support.ts";

/** How the tests are registered. */
export interface ConformanceOptions {
  /** Leaves the tests out. */
  readonly ignore?: boolean;
}

/**
 * Registers a Deno test for each thing that a log must do.
 *
 * @param name begins the tests' names.
 * @param open opens a log for one test, which closes it.
 */
export function testLogConformance(
  name: string,
  open: () => Promise<LogUnderTest>,
  { ignore = false }: ConformanceOptions = {},
): void {
  const tests = { ...recordTests, ...transactionTests, ...groupTests, ...sharingTests };
  for (const [rule, test] of Object.entries(tests)) {
    Deno.test({
      name: `${name} ${rule}`,
      ignore,
      fn: async () => {
        const underTest = await open();
        try {
          await test(underTest);
        } finally {
          await underTest.close();
        }
      },
    });
  }
}
