/**
 * `deno run -A tools/docs.ts [--write]`: the links between the Markdown files lead somewhere, the code
 * they name exists, the tests of the rules among it (tools/rules.ts), and what they show as printed by
 * the program is what it prints (tools/printed.ts); `--write` brings that up to date.
 */

import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { main } from "../src/cli/cli.ts";
import { printedProblems, type Shown, withPrinted } from "./printed.ts";
import { root } from "./process.ts";
import { rulesProblems } from "./rules.ts";

/** A Markdown file: its path in the repository and its text. */
export interface Page {
  readonly path: string;
  readonly text: string;
}

/** Tells whether a path of the repository is there. */
export type Exists = (path: string) => boolean;

/** The links and code paths of `pages` that lead nowhere, as lines for people. */
export function docsProblems(pages: readonly Page[], exists: Exists): string[] {
  const headings = new Map(pages.map(({ path, text }) => [path, anchorsOf(text)]));
  return pages.flatMap((page) => [
    ...deadLinks(page, headings, exists),
    ...missingCode(page, exists),
  ]);
}

function deadLinks(
  { path, text }: Page,
  headings: ReadonlyMap<string, ReadonlySet<string>>,
  exists: Exists,
): string[] {
  const problems: string[] = [];
  for (const [, target] of withoutCode(text).matchAll(/\]\(([^()\s]+)\)/g)) {
    if (/^[a-z]+:/.test(target!)) continue;
    const [file, anchor] = target!.split("#");
    const linked = file === "" ? path : join(dirname(path), file!);
    const dead = !exists(linked) ||
      (anchor !== undefined && headings.get(linked)?.has(anchor) === false);
    if (dead) problems.push(`${path} links to ${target}, which is not there`);
  }
  return problems;
}

/** Paths like `src/stream/task.ts` in backticks; they may be written from src/ on. */
function missingCode({ path, text }: Page, exists: Exists): string[] {
  const named = [...withoutFences(text).matchAll(/`([\w.-]+(?:\/[\w.-]+)+\.ts)`/g)];
  return [...new Set(named.map(([, code]) => code!))]
    .filter((code) => ![code, `src/${code}`, join(dirname(path), code)].some(exists))
    .map((code) => `${path} names ${code}, which is not there`);
}

/** The anchors that GitHub gives to a page's headings. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading] of withoutFences(text).matchAll(/^#+ +(.+?) *$/gm)) {
    const words = heading!.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "");
    anchors.add(words.replaceAll(" ", "-"));
  }
  return anchors;
}

function withoutFences(text: string): string {
  return text.replace(/^(```+)[^]*?^\1`*$/gm, "");
}

function withoutCode(text: string): string {
  return withoutFences(text).replace(/`[^`\n]*`/g, "");
}

function* markdownFiles(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (name.startsWith(".") || name === "node_modules") continue;
    if (isDirectory) yield* markdownFiles(join(folder, name));
    else if (name.endsWith(".md")) yield join(folder, name);
  }
}

/** What the program prints for `args`, null when it refuses them; or the text of a file. */
async function print(args: readonly string[], shown: Shown): Promise<string | null> {
  if (shown === "file") {
    const path = join(root, args[0]!);
    return existsSync(path) ? Deno.readTextFileSync(path) : null;
  }
  let out = "";
  const code = await main(args, { writeOut: (text) => out += text, writeErr: () => {} });
  return code === 0 ? out : null;
}

if (import.meta.main) {
  const files = [...markdownFiles(root)];
  if (Deno.args.includes("--write")) {
    for (const file of files) {
      const text = Deno.readTextFileSync(file);
      const written = await withPrinted(text, print);
      if (written !== text) Deno.writeTextFileSync(file, written);
    }
  }
  const pages = files.map((file) => ({
    path: relative(root, file),
    text: Deno.readTextFileSync(file),
  }));
  const exists = (path: string) => existsSync(join(root, path));
  const read = (path: string) => exists(path) ? Deno.readTextFileSync(join(root, path)) : null;
  const problems = [
    ...docsProblems(pages, exists),
    ...rulesProblems(read("docs/semantics.md") ?? "", read),
    ...await printedProblems(pages, print),
  ];
  for (const problem of problems) console.error(problem);
  console.log(`${pages.length} pages, ${problems.length} dead ends`);
  if (problems.length > 0) Deno.exitCode = 1;
}
