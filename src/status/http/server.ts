/** Answers questions over HTTP: reads only, and only who may ask. */

import { FlightsError, messageOf } from "../../base/errors.ts";

/** Answers a request for one path. */
export type Handler = (request: Request, url: URL) => Response | Promise<Response>;

/** Handlers by path. */
export type Routes = Readonly<Record<string, Handler>>;

/** Where to listen. */
export interface ListenAddress {
  /** Default: this machine only, `127.0.0.1`. */
  readonly host?: string;
  /** 0: any that is free. */
  readonly port: number;
}

/** A server that runs. */
export interface StatusServer {
  /** The beginning of its URLs, from this machine: `http://127.0.0.1:9464`. */
  readonly address: string;
  /** Ends it; answers that never end, as streams of events, are cut off. */
  close(): Promise<void>;
}

const loopback = "127.0.0.1";

/** What every answer carries: nothing is taken from elsewhere, and nobody else shows it in a frame. */
const everywhere: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/**
 * Listens and answers by `routes`; GET and HEAD only.
 *
 * @throws {FlightsError} `invalid-argument` when the address is in use or is none of this machine's.
 */
export function serve(routes: Routes, { host = loopback, port }: ListenAddress): StatusServer {
  const stop = new AbortController();
  const answer = async (request: Request): Promise<Response> => {
    const url = URL.parse(request.url);
    if (url === null) return refusal(400, "the request names no host that can be one");
    if (request.method !== "GET" && request.method !== "HEAD") {
      return refusal(405, "only GET and HEAD are answered", { allow: "GET, HEAD" });
    }
    if (!mayAnswer(host, url.hostname)) {
      return refusal(403, `asked for ${url.hostname}; only this machine's own names are answered`);
    }
    const handler = Object.hasOwn(routes, url.pathname) ? routes[url.pathname] : undefined;
    if (handler === undefined) {
      return refusal(404, `there is ${Object.keys(routes).join(", ")}, not ${url.pathname}`);
    }
    try {
      return await handler(request, url);
    } catch (error) {
      const isAsked = error instanceof FlightsError && error.code === "invalid-argument";
      return refusal(isAsked ? 400 : 500, messageOf(error));
    }
  };
  const server = listen({ host, port, signal: stop.signal }, async (request) => {
    const response = await answer(request);
    for (const [name, value] of Object.entries(everywhere)) {
      if (!response.headers.has(name)) response.headers.set(name, value);
    }
    return response;
  });
  const { hostname, port: taken } = server.addr as Deno.NetAddr;
  return {
    address: addressOf(hostname, taken),
    close: async () => {
      stop.abort();
      await server.finished;
    },
  };
}

/** An answer in JSON. */
export function json(value: unknown, { status = 200 } = {}): Response {
  const body = `${JSON.stringify(value)}\n`;
  return new Response(body, { status, headers: { "content-type": "application/json" } });
}

function refusal(
  status: number,
  error: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const response = json({ error }, { status });
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  return response;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || host === "::1" || /^127(\.\d+){3}$/.test(host);
}

/**
 * Whether who listens on `host` answers for the name that it is asked by. A page from elsewhere can make
 * its name point at this machine, but not change what it is called.
 */
export function mayAnswer(host: string, asked: string): boolean {
  return !isLoopback(host) || isLoopback(asked);
}

/** Where a server is found on its own machine; who listens on all addresses, on one of these. */
export function addressOf(host: string, port: number): string {
  const reachable = host === "0.0.0.0" ? loopback : host === "::" ? "::1" : host;
  return `http://${place(reachable, port)}`;
}

function place(host: string, port: number): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function listen(
  { host, port, signal }: { readonly host: string; readonly port: number; signal: AbortSignal },
  handler: (request: Request) => Promise<Response>,
): Deno.HttpServer {
  try {
    return Deno.serve({ hostname: host, port, signal, onListen: () => {} }, handler);
  } catch (error) {
    throw new FlightsError(
      "invalid-argument",
      `Cannot answer at ${place(host, port)}: it must be a free port of this machine's (0: any), ${
        error instanceof Deno.errors.AddrInUse ? "another process has it" : messageOf(error)
      }`,
      { cause: error },
    );
  }
}
