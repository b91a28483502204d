import assert from "node:assert/strict";
import { needs } from "../../../tests/permissions.ts";
import { systemClock } from "../../base/clock.ts";
import { ChangeSignal } from "./change_signal.ts";
import { Database } from "./database.ts";

const permissions = needs("read", "write");

/** Runs `test` on two connections to one file. */
async function withConnections(
  test: (own: Database, other: Database) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  const own = await Database.open(`${directory}/log.db`);
  const other = await Database.open(`${directory}/log.db`);
  try {
    await test(own, other);
  } finally {
    own.close();
    other.close();
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test({
  ...permissions,
  name: "ChangeSignal.wait ends with another connection's commit, long after the last one",
  fn: () =>
    withConnections(async (own, other) => {
      const signal = new ChangeSignal(own);
      const { mark } = signal;
      const waiting = signal.wait(mark, 60_000);
      // Other connections know no clock but the machine's: by now the file is watched.
      await systemClock.sleep(400);
      const began = performance.now();
      await other.write("write to", () => other.run("INSERT INTO groups (name) VALUES ('a')"));
      await waiting;
      assert.notEqual(signal.mark, mark);
      assert.ok(performance.now() - began < 10_000, "the wait went on to its end");
      signal.close();
    }),
});

Deno.test({
  ...permissions,
  name: "ChangeSignal.close ends a wait that watches the file",
  fn: () =>
    withConnections(async (own) => {
      const signal = new ChangeSignal(own);
      const waiting = signal.wait(signal.mark, 60_000);
      await systemClock.sleep(400);
      const began = performance.now();
      signal.close();
      await waiting;
      assert.ok(performance.now() - began < 10_000, "the wait went on to its end");
    }),
});
