import assert from "node:assert/strict";
import fc from "fast-check";
import { FlightsError } from "../../../base/errors.ts";
import type { Api, Response } from "./api.ts";
import { apis } from "./testdata/apis.ts";
import conversation from "./testdata/conversation.json" with { type: "json" };

interface Exchange {
  readonly api: Api<unknown, Response>;
  readonly request: unknown;
  readonly requestBytes: Uint8Array;
  readonly responseBytes: Uint8Array;
  readonly response: unknown;
}

/** Puts bytes back where JSON has them in base64. */
function reviveBytes(_: string, value: unknown): unknown {
  const isBytes = typeof value === "object" && value !== null && "base64" in value;
  return isBytes ? Uint8Array.fromBase64(String(value.base64)) : value;
}

const exchanges: readonly Exchange[] = conversation.map((exchange) => ({
  api: apis[exchange.api as keyof typeof apis] as unknown as Api<unknown, Response>,
  request: JSON.parse(JSON.stringify(exchange.request), reviveBytes),
  requestBytes: Uint8Array.fromBase64(exchange.requestBytes),
  responseBytes: Uint8Array.fromBase64(exchange.responseBytes),
  response: JSON.parse(JSON.stringify(exchange.response), reviveBytes),
}));

Deno.test("the conversation with a real broker has an exchange of each request", () => {
  assert.deepEqual(
    new Set(exchanges.map(({ api }) => api)),
    new Set<unknown>(Object.values(apis)),
  );
});

for (const { api, request, requestBytes, responseBytes, response } of exchanges) {
  Deno.test(`${api.name} v${api.version} is encoded as a real broker took it`, () => {
    assert.deepEqual(api.call(request).frame(7, "vectors"), requestBytes);
    const body = api.encode(request);
    assert.deepEqual(requestBytes.subarray(requestBytes.length - body.length), body);
  });

  Deno.test(`${api.name} v${api.version} is decoded as a real broker answered`, () => {
    assert.deepEqual(plain(api.call(request).decode(responseBytes)), response);
  });

  Deno.test(`${api.name} v${api.version} refuses a response that is cut off or too long`, () => {
    const { decode } = api.call(request);
    for (let size = 0; size < responseBytes.length; size++) {
      assert.throws(() => decode(responseBytes.slice(0, size)), { code: "log-corrupt" });
    }
    assert.throws(() => decode(new Uint8Array([...responseBytes, 0])), { code: "log-corrupt" });
  });
}

Deno.test("decode ends with a value or log-corrupt, whatever bytes have changed", () => {
  const change = fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }) });
  const changed = fc.record({
    exchange: fc.constantFrom(...exchanges),
    changes: fc.array(change, { minLength: 1, maxLength: 4 }),
  });
  fc.assert(
    fc.property(changed, ({ exchange: { api, request, responseBytes }, changes }) => {
      const bytes = responseBytes.slice();
      for (const { at, byte } of changes) bytes[at % bytes.length] = byte;
      assertDecodesOrRefuses(api, request, bytes);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("decode ends with a value or log-corrupt, whatever the bytes", () => {
  fc.assert(
    fc.property(fc.constantFrom(...exchanges), fc.uint8Array(), ({ api, request }, bytes) => {
      assertDecodesOrRefuses(api, request, bytes);
    }),
    { numRuns: 2000 },
  );
});

function assertDecodesOrRefuses(
  api: Api<unknown, Response>,
  request: unknown,
  bytes: Uint8Array,
): void {
  try {
    api.call(request).decode(bytes);
  } catch (error) {
    assert.ok(error instanceof FlightsError && error.code === "log-corrupt", String(error));
  }
}

/** The same without the classes of its bytes, which may be views and buffers. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}
