/** What lessons tell on stderr, and how they are stopped. */

import process from "node:process";
import type { JobStatus } from "../../src/mod.ts";

/** Tells a line on stderr; stdout is for what the lesson prints. */
export function tell(line: string): void {
  console.error(line);
}

/** What became of the records that came in, in this run and those before it on the same log. */
export function describeStatus({ tasks }: JobStatus): string {
  const [first] = tasks;
  let records = 0;
  let late = 0;
  let deadLetters = 0;
  for (const { stage, outcomes } of tasks) {
    const { used, filtered, windowed, skipped } = outcomes;
    late += outcomes.late;
    deadLetters += outcomes.deadLetter;
    // What was repartitioned comes in again.
    if (stage !== first!.stage) continue;
    records += used + filtered + windowed + skipped + outcomes.late + outcomes.deadLetter;
  }
  return `${records} records so far, ${late} of them late, ${deadLetters} dead letters`;
}

/** A request to stop. */
export interface StopRequest {
  /** Aborted by Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** The exit code that goes with it, or null while there was none. */
  readonly exitCode: number | null;
  /** Stops listening. */
  close(): void;
}

/** Listens for Ctrl-C and SIGTERM; a second one ends the process at once. */
export function listenForStop(): StopRequest {
  const controller = new AbortController();
  let asked: number | null = null;
  const ask = (code: number) => () => {
    if (asked !== null) process.exit(code);
    asked = code;
    controller.abort();
  };
  const onInterrupt = ask(130);
  const onTerminate = ask(143);
  process.on("SIGINT", onInterrupt);
  process.on("SIGTERM", onTerminate);
  return {
    signal: controller.signal,
    get exitCode() {
      return asked;
    },
    close: () => {
      process.off("SIGINT", onInterrupt);
      process.off("SIGTERM", onTerminate);
    },
  };
}
