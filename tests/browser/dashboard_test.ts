/// <reference lib="dom" />
import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import {
  inputStatus,
  jobOverview,
  jobStatus,
  logOverview,
  noon,
  taskStatus,
  topicOverview,
} from "../../src/status/test_overviews.ts";
import { dataFolder, flights, startFlights } from "../flights.ts";
import { needs } from "../permissions.ts";
import { findChromium, launchChromium } from "./chromium.ts";
import { frameOf, minute, openPage, serveFrames } from "./page.ts";

const { ignore } = needs("read", "write", "run", "env", "net", "sys");
const executable = ignore ? null : await findChromium();
if (!ignore && executable === null) console.log("Left out without Chromium: tests/browser");

type Body = (browser: Browser) => Promise<void>;

const steps: (readonly [name: string, body: Body])[] = [];

/** A step: one browser does for all of them; each has pages of its own. */
function test(name: string, body: Body): void {
  steps.push([name, body]);
}

Deno.test({
  ignore: executable === null,
  name: "dashboard",
  fn: async (t) => {
    const browser = await launchChromium(executable!);
    try {
      for (const [name, body] of steps) await t.step(name, () => body(browser));
    } finally {
      await browser.close();
    }
  },
});

test("what a real run has to tell is there, and stays live", async (browser) => {
  using folder = dataFolder();
  const data = folder.path;
  const created = ["datagen", "--create", "--count", "300", "--rate", "max", "--bad-share", "0.02"];
  assert.equal((await flights([...created, "--late-share", "0.05"], { data })).code, 0);
  const jobs = [
    startFlights(["merge"], { data }),
    startFlights(["stats"], { data }),
    startFlights(["datagen", "--rate", "20"], { data }),
    startFlights(["ui", "--http", "0"], { data }),
  ];
  const ui = jobs.at(-1)!;
  try {
    const address = await ui.address();
    await using watched = await openPage(browser, address);
    const { page, errors } = watched;
    const flow = page.locator(".flow svg");
    for (
      const name of [
        "datagen",
        "skyone",
        "sunset",
        "merge",
        "flightdata",
        "stats",
        "userstatistics",
      ]
    ) {
      await flow.getByText(name, { exact: true }).waitFor();
    }
    await page.getByRole("rowheader", { name: "flightdata[4]" }).waitFor();
    await page.getByRole("heading", { name: "Leading travellers" }).waitFor();
    await page.locator("[data-cause=dead-letters]").first().waitFor();
    const stray = page.locator("details").first();
    await stray.locator("summary").click();
    await stray.getByText("source-offset").waitFor();
    const before = await countOn(page, "skyone");
    await page.waitForFunction(
      (before) =>
        Number(/skyone([\d,]+) records/.exec(document.querySelector(".flow svg")!.textContent!)![1]!
          .replaceAll(",", "")) > before,
      before,
    );
    await page.locator(".arrow.flows").first().waitFor();
    assert.deepEqual(errors, []);
  } finally {
    for (const job of jobs) job.kill("SIGTERM");
    for (const job of jobs) assert.equal((await job.result).code, 143);
  }
});

async function countOn(page: Page, topic: string): Promise<number> {
  const text = await page.locator(".flow svg").textContent();
  return Number(new RegExp(`${topic}([\\d,]+) records`).exec(text!)![1]!.replaceAll(",", ""));
}

test("the picture says that it is old while the server is away, and is live again after", async (browser) => {
  let i = 0;
  const first = serveFrames(() => minute(i++));
  const { port } = new URL(first.address);
  await using watched = await openPage(browser, first.address);
  const { page } = watched;
  await page.locator(".connection.live").waitFor();
  await first.close();
  await page.locator(".connection.lost").waitFor();
  assert.match(
    await page.locator(".connection").innerText(),
    /reconnecting, the picture is .* old/,
  );
  await page.getByText("A@email.com").waitFor();
  const second = serveFrames(() => minute(i++), { port: Number(port) });
  try {
    await page.locator(".connection.live").waitFor();
  } finally {
    await page.close();
    await second.close();
  }
});

test("the page comes again after an answer that is no stream, as of a proxy", async (browser) => {
  let i = 0;
  const server = serveFrames(() => minute(i++));
  await using watched = await openPage(browser, server.address);
  const { page } = watched;
  await page.locator(".connection.live").waitFor();
  let refused = 0;
  await page.route("**/events", async (route) => {
    if (refused++ < 2) await route.fulfill({ status: 502, body: "no" });
    else await route.continue();
  });
  const { port } = new URL(server.address);
  await server.close();
  const second = serveFrames(() => minute(i++), { port: Number(port) });
  try {
    await page.locator(".connection.lost").waitFor();
    await page.locator(".connection.live").waitFor();
    assert.ok(refused > 2);
  } finally {
    await page.close();
    await second.close();
  }
});

test("a dead letter that is open stays while newer ones come", async (browser) => {
  let i = 0;
  const topic = "skyone.dead-letter";
  const server = serveFrames(() => {
    const frame = minute(i);
    const strays = Array.from({ length: 3 }, (_, n) => ({
      topic,
      partition: 0,
      offset: i + n,
      timestamp: noon + i + n,
      key: null,
      value: `value ${i + n}`,
      headers: [],
    })).reverse();
    i++;
    const topics = [...frame.overview.topics, topicOverview(topic)];
    return { ...frame, strays, overview: { ...frame.overview, topics } };
  });
  try {
    await using watched = await openPage(browser, server.address);
    const { page, errors } = watched;
    // Within the page: the list moves on ten times a second.
    await page.evaluate(() => document.querySelector("summary")!.click());
    const value = await page.locator("details[open] pre").innerText();
    await page.waitForFunction(
      (value) => {
        const all = [...document.querySelectorAll("pre")].map((one) => one.textContent);
        return all.length === 4 && all.at(-1) === value && all[0] !== value;
      },
      value,
    );
    assert.equal(await page.locator("details[open] pre").innerText(), value);
    await page.locator("details[open] summary").click();
    await page.waitForFunction(() => document.querySelectorAll("details").length === 3);
    assert.deepEqual(errors, []);
  } finally {
    await server.close();
  }
});

test("what is in a record or a name is shown and never run", async (browser) => {
  const hostile = `<img src=x onerror="document.title='run'"><script>document.title='run'</script>`;
  const topic = `${hostile}.dead-letter`;
  const job = jobStatus(hostile, [taskStatus([inputStatus(hostile)])], { writes: ["out"] });
  const frame = frameOf(
    logOverview([jobOverview(job)], { topics: [topicOverview(hostile), topicOverview(topic)] }),
    {
      leaders: [{ email_address: hostile, total_flight_duration: 1, number_of_flights: 1 }],
      strays: [{
        topic,
        partition: 0,
        offset: 0,
        timestamp: noon,
        key: hostile,
        value: hostile,
        headers: [["error-reason", hostile], ["error-message", hostile], [hostile, hostile]],
      }],
    },
  );
  const server = serveFrames(() => frame);
  try {
    await using watched = await openPage(browser, server.address);
    const { page, errors } = watched;
    await page.locator("summary").click();
    assert.equal(await page.locator("pre").innerText(), hostile);
    assert.equal(await page.locator("img").count(), 0);
    assert.equal(await page.locator("main script").count(), 0);
    assert.equal(await page.title(), "flights");
    assert.deepEqual(errors, []);
  } finally {
    await server.close();
  }
});

test("a log that does not answer is told of, with its reason, and shown again when it does", async (browser) => {
  let failure: string | null = "Cannot reach the broker: it is away";
  let i = 0;
  const server = serveFrames(() => {
    if (failure !== null) throw new Error(failure);
    return minute(i++);
  });
  try {
    const page = await browser.newPage();
    await page.goto(server.address);
    await page.getByRole("status").getByText(failure).waitFor();
    failure = null;
    await page.locator(".connection.live").waitFor();
    failure = "Cannot reach the broker: it is away again";
    await page.getByRole("status").getByText(`${failure}, the picture is`).waitFor();
    await page.getByText("A@email.com").waitFor();
    await page.close();
  } finally {
    await server.close();
  }
});

test("a log without jobs says so, and shows no empty parts", async (browser) => {
  const server = serveFrames(() => frameOf(logOverview([])));
  try {
    await using watched = await openPage(browser, server.address);
    await watched.page.getByText(
      "No job has run on this log yet. Start one, such as flights merge.",
    ).waitFor();
    assert.equal(await watched.page.locator(".flow, .charts").count(), 0);
    assert.deepEqual(watched.errors, []);
  } finally {
    await server.close();
  }
});

test("a hundred partitions can all be reached, by keyboard too", async (browser) => {
  const tasks = Array.from(
    { length: 100 },
    (_, partition) =>
      taskStatus([inputStatus("flightdata", { watermark: noon - partition * 100 })], { partition }),
  );
  const server = serveFrames(() => frameOf(logOverview([jobOverview(jobStatus("stats", tasks))])));
  try {
    await using watched = await openPage(browser, server.address);
    const { page, errors } = watched;
    assert.equal(await page.locator(".event-time tbody tr").count(), 100);
    const region = page.getByRole("region", { name: "partitions of stats" });
    await region.focus();
    await page.keyboard.press("End");
    await page.waitForFunction(() =>
      document.querySelector(".event-time .scroll")!.scrollTop > 500
    );
    assert.deepEqual(errors, []);
  } finally {
    await server.close();
  }
});

test("no rule of axe is broken, in light and dark, and a phone needs no sideways scroll", async (browser) => {
  const { default: { source } } = await import("axe-core");
  let i = 0;
  const server = serveFrames(() => {
    const frame = minute(i++);
    return {
      ...frame,
      strays: [{
        topic: "skyone.dead-letter",
        partition: 0,
        offset: 4,
        timestamp: noon,
        key: "k",
        value: "{",
        headers: [["error-reason", "not-json"], ["source-topic", "skyone"]],
      }],
      overview: {
        ...frame.overview,
        topics: [...frame.overview.topics, topicOverview("skyone.dead-letter")],
      },
    };
  });
  try {
    for (const colorScheme of ["light", "dark"] as const) {
      for (const width of [1240, 360]) {
        await using watched = await openPage(browser, server.address, { colorScheme, width });
        const { page } = watched;
        await page.locator("summary").click();
        // Not as a script of the page, which takes none from elsewhere.
        await page.evaluate(source);
        const broken = await page.evaluate(async () => {
          const { violations } = await (globalThis as unknown as {
            axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
          }).axe.run();
          return violations.map(({ id, nodes }) => `${id}: ${nodes[0]!.html}`);
        });
        assert.deepEqual(broken, [], `${colorScheme} ${width}`);
        const sideways = await page.evaluate(() =>
          document.documentElement.scrollWidth - document.documentElement.clientWidth
        );
        assert.equal(sideways, 0, `${colorScheme} ${width}`);
      }
    }
  } finally {
    await server.close();
  }
});
