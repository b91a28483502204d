/** What a process that runs a job answers over HTTP, as a process on the embedded log. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { parse as parseYaml } from "yaml";
import { systemClock } from "../src/base/clock.ts";
import type { JobStatus } from "../src/runtime/job_status.ts";
import { type MetricFamily, parseExposition } from "./exposition.ts";
import { dataFolder, flights, type FlightsProcess, startFlights } from "./flights.ts";
import { needs } from "./permissions.ts";
import { promqlNames } from "./promql.ts";

const permissions = needs("read", "write", "run", "env", "net");
/** The longest that anything is waited for, in milliseconds. */
const patience = 60_000;

interface Answer {
  readonly status: number;
  readonly text: string;
}

async function ask(address: string, path: string): Promise<Answer> {
  const response = await fetch(new URL(path, address), { signal: AbortSignal.timeout(patience) });
  return { status: response.status, text: await response.text() };
}

/** Asks until the answer is what it is to be. */
async function askUntil(
  address: string,
  path: string,
  isSo: (answer: Answer) => boolean,
): Promise<Answer> {
  const deadline = systemClock.now() + patience;
  for (;;) {
    const answer = await ask(address, path);
    if (isSo(answer)) return answer;
    assert.ok(systemClock.now() < deadline, `${path} answers ${answer.status} ${answer.text}`);
    await systemClock.sleep(50);
  }
}

/** A log on which merge has written flight data; one record there is no JSON. */
async function flightData(data: string): Promise<void> {
  const make = ["datagen", "--create", "--partitions", "2", "--count", "400", "--rate", "max"];
  const bookings = [...make, "--seed", "7", "--start", "2026-01-31T00:00:00"];
  for (const args of [[...bookings, "--bad-share", "0.05"], ["merge", "--until-end", "--drain"]]) {
    const { code, stderr } = await flights(args, { data });
    assert.equal(code, 0, stderr);
  }
  const { code, stderr } = await flights(["produce", "flightdata"], {
    data,
    stdin: '{"payload":"no JSON"}\n',
  });
  assert.equal(code, 0, stderr);
}

/** Stops a process and returns its lines, each an object. */
async function stopped(
  process: FlightsProcess,
  expected = 143,
): Promise<readonly Record<string, unknown>[]> {
  process.kill("SIGTERM");
  const { code, stderr } = await process.result;
  assert.equal(code, expected, stderr);
  return stderr.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

/** Labels that Prometheus gives to all that it scrapes. */
const targetLabels = ["job", "instance"];

function checkExpression(
  expression: string,
  families: ReadonlyMap<string, MetricFamily>,
): void {
  const { metrics, labels } = promqlNames(expression);
  assert.ok(metrics.length > 0, `${expression} names no metric`);
  const known = new Set(targetLabels);
  for (const { name, matchers } of metrics) {
    const family = families.get(name);
    assert.ok(family !== undefined, `${expression}: there is no ${name}`);
    for (const { labels } of family.samples) Object.keys(labels).forEach((one) => known.add(one));
    for (const { label, operator, value } of matchers) {
      const values = family.samples.map(({ labels }) => labels[label]);
      assert.ok(values.some((one) => one !== undefined), `${expression}: ${name} has no ${label}`);
      if (operator === "=") {
        assert.ok(values.includes(value), `${expression}: no ${label} ${value}`);
      }
    }
    // A rate of what goes down too is nothing.
    const isRate = new RegExp(`(rate|increase)\\(${name}\\b`).test(expression);
    assert.equal(
      isRate && family.type !== "counter",
      false,
      `${expression}: ${name} is no counter`,
    );
  }
  for (const label of labels) assert.ok(known.has(label), `${expression}: no metric has ${label}`);
}

function readDocs(path: string): string {
  return Deno.readTextFileSync(fileURLToPath(new URL(`../docs/${path}`, import.meta.url)));
}

/** What is checked of the files for Grafana and Prometheus. */
function checkDashboard(families: ReadonlyMap<string, MetricFamily>): void {
  const { panels } = JSON.parse(readDocs("grafana/flights.json"));
  const ids = panels.map(({ id }: { id: number }) => id);
  assert.equal(new Set(ids).size, ids.length, "each panel has an id of its own");
  const targets = panels.flatMap(({ targets = [] }) => targets);
  assert.ok(targets.length > 20);
  for (const { expr, legendFormat } of targets) {
    checkExpression(expr, families);
    const named = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label);
    const { labels } = promqlNames(expr);
    for (const label of named) {
      assert.ok(labels.includes(label), `${expr}: {{${label}}} is gone by then`);
    }
  }
}

function checkAlerts(families: ReadonlyMap<string, MetricFamily>): void {
  const { groups } = parseYaml(readDocs("alerts/flights.rules.yaml"));
  const rules = groups.flatMap(({ rules }: { rules: unknown }) => rules);
  assert.ok(rules.length > 10);
  for (const { alert, expr, labels, annotations } of rules) {
    checkExpression(expr, families);
    assert.match(alert, /^Flights[A-Z]/);
    assert.ok(["warning", "critical"].includes(labels.severity), alert);
    assert.ok(annotations.summary && annotations.description, alert);
    const names = promqlNames(expr);
    const texts = `${annotations.summary} ${annotations.description}`;
    for (const [, label] of texts.matchAll(/\$labels\.(\w+)/g)) {
      const isKept = names.labels.length === 0 || names.labels.includes(label!);
      assert.ok(isKept, `${alert}: ${label} is gone by then`);
    }
  }
}

Deno.test({
  ...permissions,
  name:
    "a job answers while it runs, says nothing but that, and ends beside an open stream of events",
  fn: async (t) => {
    using folder = dataFolder();
    const data = folder.path;
    await flightData(data);
    const stats = startFlights(["stats", "--http", "127.0.0.1:0"], { data });
    const address = await stats.address();
    await askUntil(address, "/ready", ({ status }) => status === 200);
    const read = await askUntil(address, "/status", ({ text }) => {
      const [status] = (JSON.parse(text) as { jobs: JobStatus[] }).jobs;
      const inputs = status!.tasks.flatMap(({ inputs }) => inputs);
      return inputs.length === 2 && inputs.every(({ lag }) => lag === 0);
    });
    assert.equal(JSON.parse(read.text).jobs[0].applicationId, "stats");
    const families = parseExposition((await ask(address, "/metrics")).text);

    await t.step("/metrics counts what the job says at its end", () => {
      const sum = (name: string, labels: Readonly<Record<string, string>> = {}) =>
        families.get(name)!.samples
          .filter((one) =>
            Object.entries(labels).every(([key, value]) => one.labels[key] === value)
          )
          .reduce((sum, { value }) => sum + value, 0);
      assert.equal(sum("flights_records_total"), sum("flights_records_in_total"));
      assert.equal(sum("flights_records_total", { outcome: "dead_letter" }), 1);
      assert.equal(sum("flights_records_out_total", { topic: "flightdata.dead-letter" }), 1);
      assert.equal(sum("flights_ready"), 1);
      assert.ok(sum("flights_commits_total") > 0);
    });
    await t.step("the Grafana dashboard names only what there is", () => checkDashboard(families));
    await t.step("the alert rules name only what there is", () => checkAlerts(families));
    await t.step("docs/operations.md lists the metrics, with their labels", () => {
      const rows = [
        ...readDocs("operations.md").matchAll(
          /^\| `((?:flights|process)_\w+)` +\| (.*?) *\| (.*?) +\|$/gm,
        ),
      ];
      const listed = rows.map((
        [, name, labels, help],
      ) => [name, labels!.match(/\w+/g) ?? [], help]);
      assert.deepEqual(
        listed,
        [...families].map(([name, { help, samples: [sample] }], at) => [
          name,
          // Of what is not there just now the list is believed.
          sample === undefined ? listed[at]![1] : Object.keys(sample.labels),
          help,
        ]),
      );
    });
    await t.step("/live, /why and /overview answer", async () => {
      assert.equal((await ask(address, "/live")).status, 200);
      const { findings } = JSON.parse((await ask(address, "/why?job=stats")).text);
      assert.ok(findings.some(({ cause }: { cause: string }) => cause === "dead-letters"));
      const { jobs } = JSON.parse((await ask(address, "/overview")).text);
      assert.deepEqual(
        jobs.map(({ status, toldBy }: { status: JobStatus; toldBy: string }) => [
          status.applicationId,
          toldBy,
        ]),
        [["merge", "log"], ["stats", "process"]],
      );
    });

    const events = await fetch(new URL("/events", address));
    const reader = events.body!.getReader();
    await reader.read();
    const lines = await stopped(stats);
    await reader.read().catch(() => {});
    await reader.cancel().catch(() => {});
    const told = lines.filter(({ level }) => level === "info").map(({ message }) =>
      String(message).replace(/^(\S+ \S+).*$/, "$1")
    );
    assert.deepEqual(told, [
      "stats starts",
      "answers at",
      "resumes flightdata[0-1]",
      "flightdata: follows",
      "stats stopped",
    ]);
    const others = lines.filter(({ level }) => level !== "info");
    assert.deepEqual(others.map(({ level, unreported }) => [level, unreported]), [["warning", 1]]);
    await assert.rejects(ask(address, "/live"), "nobody listens there any more");
  },
});

Deno.test({
  ...permissions,
  name: "all members of a process are one job to who asks",
  fn: async () => {
    using folder = dataFolder();
    const data = folder.path;
    await flightData(data);
    const stats = startFlights(["stats", "--parallelism", "2"], { data });
    const address = await stats.address();
    const { text } = await askUntil(address, "/status", ({ text }) => {
      const [status] = (JSON.parse(text) as { jobs: JobStatus[] }).jobs;
      const held = status?.members.filter(({ partitions }) => partitions.length === 1) ?? [];
      return held.length === 2;
    });
    assert.equal(JSON.parse(text).jobs.length, 1);
    await askUntil(address, "/ready", ({ status }) => status === 200);
    const families = parseExposition((await ask(address, "/metrics")).text);
    assert.deepEqual(families.get("flights_members")!.samples, [
      { labels: { application_id: "stats" }, value: 2 },
    ]);
    await stopped(stats);
  },
});

Deno.test({
  ...permissions,
  name: "a job that waits is alive, not ready, and says for what",
  fn: async () => {
    using folder = dataFolder();
    const merge = startFlights(["merge", "--http", "0"], { data: folder.path });
    const address = await merge.address();
    const ready = await askUntil(
      address,
      "/ready",
      ({ text }) => text.includes('"waiting"'),
    );
    assert.equal(ready.status, 503);
    const { reasons } = JSON.parse(ready.text);
    const waits = reasons.find(({ cause }: { cause: string }) => cause === "waiting");
    assert.match(waits.text, /^merge waits: .*skyone/);
    assert.equal((await ask(address, "/live")).status, 200);
    await stopped(merge);
  },
});

Deno.test({
  ...permissions,
  name: "a job whose port is taken ends with exit code 2, and one without a server answers nowhere",
  fn: async () => {
    using folder = dataFolder();
    const data = folder.path;
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = taken.addr as Deno.NetAddr;
    const { code, stderr } = await flights(["merge", "--http", String(port)], { data });
    assert.equal(code, 2, stderr);
    assert.match(
      stderr,
      new RegExp(`Cannot answer at 127.0.0.1:${port}: .*another process has it`),
    );
    const silent = startFlights(["merge", "--http", "off"], { data });
    await silent.told("waiting");
    const lines = await stopped(silent);
    assert.ok(lines.every(({ address }) => address === undefined));
  },
});
