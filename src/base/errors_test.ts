import nodeAssert from "node:assert/strict";
import { assert, errorCodes, FlightsError, hasCode, messageOf } from "./errors.ts";

const message = "Cannot do it: it must be so, it is not";

Deno.test("FlightsError tells of every code whose it is and whether to try again", () => {
  const told = Object.fromEntries(errorCodes.map((code) => {
    const error = new FlightsError(code, message);
    nodeAssert.equal(error.code, code);
    return [code, `${error.domain}${error.retryable ? ", retryable" : ""}`];
  }));
  nodeAssert.deepEqual(told, {
    "invalid-argument": "user",
    "invalid-topology": "user",
    "bad-record": "user",
    "timestamp-refused": "user",
    "operator-failed": "user",
    "topic-missing": "user, retryable",
    "topic-exists": "user",
    "topic-changed": "user",
    "partitions-changed": "user",
    "upstream-changed": "user",
    "not-registered": "user",
    "offset-out-of-range": "user",
    "misplaced-key": "user",
    "members-alive": "user, retryable",
    "state-incompatible": "user",
    "log-unreachable": "external, retryable",
    "cluster-forbidden": "external",
    "cluster-unfit": "user",
    "cluster-unreachable": "external, retryable",
    "job-failed": "external",
    "job-missing": "user",
    "job-restarting": "external, retryable",
    "outcome-unknown": "external",
    "log-forbidden": "external",
    "log-full": "external, retryable",
    "output-failed": "external, retryable",
    "log-corrupt": "external",
    "log-version": "user",
    "fenced": "external, retryable",
    "instance-taken": "user",
    "check-mismatch": "internal",
    "internal": "internal",
  });
});

Deno.test("FlightsError is an error with a name and a cause", () => {
  const cause = new Error("underneath");
  const error = new FlightsError("internal", message, { cause });
  nodeAssert.ok(error instanceof Error);
  nodeAssert.equal(error.name, "FlightsError");
  nodeAssert.equal(error.cause, cause);
  nodeAssert.equal("cause" in new FlightsError("internal", message), false);
});

Deno.test("hasCode looks for any of the codes, and only in a FlightsError", () => {
  const error = new FlightsError("fenced", message);
  nodeAssert.ok(hasCode(error, "internal", "fenced"));
  nodeAssert.ok(!hasCode(error, "internal"));
  nodeAssert.ok(!hasCode(error));
  nodeAssert.ok(!hasCode({ code: "fenced" }, "fenced"));
  nodeAssert.ok(!hasCode(undefined, "fenced"));
});

Deno.test("messageOf takes whatever was thrown", () => {
  nodeAssert.equal(messageOf(new Error("why")), "why");
  nodeAssert.equal(messageOf("why"), "why");
  nodeAssert.equal(messageOf(null), "null");
  nodeAssert.equal(messageOf(undefined), "undefined");
});

Deno.test("assert throws internal when what must hold does not", () => {
  assert(1, "one is true");
  nodeAssert.throws(() => assert(0, "zero is false"), (error) => {
    nodeAssert.ok(hasCode(error, "internal"));
    nodeAssert.equal(error.message, "Cannot go on: zero is false");
    return true;
  });
});
