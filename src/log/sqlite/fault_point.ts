/** The steps of a commit by name, where a crash test can end the process. */

/** A step of a commit that has just been done; `commit-begin` comes before the first. */
export type CommitStep =
  | "commit-begin"
  | "commit-fence-checked"
  | "commit-appended"
  | "commit-offsets-written"
  | "commit-durable";

/** All steps, in order. */
export const commitSteps: readonly CommitStep[] = [
  "commit-begin",
  "commit-fence-checked",
  "commit-appended",
  "commit-offsets-written",
  "commit-durable",
];

/** Is called at each step. */
export type FaultPoint = (step: CommitStep) => void;
