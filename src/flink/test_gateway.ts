/** A gateway for tests: a server on loopback that answers as it is told. */

/** A request as it came. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

/** An answer: JSON with its status, or none at all: the connection is cut, or nothing ever comes. */
export type Answer =
  | { readonly status?: number; readonly json: unknown }
  | { readonly text: string; readonly status?: number }
  | "cut"
  | "hang";

/** Answers a request; null: as a gateway that works does. */
export type Script = (seen: Seen, count: number) => Answer | null;

/** A server that runs until the end of its block. */
export interface FakeGateway extends AsyncDisposable {
  readonly url: string;
  /** All requests so far. */
  readonly seen: readonly Seen[];
  /** The statements among them. */
  statements(): readonly string[];
}

/** What a statement that gives `rows` answers on its only page. */
export function page(
  rows: readonly (readonly unknown[])[],
  { columns = [], jobID, next }: {
    readonly columns?: readonly string[];
    readonly jobID?: string;
    readonly next?: string;
  } = {},
): Answer {
  return {
    json: {
      resultType: next === undefined ? "EOS" : "PAYLOAD",
      ...(jobID !== undefined && { jobID }),
      ...(next !== undefined && { nextResultUri: next }),
      results: {
        columns: columns.map((name) => ({ name })),
        data: rows.map((fields) => ({ kind: "INSERT", fields })),
      },
    },
  };
}

/** Starts one. `script` is asked first; what it leaves is answered with nothing but success. */
export function startFakeGateway(script: Script = () => null): FakeGateway {
  const seen: Seen[] = [];
  const stop = new AbortController();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {}, signal: stop.signal },
    async (request) => {
      const { pathname, search } = new URL(request.url);
      const one = { method: request.method, path: pathname + search, body: await request.text() };
      seen.push(one);
      const answer = script(one, seen.length) ?? usual(one);
      if (answer === "hang") return await new Promise<Response>(() => {});
      if (answer === "cut") {
        // Shorter than it is said to be: an answer that breaks off is lost.
        const body = new ReadableStream({ start: (controller) => controller.close() });
        return new Response(body, { headers: { "content-length": "100" } });
      }
      const status = answer.status ?? 200;
      return "json" in answer
        ? Response.json(answer.json, { status })
        : new Response(answer.text, { status });
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    seen,
    statements: () =>
      seen.filter(({ path }) => path.endsWith("/statements"))
        .map(({ body }) => JSON.parse(body).statement as string),
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await server.finished;
    },
  };
}

function usual({ method, path }: Seen): Answer {
  if (path === "/api_versions") return { json: { versions: ["V1", "V2", "V3", "V4"] } };
  if (path.endsWith("/sessions")) return { json: { sessionHandle: "session-1" } };
  if (path.endsWith("/statements")) return { json: { operationHandle: "operation-1" } };
  if (path.includes("/result/")) return page([]);
  if (method === "DELETE") return { json: { status: "CLOSED" } };
  return { status: 404, json: { errors: [`Not found: ${path}`] } };
}
