/** SIGINT and SIGTERM ask for a graceful end; a second one ends the process at once. */

import process from "node:process";
import { exitCode } from "./exit_codes.ts";

/** A request to stop, from the terminal or from who supervises the process. */
export interface StopRequest {
  /** Aborted when a signal has come. */
  readonly signal: AbortSignal;
  /** The exit code that the signal asks for, or null while none has come. */
  readonly exitCode: number | null;
  /** Stops listening. */
  close(): void;
}

const ignore = () => {};

/** Listens for SIGINT and SIGTERM. */
export function listenForStop(): StopRequest {
  const controller = new AbortController();
  let asked: number | null = null;
  const ask = (code: number) => () => {
    if (asked !== null) process.exit(code);
    asked = code;
    controller.abort();
  };
  const onInterrupt = ask(exitCode.interrupted);
  const onTerminate = ask(exitCode.terminated);
  process.on("SIGINT", onInterrupt);
  process.on("SIGTERM", onTerminate);
  // Over the process's limit of file sizes, a write is to fail as on a full disk, with a word.
  process.on("SIGXFSZ", ignore);
  return {
    signal: controller.signal,
    get exitCode() {
      return asked;
    },
    close: () => {
      process.off("SIGINT", onInterrupt);
      process.off("SIGTERM", onTerminate);
      process.off("SIGXFSZ", ignore);
    },
  };
}
