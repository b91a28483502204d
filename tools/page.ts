/**
 * `deno task page [--check]`: bundles the dashboard's page, which lies in the repository ready to be
 * served, so that nobody who runs the program needs to. `--check`: fails when it is not what its sources
 * make.
 */

import { root, runDeno } from "./process.ts";

const source = `${root}src/status/page/main.tsx`;
const bundle = `${root}src/status/page/dashboard.bundle.js`;

/** The bundle as the sources make it now. @throws {Error} when they cannot be bundled. */
export async function bundlePage(): Promise<string> {
  const folder = await Deno.makeTempDir();
  try {
    const output = `${folder}/page.js`;
    const args = ["bundle", "--quiet", "--platform", "browser", "--minify", "--output", output];
    const { success, stderr } = await runDeno([...args, source]);
    if (!success) throw new Error(`Cannot bundle the page: ${stderr.trim()}`);
    return await Deno.readTextFile(output);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) {
  const made = await bundlePage();
  if (!Deno.args.includes("--check")) {
    await Deno.writeTextFile(bundle, made);
    console.log(`${bundle.slice(root.length)}: ${made.length} characters`);
  } else if (made !== await Deno.readTextFile(bundle)) {
    console.error(
      "Cannot take the page as it is: its bundle is not what src/status/page makes; run `deno task page`",
    );
    Deno.exitCode = 1;
  }
}
