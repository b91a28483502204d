/** JSON over HTTP, for servers that may be slow, restarting, or behind something that is. */

import type { Clock } from "../base/clock.ts";
import { type ErrorCode, FlightsError, messageOf } from "../base/errors.ts";

/** What makes requests. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** A server. */
export interface ServerOptions {
  /** Its address, as in http://localhost:8083. */
  readonly url: string;
  /** What it is, for messages. */
  readonly name: string;
  readonly clock: Clock;
  /** Ends every request. */
  readonly signal: AbortSignal;
  /** How long a request that may be made again is tried in all, in milliseconds. */
  readonly patience: number;
  /** How long one attempt may take, in milliseconds; default 30 seconds. */
  readonly timeout?: number;
  readonly fetch?: Fetch;
}

/** A request. */
export interface JsonRequest {
  readonly method: "GET" | "POST" | "DELETE" | "PATCH";
  readonly path: string;
  readonly body?: unknown;
  /** Whether making it twice is the same as once: only then it is tried again. */
  readonly isRepeatable: boolean;
  /** As in "open a session", for messages. */
  readonly doing: string;
}

/** An answer. */
export interface JsonAnswer {
  readonly status: number;
  /** Null when it is not JSON. */
  readonly json: unknown;
  readonly text: string;
}

/** What stands before a server says so when the server is away for now. */
const away = [502, 503, 504, 429];
const firstPause = 100;
const longestPause = 2_000;

/** A server that answers in JSON. */
export class JsonServer {
  readonly #options: ServerOptions;

  constructor(options: ServerOptions) {
    this.#options = options;
  }

  get url(): string {
    return this.#options.url;
  }

  get clock(): Clock {
    return this.#options.clock;
  }

  get signal(): AbortSignal {
    return this.#options.signal;
  }

  /**
   * Makes a request; its answer may be an error of the server's own.
   *
   * @throws {FlightsError} `cluster-unreachable` when there is no answer (the request may have arrived
   * all the same), `cluster-forbidden`.
   */
  async request(request: JsonRequest): Promise<JsonAnswer> {
    const { clock, signal, patience } = this.#options;
    const giveUp = clock.now() + patience;
    for (let pause = firstPause;; pause = Math.min(2 * pause, longestPause)) {
      try {
        return this.#judge(request, await this.#attempt(request));
      } catch (error) {
        const isOver = !request.isRepeatable || signal.aborted || clock.now() + pause > giveUp;
        if (isOver || !(error instanceof FlightsError) || !error.retryable) throw error;
      }
      await clock.sleep(pause, signal);
    }
  }

  async #attempt({ method, path, body, doing }: JsonRequest): Promise<JsonAnswer> {
    const { url, signal, timeout = 30_000, fetch: make = fetch } = this.#options;
    try {
      const response = await make(`${url}${path}`, {
        method,
        redirect: "manual",
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]),
        ...(body !== undefined && {
          body: JSON.stringify(body),
          headers: { "content-type": "application/json" },
        }),
      });
      const text = await response.text();
      return { status: response.status, text, json: jsonOf(text) };
    } catch (error) {
      const isLate = error instanceof DOMException && error.name === "TimeoutError";
      const what = isLate ? `it did not within ${timeout / 1_000} s` : shortly(messageOf(error));
      throw this.#error("cluster-unreachable", doing, `must answer, ${what}`, error);
    }
  }

  #judge({ doing }: JsonRequest, answer: JsonAnswer): JsonAnswer {
    const { status, json } = answer;
    if (status === 401 || status === 403) {
      throw this.#error("cluster-forbidden", doing, `must let us in, it answers ${status}`);
    }
    if (away.includes(status)) {
      throw this.#error(
        "cluster-unreachable",
        doing,
        `must answer, what is before it says ${status}`,
      );
    }
    if (json === null) {
      const what = `must answer in JSON, it answers ${status} with something else`;
      throw this.#error("cluster-unfit", doing, what);
    }
    return answer;
  }

  #error(code: ErrorCode, doing: string, what: string, cause?: unknown): FlightsError {
    const { name, url } = this.#options;
    return new FlightsError(code, `Cannot ${doing}: ${name} at ${url} ${what}`, { cause });
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The last part of a message tells what the system said. */
function shortly(message: string): string {
  return message.split(": ").slice(-2).join(": ");
}
