/** Windows on a time line: those that were fired just now, and those that are open. */

import type { Frame } from "../frame.ts";
import { clock, count, duration } from "./format.ts";

/** So many of the fired windows are shown. */
const shownFired = 8;

/** A window on the time line. */
interface Shown {
  readonly start: number;
  readonly end: number;
  readonly isOpen: boolean;
  readonly text: string;
}

/** The time line. */
export function Windows({ frame }: { readonly frame: Frame }) {
  const all = [...fired(frame), ...open(frame)].sort((a, b) => a.end - b.end || a.start - b.start);
  if (all.length === 0) return null;
  const from = Math.min(...all.map(({ start }) => start));
  const now = frame.overview.at;
  const watermark = leastWatermark(frame);
  const to = Math.max(...all.map(({ end }) => end), watermark ?? 0);
  const x = (time: number) => Math.min(100, Math.max(0, (time - from) / (to - from) * 100));
  return (
    <section class="windows" aria-labelledby="windows">
      <h2 id="windows">Windows</h2>
      <div class="axis" aria-hidden="true">
        <span>{clock(from)}</span>
        <span>{clock(to)}</span>
      </div>
      <ol class="line">
        {all.map(({ start, end, isOpen, text }) => (
          <li key={`${start} ${end} ${isOpen}`}>
            <span class="track">
              <i
                class={isOpen ? "open" : "fired"}
                style={{ left: `${x(start)}%`, width: `${x(end) - x(start)}%` }}
              />
              {watermark !== null && <b style={{ left: `${x(watermark)}%` }} />}
            </span>
            <span class="name">{clock(start)} {isOpen ? "open" : "fired"}</span>
            <span class="what">{text}</span>
          </li>
        ))}
      </ol>
      {watermark !== null && (
        <p class="quiet">
          The line is the watermark, {clock(watermark)}: {duration(now - watermark)}{" "}
          behind the clock.
        </p>
      )}
    </section>
  );
}

/** Windows with results among the newest ones, by their headers. */
function fired({ results }: Frame): readonly Shown[] {
  const windows = new Map<string, { count: number; by: Set<string> }>();
  for (const { headers } of results) {
    const get = (name: string) => headers.find(([one]) => one === name)?.[1] ?? null;
    const [start, end] = [get("window-start"), get("window-end")];
    if (start === null || end === null || !/^\d+$/.test(start + end)) continue;
    const window = windows.get(`${start} ${end}`) ?? { count: 0, by: new Set() };
    window.count++;
    const by = get("closed-by");
    if (by !== null) window.by.add(by);
    windows.set(`${start} ${end}`, window);
  }
  return [...windows].map(([name, { count, by }]) => {
    const [start, end] = name.split(" ").map(Number) as [number, number];
    const text = `${count} of the newest results, closed by ${[...by].join(", ")}`;
    return { start, end, isOpen: false, text };
  }).sort((a, b) => b.end - a.end).slice(0, shownFired);
}

function open({ overview }: Frame): readonly Shown[] {
  const windows = new Map<string, { keys: number; silenceAt: number | null }>();
  for (const { status } of overview.jobs) {
    for (const { start, end, keys, silenceAt } of status.tasks.flatMap((t) => t.windows.earliest)) {
      if (start === null || end === null) continue;
      const known = windows.get(`${start} ${end}`);
      windows.set(`${start} ${end}`, {
        keys: keys + (known?.keys ?? 0),
        silenceAt: known === undefined ? silenceAt : later(known.silenceAt, silenceAt),
      });
    }
  }
  return [...windows].map(([name, { keys, silenceAt }]) => {
    const [start, end] = name.split(" ").map(Number) as [number, number];
    const silence = silenceAt === null ? "" : `, silence closes it at ${clock(silenceAt)}`;
    return { start, end, isOpen: true, text: `${count(keys)} keys${silence}` };
  });
}

function later(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : Math.max(a, b);
}

/** The least watermark of all tasks that have windows open. */
function leastWatermark({ overview }: Frame): number | null {
  const times = overview.jobs.flatMap(({ status }) => status.tasks)
    .filter(({ windows }) => windows.count > 0)
    .flatMap(({ watermark }) => watermark ?? []);
  return times.length === 0 ? null : Math.min(...times);
}
