/** What the main thread and a member's worker hand each other; all of it can be cloned. */

import { type ErrorCode, errorCodes, FlightsError, messageOf } from "../../base/errors.ts";
import type { JobObserver, Stops } from "../../runtime/job_options.ts";
import type { JobStatus } from "../../runtime/job_status.ts";
import type { EverywhereOptions } from "../everywhere.ts";
import type { JobRequest } from "../jobs.ts";

/** What a worker starts with. */
export interface MemberStart {
  /** The member's number in its process, from 1. */
  readonly member: number;
  readonly request: JobRequest;
  /** Names the log; secrets of client properties are in memory only. */
  readonly everywhere: EverywhereOptions;
  /** Where a bounded run stops; null for a run without end. */
  readonly stops: Stops | null;
  /** Where its process answers questions; null for nowhere. */
  readonly address: string | null;
}

/** The only thing that is ever asked of a worker: that its member commits and leaves. */
export const stopMessage = "stop";

/** What a member observed: which function of the observer is meant, and its arguments. */
export type Observation = {
  [Name in keyof JobObserver]-?: {
    readonly name: Name;
    readonly args: Parameters<NonNullable<JobObserver[Name]>>;
  };
}[keyof JobObserver];

/** What a worker tells; `ended` and `failed` are its last words. */
export type MemberMessage =
  | ({ readonly kind: "observed" } & Observation)
  | { readonly kind: "ended"; readonly status: JobStatus }
  | { readonly kind: "failed"; readonly error: ErrorMessage };

/** An error on its way between threads, where only plain values keep what they are. */
export interface ErrorMessage {
  readonly code: string | null;
  readonly message: string;
}

/** An observer that turns all it is told into messages. */
export function observerTo(post: (message: MemberMessage) => void): JobObserver {
  const send = (observation: Observation) => post({ kind: "observed", ...observation });
  return {
    waiting: (...args) => send({ name: "waiting", args }),
    warned: (...args) => send({ name: "warned", args }),
    resumed: (...args) => send({ name: "resumed", args }),
    drained: (...args) => send({ name: "drained", args }),
    replaced: (...args) => send({ name: "replaced", args }),
    status: (...args) => send({ name: "status", args }),
  } satisfies Required<JobObserver>;
}

/** Tells an observer what was observed elsewhere. */
export function observe(observer: JobObserver, { name, args }: Observation): void {
  const tell = observer[name] as ((...args: readonly unknown[]) => void) | undefined;
  tell?.(...args);
}

/** Takes of an error what its exit code and its telling need. */
export function messageOfError(error: unknown): ErrorMessage {
  const code = error instanceof Error && "code" in error ? String(error.code) : null;
  return { code, message: messageOf(error) };
}

/** The error again: with a code of ours the same {@linkcode FlightsError} as before. */
export function errorOfMessage({ code, message }: ErrorMessage): Error {
  if (code === null) return new Error(message);
  return isErrorCode(code)
    ? new FlightsError(code, message)
    : Object.assign(new Error(message), { code });
}

function isErrorCode(code: string): code is ErrorCode {
  return (errorCodes as readonly string[]).includes(code);
}
