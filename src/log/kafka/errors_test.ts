import assert from "node:assert/strict";
import { hasCode } from "../../base/errors.ts";
import { checkErrorCode, factsOf, KafkaError, knownErrorCodes } from "./errors.ts";

/** What kafka's own clients take for worth retrying as it is (org.apache.kafka RetriableException). */
const retriable = [
  2,
  3,
  5,
  6,
  7,
  8,
  9,
  13,
  14,
  15,
  16,
  19,
  20,
  41,
  51,
  56,
  60,
  70,
  71,
  72,
  74,
  75,
  78,
  88,
  89,
  100,
  103,
  106,
];

Deno.test("factsOf retries whatever Kafka's own clients retry", () => {
  for (const code of retriable) {
    const { name, remedy } = factsOf(code);
    assert.ok(["retry", "refresh-metadata", "find-coordinator"].includes(remedy), name);
  }
});

Deno.test("factsOf never has a fenced member or producer retry", () => {
  for (const code of [22, 25, 47, 48, 82, 90, 110, 111, 113]) {
    const { name, remedy, code: flightsCode } = factsOf(code);
    assert.ok(["rejoin", "new-producer", "fail"].includes(remedy), name);
    assert.ok(["fenced", "instance-taken"].includes(flightsCode), name);
  }
});

Deno.test("factsOf takes a fenced instance id for another live process, a fenced producer not yet", () => {
  assert.deepEqual([factsOf(82).remedy, factsOf(82).code], ["fail", "instance-taken"]);
  assert.deepEqual([factsOf(90).remedy, factsOf(90).code], ["new-producer", "fenced"]);
});

Deno.test("factsOf takes an unknown code for an unknown outcome", () => {
  for (const code of [-2, 4000, 32_767]) {
    assert.ok(!knownErrorCodes.includes(code));
    assert.deepEqual(factsOf(code), {
      name: `error code ${code}`,
      remedy: "fail",
      code: "log-unreachable",
    });
  }
});

Deno.test("factsOf has one name for each code", () => {
  const names = knownErrorCodes.map((code) => factsOf(code).name);
  assert.equal(new Set(names).size, names.length);
  assert.ok(names.every((name) => /^[A-Z_]+$/.test(name)));
});

Deno.test("checkErrorCode does nothing for success and throws what the table says for the rest", () => {
  checkErrorCode(0, "do it");
  for (const code of knownErrorCodes) {
    assert.throws(() => checkErrorCode(code, "do it"), (error) => {
      assert.ok(error instanceof KafkaError && hasCode(error, factsOf(code).code));
      assert.deepEqual([error.errorCode, error.remedy], [code, factsOf(code).remedy]);
      assert.match(
        error.message,
        /^Cannot do it: (it|the user|the topic) must [^]+, the broker answered /,
      );
      assert.ok(error.message.endsWith(`answered ${factsOf(code).name}`), error.message);
      return true;
    });
  }
  assert.throws(() => checkErrorCode(36, "create a", { detail: "It exists." }), {
    message: "Cannot create a: it must be accepted, the broker answered TOPIC_ALREADY_EXISTS " +
      "(It exists.)",
  });
});

Deno.test("checkErrorCode names the permission that is missing, the request's own where it is told", () => {
  assert.throws(() => checkErrorCode(29, "create a", { permission: "Create on the topic" }), {
    code: "log-forbidden",
    message: "Cannot create a: the user must have Create on the topic, the broker answered " +
      "TOPIC_AUTHORIZATION_FAILED",
  });
  assert.throws(() => checkErrorCode(30, "join group a"), {
    message: "Cannot join group a: the user must have Describe and Read on the group, and Delete " +
      "to reset it, the broker answered GROUP_AUTHORIZATION_FAILED",
  });
  // Another error has nothing to do with permissions.
  assert.throws(() => checkErrorCode(36, "create a", { permission: "Create on the topic" }), {
    message: "Cannot create a: it must be accepted, the broker answered TOPIC_ALREADY_EXISTS",
  });
});

Deno.test("checkErrorCode says how a topic is made to take records of any event time", () => {
  assert.throws(() => checkErrorCode(32, "write to a[0]", { detail: "too new" }), {
    code: "timestamp-refused",
    message:
      /^Cannot write to a\[0\]: .*--add-config message\.timestamp\.after\.max\.ms=\d+\), .*INVALID_TIMESTAMP \(too new\)$/,
  });
});
