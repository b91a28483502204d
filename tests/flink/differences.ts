/** Where our engine differs from Flink by design: how, why, and what is compared all the same. */

import type { Row } from "./reference.ts";

/** A difference by design. */
export interface Difference {
  readonly reason: string;
  /** What is left to be compared of the rows of either. @param where the step of the end. */
  readonly adapt: (
    rows: readonly Row[],
    where: { readonly end: number; readonly whose: "ours" | "Flink's" },
  ) => readonly Row[];
}

/** By scenario. */
export const differences: Readonly<Record<string, Difference>> = {};
