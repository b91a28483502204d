/** A real Chromium, headless, for tests and pictures: one that is installed, and in the gate one that is made so. */

import type { Browser } from "playwright-core";
import { run } from "../../tools/process.ts";

const places = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
];

/** Where Chromium is, by CHROMIUM or in a usual place; null where it is not. */
export async function findChromium(): Promise<string | null> {
  const named = Deno.env.get("CHROMIUM");
  for (const place of named === undefined ? places : [named]) {
    const isThere = await Deno.stat(place).then(({ isFile }) => isFile, () => false);
    if (isThere) return place;
  }
  return null;
}

/**
 * Installs Debian's Chromium where there is none.
 *
 * @throws {Error} where that cannot be done.
 */
export async function installChromium(): Promise<string> {
  const found = await findChromium();
  if (found !== null) return found;
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends"] as const;
  for (const command of [["apt-get", "update", "-qq"], [...install, "chromium"]] as const) {
    const { success, stderr } = await run([...command], { env, timeoutMs: 180_000 })
      .catch((error) => ({ success: false, stderr: String(error) }));
    if (!success) {
      throw new Error(
        "Cannot test in a browser: Chromium must be installed (CHROMIUM may name it) or be had by " +
          `${command.join(" ")} as root, that says ${stderr.trim()}`,
      );
    }
  }
  const installed = await findChromium();
  if (installed === null) throw new Error("Cannot test in a browser: apt-get brought no Chromium");
  return installed;
}

/** Starts it. The arguments are what it needs in a container. */
export async function launchChromium(executablePath: string): Promise<Browser> {
  // Not loaded where tests are only listed: it looks at the environment.
  const { chromium } = await import("playwright-core");
  return await chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--enable-precise-memory-info",
      "--js-flags=--expose-gc",
    ],
  });
}

if (import.meta.main) console.log(await installChromium());
