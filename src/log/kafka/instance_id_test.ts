import assert from "node:assert/strict";
import { FlightsError } from "../../base/errors.ts";
import { needs } from "../../../tests/permissions.ts";
import { takeInstanceId } from "./instance_id.ts";

const permissions = needs("read", "write");

function inFolder(body: (directory: string) => void | Promise<void>): () => Promise<void> {
  return async () => {
    const directory = Deno.makeTempDirSync({ prefix: "flights-instance-" });
    try {
      await body(directory);
    } finally {
      Deno.removeSync(directory, { recursive: true });
    }
  };
}

Deno.test({
  ...permissions,
  name: "takeInstanceId gives live members of a host different ids, and a freed one again",
  fn: inFolder((directory) => {
    const take = () => takeInstanceId("merge", { directory, host: "a" });
    const first = take();
    const second = take();
    assert.notEqual(first.id, second.id);
    first.release();
    const again = take();
    assert.equal(again.id, first.id);
    again.release();
    second.release();
  }),
});

Deno.test({
  ...permissions,
  name: "takeInstanceId tells groups and hosts apart",
  fn: inFolder((directory) => {
    const ids = [
      takeInstanceId("merge", { directory: `${directory}/a`, host: "a" }),
      takeInstanceId("stats", { directory: `${directory}/a`, host: "a" }),
      takeInstanceId("merge", { directory: `${directory}/b`, host: "b" }),
    ];
    assert.equal(new Set(ids.map(({ id }) => id)).size, 3);
    for (const { id, release } of ids) {
      assert.match(id, /^[a-zA-Z0-9._-]{1,249}$/);
      release();
    }
  }),
});

Deno.test({
  ...needs("read", "write", "run"),
  name: "takeInstanceId gives a killed process's id to the next one at once",
  fn: inFolder(async (directory) => {
    const module = new URL("./instance_id.ts", import.meta.url).href;
    const code = `const { takeInstanceId } = await import(${JSON.stringify(module)});
      console.log(takeInstanceId("merge", { directory: ${
      JSON.stringify(directory)
    }, host: "a" }).id);
      await new Promise((resolve) => setTimeout(resolve, 60_000));`;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["eval", "--no-lock", code],
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const reader = child.stdout.getReader();
    const held = new TextDecoder().decode((await reader.read()).value).trim();
    const other = takeInstanceId("merge", { directory, host: "a" });
    assert.notEqual(other.id, held);
    child.kill("SIGKILL");
    await child.status;
    await reader.cancel();
    const next = takeInstanceId("merge", { directory, host: "a" });
    assert.equal(next.id, held);
    next.release();
    other.release();
  }),
});

Deno.test({
  ...permissions,
  name: "takeInstanceId says what is wrong with a folder that cannot be used",
  fn: inFolder((directory) => {
    Deno.writeTextFileSync(`${directory}/file`, "");
    assert.throws(
      () => takeInstanceId("merge", { directory: `${directory}/file`, host: "a" }),
      (error) => error instanceof FlightsError && error.code === "log-forbidden",
    );
  }),
});
