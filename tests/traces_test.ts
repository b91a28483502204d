/** Deno's built-in OpenTelemetry, switched on: a collector gets the spans of commits and restores. */

import assert from "node:assert/strict";
import { dataFolder, flights } from "./flights.ts";
import { needs } from "./permissions.ts";

interface Span {
  readonly name: string;
  readonly attributes: readonly {
    readonly key: string;
    readonly value: Readonly<Record<string, string | number>>;
  }[];
}

/** A collector that keeps the spans that it is sent, as OTLP has them in JSON. */
function collector() {
  const spans: Span[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const body = await request.json();
      for (const { scopeSpans } of body.resourceSpans ?? []) {
        for (const scope of scopeSpans) spans.push(...scope.spans);
      }
      return Response.json({});
    },
  );
  return { spans, address: `http://127.0.0.1:${server.addr.port}`, close: () => server.shutdown() };
}

Deno.test({
  ...needs("read", "write", "run", "env", "net"),
  name: "OTEL_DENO=true: a collector gets a span a commit and a restore, of members in workers too",
  fn: async () => {
    using folder = dataFolder();
    const data = folder.path;
    const { spans, address, close } = collector();
    const env = {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: address,
    };
    const run = async (...args: string[]) => {
      const { code, stderr } = await flights(args, { data, env });
      assert.equal(code, 0, stderr);
    };
    await run("datagen", "--create", "--rate", "max", "--count", "20", "--partitions", "2");
    assert.deepEqual(ours(spans), []);
    await run("merge", "--until-end");
    await run("stats", "--until-end", "--parallelism", "2");
    await close();
    const told = ours(spans).map(({ name, attributes }) => ({
      name,
      ...Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]])),
    }));
    for (const job of ["merge", "stats"]) {
      const own = told.filter((span) => "flights.job" in span && span["flights.job"] === job);
      const names = new Set(own.map(({ name }) => name));
      assert.deepEqual([...names].toSorted(), ["flights.commit", "flights.restore"], job);
    }
    assert.ok(!JSON.stringify(ours(spans)).includes("@"), "nobody's address is told");
  },
});

function ours(spans: readonly Span[]): readonly Span[] {
  return spans.filter(({ name }) => name.startsWith("flights."));
}
