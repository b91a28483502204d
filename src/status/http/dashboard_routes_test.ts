import assert from "node:assert/strict";
import { SimulatedClock } from "../../base/clock.ts";
import type { Frame } from "../frame.ts";
import { logOverview, noon } from "../test_overviews.ts";
import { dashboardRoutes } from "./dashboard_routes.ts";

/** The routes over frames that are counted, and a clock that stands. */
function counted({ failing = () => false }: { readonly failing?: () => boolean } = {}) {
  const clock = new SimulatedClock(noon);
  let looks = 0;
  const dashboard = dashboardRoutes(() => {
    looks++;
    if (failing()) return Promise.reject(new Error("no broker is there"));
    const overview = logOverview([], { at: clock.now() });
    const frame: Frame = {
      version: 1,
      overview,
      findings: [],
      results: [],
      strays: [],
      leaders: [],
    };
    return Promise.resolve(frame);
  }, { clock });
  const open = async () => {
    const url = new URL("http://127.0.0.1:9464/events");
    return await dashboard.routes["/events"]!(new Request(url), url);
  };
  const second = async () => {
    clock.advance(1_000);
    await settled();
  };
  return { dashboard, open, second, looks: () => looks };
}

/** Lets all that needs no time happen. */
async function settled(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}

type Reader = ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;

async function next(reader: Reader): Promise<string | null> {
  const { done, value } = await reader.read();
  return done ? null : new TextDecoder().decode(value);
}

Deno.test("/events is a stream of frames, one a second, each whole", async () => {
  const { open, second, dashboard } = counted();
  const response = await open();
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  const reader = response.body!.getReader();
  assert.equal(await next(reader), "retry: 1000\n\n");
  for (let i = 0; i < 3; i++) {
    const event = await next(reader);
    const [, data] = /^event: frame\ndata: (.*)\n\n$/.exec(event!)!;
    assert.equal((JSON.parse(data!) as Frame).overview.at, noon + i * 1_000);
    await second();
  }
  dashboard.close();
});

Deno.test("one look serves all pages, and with nobody there none is made", async () => {
  const { open, second, looks } = counted();
  await second();
  assert.equal(looks(), 0);
  const readers = (await Promise.all([open(), open(), open()])).map(({ body }) =>
    body!.getReader()
  );
  await settled();
  await second();
  assert.equal(looks(), 2);
  await readers[0]!.cancel();
  await readers[1]!.cancel();
  await second();
  assert.equal(looks(), 3);
  await readers[2]!.cancel();
  await second();
  await second();
  assert.equal(looks(), 3);
  // Who comes again is served again.
  const again = (await open()).body!.getReader();
  await settled();
  assert.equal(looks(), 4);
  await again.cancel();
});

Deno.test("a page that does not take its frames is cut off, the others are not", async () => {
  const { open, second, looks } = counted();
  const [slow, quick] = [(await open()).body!.getReader(), (await open()).body!.getReader()];
  let taken = 0;
  const reading = (async () => {
    while (await next(quick) !== null) taken++;
  })();
  for (let i = 0; i < 100; i++) await second();
  let buffered = 0;
  while (await next(slow) !== null) buffered++;
  assert.ok(buffered <= 10, `${buffered} events were kept for it`);
  assert.equal(looks(), 101);
  assert.equal(taken, 102);
  await quick.cancel();
  await reading;
});

Deno.test("why no look could be made is told, and the next one follows", async () => {
  let fails = true;
  const { open, second, dashboard } = counted({ failing: () => fails });
  const reader = (await open()).body!.getReader();
  await next(reader);
  assert.equal(await next(reader), 'event: failed\ndata: {"reason":"no broker is there"}\n\n');
  fails = false;
  await second();
  assert.match((await next(reader))!, /^event: frame\n/);
  dashboard.close();
  assert.equal(await next(reader), null);
});
