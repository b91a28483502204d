/**
 * Reads what /metrics answers as strictly as the description of Prometheus' text format 0.0.4 says:
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */

import assert from "node:assert/strict";

/** One family of metrics. */
export interface MetricFamily {
  readonly type: string;
  readonly help: string;
  readonly samples: readonly MetricSample[];
}

/** One line with a value. */
export interface MetricSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const namePattern = /^[a-z][a-z0-9_]*$/;
const samplePattern = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const labelPattern = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(,|$)/y;

/**
 * The families by name.
 *
 * @throws an assertion where the text is not the format, a family comes twice or without type and help,
 * two samples have the same labels, or a name or a type is not what promtool asks for.
 */
export function parseExposition(text: string): ReadonlyMap<string, MetricFamily> {
  assert.ok(text.endsWith("\n"), "the last line must end");
  const families = new Map<string, MetricFamily & { readonly samples: MetricSample[] }>();
  let current = "";
  let help: string | null = null;
  for (const line of text.slice(0, -1).split("\n")) {
    if (line === "") continue;
    const [, kind, name, rest] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (kind === "HELP") {
      help = rest!;
      current = name!;
      assert.match(name!, namePattern);
    } else if (kind === "TYPE") {
      assert.equal(name, current, "HELP and TYPE of a family stand together");
      assert.ok(!families.has(name!), `${name} comes twice`);
      families.set(name!, { type: rest!, help: help!, samples: [] });
    } else {
      const sample = parseSample(line);
      assert.equal(sample.name, current, `${line} stands under ${current}`);
      families.get(current)!.samples.push(sample);
    }
  }
  for (const [name, family] of families) assertConventions(name, family);
  return families;
}

function parseSample(line: string): MetricSample & { readonly name: string } {
  const [, name, inside = "", number] = samplePattern.exec(line) ?? [];
  assert.ok(name !== undefined && number !== undefined, `${JSON.stringify(line)} is no sample`);
  assert.match(number, /^(-?\d+(\.\d+)?(e[+-]?\d+)?|NaN|[+-]Inf)$/, line);
  const labels: Record<string, string> = {};
  let read = 0;
  while (read < inside.length) {
    labelPattern.lastIndex = read;
    const [all, label, value] = labelPattern.exec(inside) ?? [];
    assert.ok(all !== undefined, `${line}: no label at ${inside.slice(read)}`);
    assert.ok(!Object.hasOwn(labels, label!), `${line}: ${label} comes twice`);
    labels[label!] = value!.replace(/\\(.)/g, (_, one) => one === "n" ? "\n" : one);
    read = labelPattern.lastIndex;
  }
  return { name, labels, value: Number(number) };
}

/** What `promtool check metrics` asks for. */
function assertConventions(name: string, { type, help, samples }: MetricFamily): void {
  assert.ok(["counter", "gauge"].includes(type), `${name} is a ${type}`);
  assert.equal(name.endsWith("_total"), type === "counter", `${name} is a ${type}`);
  assert.doesNotMatch(name, /_(count|sum|bucket|info_total)$/);
  assert.doesNotMatch(name, /milli|micro|minutes|kilo|mega|gauge|counter/, "base units only");
  assert.match(help, /^[A-Z0-9].*\.$/, `the help of ${name}`);
  const seen = new Set<string>();
  for (const { labels, value } of samples) {
    const key = JSON.stringify(Object.entries(labels).sort());
    assert.ok(!seen.has(key), `${name}${key} comes twice`);
    seen.add(key);
    if (type === "counter") assert.ok(value >= 0, `${name}${key} is ${value}`);
    for (const label of Object.keys(labels)) assert.doesNotMatch(label, /^__/);
  }
}
