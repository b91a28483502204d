/// <reference lib="dom" />
import assert from "node:assert/strict";
import v8 from "node:v8";
import vm from "node:vm";
import type { Browser, Page } from "playwright-core";
import { noon } from "../../src/status/test_overviews.ts";
import { needs } from "../permissions.ts";
import { findChromium, launchChromium } from "./chromium.ts";
import { minute, openPage, serveFrames } from "./page.ts";

const { ignore } = needs("read", "write", "run", "env", "net", "sys");
const executable = ignore ? null : await findChromium();
if (!ignore && executable === null) {
  console.log("Left out without Chromium: tests/browser/hour_test.ts");
}

Deno.test({
  ignore: executable === null,
  name: "a dashboard left open for an hour of looks leaks nothing on either side",
  fn: async () => {
    const browser = await launchChromium(executable!);
    try {
      await watchAnHour(browser);
    } finally {
      await browser.close();
    }
  },
});

async function watchAnHour(browser: Browser): Promise<void> {
  const looks = 3_600;
  // The history of ten minutes is full by then.
  const settledAt = 2_000;
  let [i, taken] = [0, 0];
  let page: Page | null = null;
  const measured: { page: number; nodes: number; server: number }[] = [];
  const done = Promise.withResolvers<void>();
  const server = serveFrames(async () => {
    // As fast as the page takes them: one that lags behind would be cut off, and miss some.
    if (page !== null && i % 8 === 0 && i <= looks) {
      await shows(page, i - 1);
      if (i === settledAt || i === looks) measured.push(await measure(page));
      taken = i;
      if (i === looks) done.resolve();
    }
    return minute(i++);
  }, { interval: 1 });
  try {
    await using watched = await openPage(browser, server.address);
    page = watched.page;
    await done.promise;
    assert.equal(taken, looks);
    const [early, late] = measured as [typeof measured[0], typeof measured[0]];
    for (const side of ["page", "server"] as const) {
      const grown = (late[side] - early[side]) / 1e6;
      // A look that is kept takes some kilobytes, and there are 1,600 of them.
      assert.ok(grown < 3, `the ${side}'s heap grew by ${grown.toFixed(2)} MB`);
    }
    // Some that are gone are counted until the browser sweeps them; one a look would be 1,600 more.
    assert.ok(late.nodes < early.nodes + 1_000, `${early.nodes} nodes became ${late.nodes}`);
    assert.deepEqual(watched.errors, []);
  } finally {
    page = null;
    await server.close();
  }
}

/** Waits until the page shows the look `count`, or a later one. */
async function shows(page: Page, count: number): Promise<void> {
  await page.evaluate((time) =>
    new Promise<void>((resolve) => {
      const connection = document.querySelector(".connection")!;
      const check = () => {
        const [, shown] = /^live, (\S+)/.exec(connection.textContent!) ?? [];
        if (shown === undefined || shown < time) return;
        observer.disconnect();
        resolve();
      };
      const observer = new MutationObserver(check);
      observer.observe(connection, { childList: true, characterData: true, subtree: true });
      check();
    }), new Date(noon + count * 1_000).toISOString().slice(11, 19));
}

/** What both sides hold, in bytes and elements, once the garbage is gone. */
async function measure(page: Page): Promise<{ page: number; nodes: number; server: number }> {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  const { nodes } = await session.send("Memory.getDOMCounters");
  await session.detach();
  collectGarbage();
  const { heapUsed, external } = Deno.memoryUsage();
  return { page: usedSize, nodes, server: heapUsed + external };
}

/** What V8 has for this process, too, without a flag on its command line. */
function collectGarbage(): void {
  v8.setFlagsFromString("--expose-gc");
  (vm.runInNewContext("gc") as () => void)();
}
