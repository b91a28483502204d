import assert from "node:assert/strict";
import { join } from "node:path";
import { pictures } from "../../tools/pictures.ts";
import { root } from "../../tools/process.ts";
import { needsTerminal } from "./python.ts";

const path = "docs/pictures/terminal.svg";

Deno.test({
  ...needsTerminal(),
  name: "the terminal's picture in README shows what the program prints (deno task pictures)",
  fn: async () => {
    const { make } = pictures.find((picture) => picture.path === path)!;
    assert.equal(await Deno.readTextFile(join(root, path)), await make());
  },
});
