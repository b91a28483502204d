import assert from "node:assert/strict";
import { errorCodes, FlightsError } from "../../base/errors.ts";
import type { JobObserver } from "../../runtime/job_options.ts";
import { exitCodeOf } from "../exit_codes.ts";
import {
  errorOfMessage,
  type MemberMessage,
  messageOfError,
  observe,
  observerTo,
} from "./messages.ts";

Deno.test("an error of ours is the same behind a message channel, exit code and all", () => {
  for (const code of errorCodes) {
    const error = new FlightsError(code, "Cannot go on: why", { cause: () => "no clone" });
    const arrived = errorOfMessage(structuredClone(messageOfError(error)));
    assert.ok(arrived instanceof FlightsError);
    assert.equal(arrived.code, code);
    assert.equal(arrived.message, "Cannot go on: why");
    assert.equal(exitCodeOf(arrived), exitCodeOf(error));
  }
});

Deno.test("an error of others keeps its message and code; what is no error keeps its text", () => {
  const there = (thrown: unknown) => errorOfMessage(structuredClone(messageOfError(thrown)));
  const system = Object.assign(new Error("no such file"), { code: "ENOENT" });
  assert.deepEqual(there(system), system);
  assert.deepEqual(there(new TypeError("not a function")), new Error("not a function"));
  assert.deepEqual(there("thrown text"), new Error("thrown text"));
});

Deno.test("what a member observes arrives as it was told, in order", () => {
  const messages: MemberMessage[] = [];
  const here = observerTo((message) => messages.push(structuredClone(message)));
  here.waiting!("for topics");
  here.drained!(3, 99);
  here.replaced!("fenced");
  here.resumed!([{ topic: "t", partition: 1, resume: { kind: "first", offset: 2 } }]);
  const told: unknown[] = [];
  const there: JobObserver = {
    waiting: (...args) => told.push(args),
    drained: (...args) => told.push(args),
    resumed: (...args) => told.push(args),
  };
  for (const message of messages) {
    assert.equal(message.kind, "observed");
    if (message.kind === "observed") observe(there, message);
  }
  assert.deepEqual(told, [
    ["for topics"],
    [3, 99],
    [[{ topic: "t", partition: 1, resume: { kind: "first", offset: 2 } }]],
  ]);
});
