/// <reference lib="dom" />
/** Throughput and lag of the last ten minutes. */

import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { History } from "../history.ts";
import { clock, count, rate } from "./format.ts";

type Series = ReadonlyMap<string, readonly (number | null)[]>;

/** Both charts. */
export function Charts({ history }: { readonly history: History }) {
  const { points } = history;
  const jobs = [...(points.at(-1)?.taken.keys() ?? [])];
  const times = points.map(({ at }) => at / 1_000);
  const throughput: Series = new Map(jobs.map((job) => [
    job,
    points.map((_, i) => history.rateAt(i, ({ taken }) => taken.get(job))),
  ]));
  const lag: Series = new Map(jobs.map((job) => [
    job,
    points.map((point) => point.lag.get(job) ?? null),
  ]));
  return (
    <section class="charts" aria-labelledby="charts">
      <h2 id="charts">Throughput and lag</h2>
      <div class="columns">
        <Chart title="Records a second" times={times} series={throughput} format={rate} />
        <Chart title="Records behind" times={times} series={lag} format={count} whole />
      </div>
    </section>
  );
}

interface ChartOptions {
  readonly title: string;
  /** Seconds since the epoch. */
  readonly times: readonly number[];
  readonly series: Series;
  readonly format: (value: number) => string;
  /** Whether the axis counts by whole numbers only. */
  readonly whole?: boolean;
}

const height = 160;

function Chart({ title, times, series, format, whole = false }: ChartOptions) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const names = [...series.keys()];
  const data = [times, ...series.values()] as unknown as uPlot.AlignedData;
  useEffect(() => {
    const element = place.current!;
    const made = new uPlot(optionsOf(names, { element, whole }), data, element);
    plot.current = made;
    const resized = new ResizeObserver(() =>
      made.setSize({ width: Math.max(100, element.clientWidth), height })
    );
    resized.observe(element);
    return () => {
      resized.disconnect();
      made.destroy();
    };
  }, [names.join("\n")]);
  useEffect(() => plot.current?.setData(data));
  const newest = names.map((name) => {
    const value = series.get(name)!.at(-1);
    return `${name} ${value === null || value === undefined ? "none yet" : format(value)}`;
  });
  return (
    <figure>
      <figcaption>
        {title}
        <span class="keys">
          {newest.map((text, i) => <span key={text} class={`key series-${i % 4}`}>{text}</span>)}
        </span>
      </figcaption>
      <div ref={place} role="img" aria-label={`${title}: ${newest.join(", ")}`} />
    </figure>
  );
}

/** Colours are read when they are drawn, so that they follow the page from light to dark. */
function optionsOf(
  names: readonly string[],
  { element, whole }: { readonly element: HTMLElement; readonly whole: boolean },
): uPlot.Options {
  const color = (name: string) => () => {
    // A colour that differs in light and dark is known by its use only.
    element.style.color = `var(${name})`;
    return getComputedStyle(element).color;
  };
  const axis = {
    stroke: color("--muted"),
    grid: { stroke: color("--line"), width: 1 },
    ticks: { show: false },
    font: "12px system-ui, sans-serif",
  };
  return {
    width: Math.max(100, element.clientWidth),
    height,
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_, __, max) => [0, Math.max(1, max * 1.1)] } },
    axes: [
      {
        ...axis,
        size: 28,
        space: 90,
        incrs: timeSteps,
        values: (_, all) => all.map((at) => clock(at * 1_000)),
      },
      {
        ...axis,
        size: 56,
        ...(whole && { incrs: wholeSteps }),
        values: (_, all) => all.map(short),
      },
    ],
    series: [
      {},
      ...names.map((name, i) => ({
        label: name,
        stroke: color(`--series-${i % 4}`),
        width: 1.5,
        points: { show: false },
      })),
    ],
  };
}

/** Seconds: the clock shows no less, and would repeat itself. */
const timeSteps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600];

const wholeSteps = Array.from({ length: 12 }, (_, i) => [1, 2, 5].map((step) => step * 10 ** i))
  .flat();

function short(value: number): string {
  return value >= 1_000 ? `${value / 1_000}k` : String(value);
}
