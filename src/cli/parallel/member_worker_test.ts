import assert from "node:assert/strict";
import { FlightsError } from "../../base/errors.ts";
import { needs } from "../../../tests/permissions.ts";
import { startMember } from "./member_worker.ts";
import type { MemberStart } from "./messages.ts";

const permissions = needs("read");
const module = new URL("testdata/worker.ts", import.meta.url).href;

/** Starts the worker of testdata, which ends as its number says. */
function start(member: number) {
  const told: string[] = [];
  const observed = Promise.withResolvers<void>();
  const waiting = (reason: string) => {
    told.push(reason);
    observed.resolve();
  };
  const worker = startMember({ member } as MemberStart, { observer: { waiting }, module });
  return { worker, told, observed: observed.promise };
}

/** What the worker is found to have failed of. */
async function failureOf(member: number): Promise<FlightsError> {
  try {
    await start(member).worker.ended;
  } catch (error) {
    assert.ok(error instanceof FlightsError);
    return error;
  }
  throw new Error("the worker must fail, it ended well");
}

Deno.test({
  ...permissions,
  name: "a worker tells what it observes, is asked to stop, and its thread is gone at its end",
  fn: async () => {
    const { worker, told, observed } = start(1);
    await observed;
    worker.stop();
    assert.deepEqual(await worker.ended, { asked: "stop" });
    assert.deepEqual(told, ["I am 1"]);
  },
});

Deno.test({
  ...permissions,
  name: "a worker that dies without a word has failed, in whatever way it dies",
  fn: async () => {
    for (const [member, how] of [[2, "thrown at the start"], [3, "thrown later"], [4, "code 0"]]) {
      const { code, message } = await failureOf(Number(member));
      assert.equal(code, "internal");
      assert.ok(message.startsWith(`Cannot go on with member ${member}: `), message);
      assert.ok(message.includes(String(how)), message);
    }
  },
});

Deno.test({
  ...permissions,
  name: "a worker that fails has failed of what its member failed of",
  fn: async () => {
    const { code, message } = await failureOf(5);
    assert.deepEqual({ code, message }, { code: "log-full", message: "no room" });
  },
});
