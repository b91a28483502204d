import assert from "node:assert/strict";
import { join } from "node:path";
import { pictures } from "../../tools/pictures.ts";
import { root } from "../../tools/process.ts";
import { needsTerminal } from "./python.ts";

const path = "docs/pictures/terminal.svg";

Deno.test({
  ...needsTerminal(),
  name: "the terminal's picture in README shows what the program draws",
  fn: async () => {
    const { make } = pictures.find((picture) => picture.path === path)!;
    const kept = await Deno.readTextFile(join(root, path));
    assert.ok(kept === await make(), `${path} is old: \`deno task pictures\` makes it anew`);
  },
});
