import assert from "node:assert/strict";
import { textOf } from "../base/bytes.ts";
import { TextOutput } from "./text_output.ts";

Deno.test("TextOutput writes all of a text, however little is taken at a time", () => {
  let taken = "";
  const output = new TextOutput({
    writeSync: (bytes) => {
      taken += textOf(bytes.subarray(0, 1));
      return 1;
    },
  });
  output.write("all of it");
  assert.equal(taken, "all of it");
  assert.equal(output.closed.aborted, false);
});

Deno.test("TextOutput drops text when nobody reads any more, other failures are thrown", () => {
  let writes = 0;
  const failing = (error: Error) =>
    new TextOutput({
      writeSync: () => {
        writes++;
        throw error;
      },
    });
  const piped = failing(new Deno.errors.BrokenPipe("gone"));
  piped.write("a");
  piped.write("b");
  assert.equal(piped.closed.aborted, true);
  assert.equal(writes, 1);
  assert.throws(() => failing(new Error("no space")).write("a"), {
    code: "output-failed",
    message: "Cannot write to stdout: it must take what is written, no space",
  });
});
