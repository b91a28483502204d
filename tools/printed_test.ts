import assert from "node:assert/strict";
import { type Print, printedProblems, withPrinted } from "./printed.ts";

const print: Print = (args) =>
  Promise.resolve(args[0] === "say" ? `${args.slice(1).join("\n")}\n` : null);

/** A page with a block behind a comment. */
const page = (args: string, block: string) =>
  `# Page\n\n<!-- flights ${args} -->\n\n\`\`\`mermaid\n${block}\`\`\`\n\n\`\`\`sh\nother\n\`\`\`\n`;

Deno.test("printedProblems accepts what the program prints, and blocks without a command", async () => {
  const text = page("say a b", "a\nb\n");
  assert.deepEqual(await printedProblems([{ path: "a.md", text }], print), []);
  assert.equal(await withPrinted(text, print), text);
});

Deno.test("printedProblems reports what is not printed any more, which --write mends", async () => {
  const text = page("say a b", "a\n");
  assert.deepEqual(await printedProblems([{ path: "a.md", text }], print), [
    "a.md does not show what `flights say a b` prints: run tools/docs.ts --write",
  ]);
  assert.equal(await withPrinted(text, print), page("say a b", "a\nb\n"));
});

Deno.test("printedProblems reports a command that is refused, which stays as it is", async () => {
  const text = page("sing", "a\n");
  assert.deepEqual(await printedProblems([{ path: "a.md", text }], print), [
    "a.md shows what `flights sing` prints, which is refused",
  ]);
  assert.equal(await withPrinted(text, print), text);
});

Deno.test("printedProblems reports a file that reads otherwise, which --write mends, or is not there", async () => {
  const file: Print = ([path], shown) =>
    Promise.resolve(shown === "file" && path === "a.ts" ? "new\n" : null);
  const text = (path: string) => `<!-- file ${path} -->\n\n\`\`\`ts\nold\n\`\`\`\n`;
  const pages = [{ path: "a.md", text: text("a.ts") }, { path: "b.md", text: text("b.ts") }];
  assert.deepEqual(await printedProblems(pages, file), [
    "a.md does not show what a.ts holds: run tools/docs.ts --write",
    "b.md shows what b.ts holds, which is not there",
  ]);
  assert.equal(await withPrinted(text("a.ts"), file), text("a.ts").replace("old", "new"));
});
