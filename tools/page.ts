/**
 * `deno task page [--check]`: bundles the dashboard's page, which lies in the repository ready to be
 * served, so that nobody who runs the program needs to. Its first line tells what it was made of:
 * another deno may bundle the same sources to other text. `--check`: fails when the sources are others.
 */

import { createHash } from "node:crypto";
import { join, relative, resolve } from "node:path";
import config from "../deno.json" with { type: "json" };
import { root, runDeno } from "./process.ts";

const main = join(root, "src/status/page/main.tsx");
const bundle = join(root, "src/status/page/dashboard.bundle.js");
/** The packages that the page is made with. */
const packages = ["preact", "uplot"] as const;

/** The files whose code the page is made of: `main` and what it imports, but for types. */
export async function sourcesOf(
  main: string,
  read: (path: string) => Promise<string> = Deno.readTextFile,
): Promise<ReadonlyMap<string, string>> {
  const sources = new Map<string, string>();
  const add = async (path: string) => {
    if (sources.has(path)) return;
    const text = await read(path);
    sources.set(path, text);
    for (const [, name] of text.matchAll(/^import (?!type\b)[^;]*?"(\.[^"]+)";/gm)) {
      await add(resolve(path, "..", name!));
    }
  };
  await add(main);
  return sources;
}

/** The first line of the bundle: what it was made of, and what was made, so that no hand changes it. */
async function signature(made: string): Promise<string> {
  const hash = createHash("sha256");
  for (const name of packages) hash.update(config.imports[name]);
  const sources = [...await sourcesOf(main)].sort(([a], [b]) => a < b ? -1 : 1);
  for (const [path, text] of sources) hash.update(`${relative(root, path)}\n${text}\n`);
  const result = createHash("sha256").update(made);
  const [sourceHash, madeHash] = [hash, result].map((one) => one.digest("hex").slice(0, 16));
  return `/* Made by \`deno task page\` of sources ${sourceHash} as ${madeHash} */\n`;
}

async function bundlePage(): Promise<string> {
  const folder = await Deno.makeTempDir();
  try {
    const output = join(folder, "page.js");
    const args = ["bundle", "--quiet", "--platform", "browser", "--minify", "--output", output];
    const { success, stderr } = await runDeno([...args, main]);
    if (!success) throw new Error(`Cannot bundle the page: deno bundle says ${stderr.trim()}`);
    return await Deno.readTextFile(output);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) {
  if (!Deno.args.includes("--check")) {
    const made = await bundlePage();
    await Deno.writeTextFile(bundle, await signature(made) + made);
  } else {
    const text = await Deno.readTextFile(bundle);
    const made = text.slice(text.indexOf("\n") + 1);
    if (text !== await signature(made) + made) {
      console.error(
        "Cannot take the dashboard as it is: it must be what `deno task page` made of the sources that are " +
          "here, it is another; run `deno task page`",
      );
      Deno.exitCode = 1;
    }
  }
}
