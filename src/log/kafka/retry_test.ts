import assert from "node:assert/strict";
import { type Clock, SimulatedClock } from "../../base/clock.ts";
import { retrying } from "./retry.ts";

/** A clock on which a wait is over at once, and that notes how long each was. */
function jumpingClock(pauses: number[]): Clock {
  const clock = new SimulatedClock();
  return {
    now: () => clock.now(),
    sleep: (ms) => {
      pauses.push(ms);
      clock.advance(ms);
      return Promise.resolve();
    },
  };
}

Deno.test("retrying pauses for longer each time, up to 50 ms, and returns the first success", async () => {
  const pauses: number[] = [];
  let left = 7;
  const result = await retrying(
    () => left-- > 0 ? Promise.reject(new Error("not yet")) : Promise.resolve("done"),
    { clock: jumpingClock(pauses), timeoutMs: 1000, shouldRetry: () => true },
  );
  assert.equal(result, "done");
  assert.deepEqual(pauses, [2, 4, 8, 16, 32, 50, 50]);
});

Deno.test("retrying throws at once what should not be retried", async () => {
  const pauses: number[] = [];
  const failing = retrying(() => Promise.reject(new Error("fatal")), {
    clock: jumpingClock(pauses),
    timeoutMs: 1000,
    shouldRetry: (error) => (error as Error).message !== "fatal",
  });
  await assert.rejects(failing, { message: "fatal" });
  assert.deepEqual(pauses, []);
});

Deno.test("retrying begins no attempt after its time, and one exactly at it", async () => {
  for (const [timeoutMs, attempts] of [[5, 2], [6, 3], [7, 3]] as const) {
    let count = 0;
    const failing = retrying(() => Promise.reject(new Error(`attempt ${++count}`)), {
      clock: jumpingClock([]),
      timeoutMs,
      shouldRetry: () => true,
    });
    await assert.rejects(failing, { message: `attempt ${attempts}` });
  }
});
