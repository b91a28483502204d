import assert from "node:assert/strict";
import { textOf } from "../base/bytes.ts";
import { DataOutput } from "./data_output.ts";

Deno.test("DataOutput hands on all bytes, however few are taken at a time", async () => {
  let taken = "";
  const output = new DataOutput({
    write: (bytes) => {
      taken += textOf(bytes.subarray(0, 3));
      return Promise.resolve(Math.min(3, bytes.length));
    },
  });
  output.add("one ");
  output.add(Uint8Array.of(0x32, 0x20));
  assert.equal(taken, "");
  await output.flush();
  output.add("three");
  await output.flush();
  assert.equal(taken, "one 2 three");
});

Deno.test("DataOutput is full at 64 KiB", () => {
  const output = new DataOutput({ write: (bytes) => Promise.resolve(bytes.length) });
  output.add(new Uint8Array(64 * 1024 - 1));
  assert.equal(output.isFull, false);
  output.add("x");
  assert.equal(output.isFull, true);
});

Deno.test("DataOutput drops data when nobody reads any more, other failures are told", async () => {
  let writes = 0;
  const failing = (error: Error) =>
    new DataOutput({
      write: () => {
        writes++;
        return Promise.reject(error);
      },
    });
  const piped = failing(new Deno.errors.BrokenPipe("gone"));
  piped.add("a");
  await piped.flush();
  assert.equal(piped.isClosed, true);
  piped.add("b");
  await piped.flush();
  assert.equal(writes, 1);
  const broken = failing(new Error("disk"));
  broken.add("a");
  await assert.rejects(broken.flush(), {
    code: "output-failed",
    message: "Cannot write to stdout: it must take what is written, disk",
  });
});
