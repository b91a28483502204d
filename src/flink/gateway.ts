/**
 * A client of Flink's SQL Gateway, REST version 2 or newer. Statements run one after the other in a
 * session, which is closed at the end; a job that one of them started goes on.
 */

import { z } from "zod";
import type { Clock } from "../base/clock.ts";
import { FlightsError } from "../base/errors.ts";
import { type JsonAnswer, type JsonRequest, JsonServer, type ServerOptions } from "./http.ts";
import { errorOfTrace } from "./root_cause.ts";

/** The versions that are spoken, the best known first. */
const spoken = ["v2", "v3", "v4"] as const;

const versionsSchema = z.object({ versions: z.array(z.string()) });
const sessionSchema = z.object({ sessionHandle: z.string() });
const operationSchema = z.object({ operationHandle: z.string() });
const errorsSchema = z.object({ errors: z.array(z.string()) });
const resultSchema = z.object({
  resultType: z.enum(["NOT_READY", "PAYLOAD", "EOS"]),
  jobID: z.string().nullish(),
  nextResultUri: z.string().nullish(),
  results: z.object({
    columns: z.array(z.object({ name: z.string() })).default([]),
    data: z.array(z.object({ fields: z.array(z.unknown()) })).default([]),
  }).nullish(),
});

/** A row of a result by its columns' names. */
export type Row = Readonly<Record<string, unknown>>;

/** What a statement gave. */
export interface StatementResult {
  readonly rows: readonly Row[];
  /** Of the job that it started; null for a statement that starts none. */
  readonly jobId: string | null;
}

/** How a statement is run. */
export interface StatementOptions {
  /** As in "make the tables", for messages. */
  readonly doing: string;
  /** Default true; false for what must not be run twice: an answer that is lost is `outcome-unknown`. */
  readonly isRepeatable?: boolean;
  /** How long it may take, in milliseconds. */
  readonly timeout: number;
}

/** Between looks at a statement that is not ready. */
const pollInterval = 50;
const longestPollInterval = 500;

/** A session at a gateway. */
export class GatewaySession {
  readonly #server: JsonServer;
  readonly #path: string;
  /** The gateway's own version of its REST interface. */
  readonly version: string;

  private constructor(server: JsonServer, version: string, handle: string) {
    this.#server = server;
    this.version = version;
    this.#path = `/${version}/sessions/${encodeURIComponent(handle)}`;
  }

  get clock(): Clock {
    return this.#server.clock;
  }

  get signal(): AbortSignal {
    return this.#server.signal;
  }

  /**
   * Opens a session in a version that both sides know.
   *
   * @throws {FlightsError} `cluster-unreachable`, `cluster-forbidden`, `cluster-unfit` for something
   * that is no gateway, or one of a version that is not spoken.
   */
  static async open(options: Omit<ServerOptions, "name">): Promise<GatewaySession> {
    const server = new JsonServer({ ...options, name: "the SQL Gateway" });
    const version = await versionOf(server);
    // One that was opened for an answer that was lost closes itself when nobody uses it.
    const { json } = await ask(server, {
      ...{ method: "POST", path: `/${version}/sessions`, body: { sessionName: "flights" } },
      ...{ isRepeatable: true, doing: "open a session" },
    });
    return new GatewaySession(server, version, read(sessionSchema, json).sessionHandle);
  }

  /**
   * Runs a statement to its end.
   *
   * @throws {FlightsError} by what went wrong: `job-failed` and what `errorOfTrace` knows;
   * `outcome-unknown` when the answer to a statement that must not be run twice is lost.
   */
  async execute(statement: string, options: StatementOptions): Promise<StatementResult> {
    const { doing, isRepeatable = true, timeout } = options;
    const giveUp = this.clock.now() + timeout;
    const path = `${this.#path}/statements`;
    const request = { method: "POST", path, body: { statement }, isRepeatable, doing } as const;
    const { json } = await ask(this.#server, request).catch((error) => {
      const isLost = error instanceof FlightsError && error.code === "cluster-unreachable";
      throw isLost && !isRepeatable ? unknownOutcome(doing, error) : error;
    });
    const { operationHandle } = read(operationSchema, json);
    return await this.#results(operationHandle, { doing, isRepeatable, giveUp });
  }

  /** Closes it; what it holds at the gateway goes, jobs go on. A failure is no matter: it times out. */
  async close(): Promise<void> {
    await this.#server.request({
      ...{ method: "DELETE", path: this.#path, isRepeatable: false, doing: "close the session" },
    }).catch(() => {});
  }

  /** All pages of a result. A page may be asked for again: the gateway keeps the last one. */
  async #results(
    operation: string,
    { doing, isRepeatable, giveUp }: {
      readonly doing: string;
      readonly isRepeatable: boolean;
      readonly giveUp: number;
    },
  ): Promise<StatementResult> {
    const rows: Row[] = [];
    let jobId: string | null = null;
    let path = `${this.#path}/operations/${encodeURIComponent(operation)}/result/0?rowFormat=JSON`;
    for (let pause = pollInterval;; pause = Math.min(2 * pause, longestPollInterval)) {
      const { json } = await ask(this.#server, { method: "GET", path, isRepeatable: true, doing })
        .catch((error) => {
          const isLost = error instanceof FlightsError && error.code === "cluster-unreachable";
          throw isLost && !isRepeatable ? unknownOutcome(doing, error) : error;
        });
      const { resultType, jobID, results, nextResultUri } = read(resultSchema, json);
      jobId ??= jobID ?? null;
      const names = results?.columns.map(({ name }) => name) ?? [];
      for (const { fields } of results?.data ?? []) {
        rows.push(Object.fromEntries(names.map((name, at) => [name, fields[at]])));
      }
      if (resultType === "EOS" || !nextResultUri) return { rows, jobId };
      // Where the gateway stands behind a proxy, only the path of its own address is of use.
      path = pathOf(nextResultUri);
      if (resultType === "PAYLOAD") pause = pollInterval;
      if (this.clock.now() > giveUp) throw this.#late(doing, isRepeatable);
      if (resultType === "NOT_READY") await this.clock.sleep(pause, this.signal);
      this.signal.throwIfAborted();
    }
  }

  #late(doing: string, isRepeatable: boolean): FlightsError {
    return new FlightsError(
      isRepeatable ? "cluster-unreachable" : "outcome-unknown",
      `Cannot ${doing}: the cluster must be done with it in time, it is still at it`,
    );
  }
}

function pathOf(uri: string): string {
  const { pathname, search } = new URL(uri, "http://gateway");
  return `${pathname}${search}`;
}

async function versionOf(server: JsonServer): Promise<string> {
  const doing = "speak to the SQL Gateway";
  const { status, json } = await server.request({
    ...{ method: "GET", path: "/api_versions", isRepeatable: true, doing },
  });
  const parsed = versionsSchema.safeParse(json);
  if (status !== 200 || !parsed.success) {
    throw new FlightsError(
      "cluster-unfit",
      `Cannot ${doing}: there must be one at ${server.url}, something else answers (${status})`,
    );
  }
  const offered = parsed.data.versions.map((version) => version.toLowerCase());
  const version = spoken.find((one) => offered.includes(one));
  if (version !== undefined) return version;
  throw new FlightsError(
    "cluster-unfit",
    `Cannot ${doing}: it must offer one of ${
      spoken.join(", ")
    } (Flink 1.17 and later), it offers ` +
      (offered.join(", ") || "none"),
  );
}

/** Asks, and takes an error of the gateway for what it is about. */
async function ask(server: JsonServer, request: JsonRequest): Promise<JsonAnswer> {
  const answer = await server.request(request);
  if (answer.status < 400) return answer;
  const { doing } = request;
  const errors = errorsSchema.safeParse(answer.json);
  const trace = errors.success ? errors.data.errors.join("\n") : answer.text;
  if (/Session '?.*does not exist|SessionHandle/i.test(trace) && answer.status === 404) {
    throw new FlightsError(
      "cluster-unreachable",
      `Cannot ${doing}: the SQL Gateway must keep its session, it has been started anew`,
    );
  }
  throw errorOfTrace(doing, trace.replace(/^Internal server error\.\n/, ""));
}

function read<T>(schema: z.ZodType<T>, json: unknown): T {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new FlightsError(
    "cluster-unfit",
    `Cannot read what the SQL Gateway answers: it must be of a version that is known, ` +
      z.prettifyError(parsed.error).replaceAll("\n", " "),
  );
}

function unknownOutcome(doing: string, cause: FlightsError): FlightsError {
  return new FlightsError(
    "outcome-unknown",
    `Cannot tell whether it came to ${doing}: the SQL Gateway must answer, its answer was lost (` +
      `${cause.message})`,
    { cause },
  );
}
