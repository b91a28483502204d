/** Traces by deno's built-in OpenTelemetry, for who switches that on (`OTEL_DENO=true`). */

import process from "node:process";
import type { Tracer as OpenTelemetry } from "@opentelemetry/api";
import type { SpanAttributes, Tracer } from "../runtime/tracer.ts";

/** A tracer, if traces are switched on; it is loaded only then. */
export async function tracing(): Promise<{ readonly tracer?: Tracer }> {
  if (process.env["OTEL_DENO"] !== "true") return {};
  const { SpanStatusCode, trace } = await import("@opentelemetry/api");
  return { tracer: tracerOver(trace.getTracer("flights"), SpanStatusCode.ERROR) };
}

function tracerOver(openTelemetry: OpenTelemetry, failed: number): Tracer {
  return {
    start: (name, attributes) => {
      const span = openTelemetry.startSpan(name, { attributes: { ...attributes } });
      return {
        end: (more: SpanAttributes) => {
          span.setAttributes({ ...more });
          span.end();
        },
        fail: (code) => {
          span.setAttributes({ "flights.outcome": code });
          span.setStatus({ code: failed, message: code });
          span.end();
        },
      };
    },
  };
}
