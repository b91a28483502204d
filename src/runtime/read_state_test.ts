/** What is read of a job's state from outside, held against its changelogs and against its own tasks. */

import assert from "node:assert/strict";
import type { Log } from "../log/log.ts";
import { operatorCases } from "../stream/tests/test_operators.ts";
import { runJob } from "./job.ts";
import type { JobStatus } from "./job_status.ts";
import { readState, type SavedWindow, type StateEntry } from "./read_state.ts";
import { openCase } from "./test_cases.ts";
import { fails, openLog, overlay, sales, sell, until, untilEnd } from "./test_sales.ts";

const job = "a-job";

type NaiveEntry = Omit<StateEntry, "stage"> & { readonly topic: string };

/** All that the changelogs of the job come to: the last value under each key. */
async function naiveState(log: Log): Promise<readonly NaiveEntry[]> {
  const found: NaiveEntry[] = [];
  for (const { name: topic, id: topicId, partitions } of await log.describeTopics()) {
    if (!topic.startsWith(`${job}-changelog-`)) continue;
    for (const [partition, { startOffset, endOffset }] of partitions.entries()) {
      const last = new Map<string, string>();
      for (let offset = startOffset; offset < endOffset;) {
        const [fetched] = await log.fetch([{ topic, partition, offset, topicId }]);
        for (const batch of fetched!.batches) {
          for (let i = batch.firstAt(offset); i < batch.count; i++) {
            const [key, value] = [batch.keyText(i)!, batch.valueText(i)];
            if (value === null) last.delete(key);
            else last.set(key, value);
          }
        }
        offset = fetched!.nextOffset;
      }
      for (const [key, value] of last) {
        const [table, ...name] = JSON.parse(key);
        found.push({ topic, partition, table, name, value: JSON.parse(value) });
      }
    }
  }
  return found.filter(({ table }) => table !== "shape");
}

/** Of these entries those of a key: it is named, or is the first of what is saved, or owns the pane. */
function naiveEntriesOf(key: string, all: readonly NaiveEntry[]): readonly NaiveEntry[] {
  const isPane = ({ name }: NaiveEntry) => name.length === 1 && typeof name[0] === "number";
  const isOwnPane = (one: NaiveEntry) => isPane(one) && (one.value as string[])[0] === key;
  return all.filter((one) => {
    const { topic, partition, table, name } = one;
    if (name.includes(key) || isOwnPane(one)) return true;
    return table.endsWith("/elements") &&
      all.some((pane) =>
        pane.topic === topic && pane.partition === partition && isOwnPane(pane) &&
        pane.name[0] === name[0] && `${pane.table}/elements` === table
      );
  });
}

function sorted<T>(all: readonly T[]): readonly T[] {
  return all.toSorted((a, b) => JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
}

Deno.test("readState finds of each key what the changelogs of every operator's job come to", async () => {
  const counts = { cases: 0, entries: 0, elements: 0 };
  for (const operatorCase of operatorCases) {
    const log = await openCase(operatorCase);
    const options = untilEnd({ commitInterval: 0 });
    await runJob(log, { applicationId: job, topology: operatorCase.topology() }, options);
    const all = await naiveState(log);
    for (const key of "abcdefghi") {
      const { entries, isWhole } = await readState(log, job, { key });
      const told = entries.map(({ stage, ...one }) => ({
        topic: `${job}-changelog-${stage}`,
        ...one,
      }));
      const naive = naiveEntriesOf(key, all);
      assert.deepEqual(sorted(told), sorted(naive), `${operatorCase.name}, ${key}`);
      assert.ok(isWhole);
      counts.entries += entries.length;
      counts.elements += entries.filter(({ table }) => table.endsWith("/elements")).length;
      if (entries.length > 0) counts.cases++;
    }
    await log.close();
  }
  assert.ok(
    counts.cases > 50 && counts.entries > 200 && counts.elements > 10,
    JSON.stringify(counts),
  );
});

function windowsOf({ tasks }: JobStatus) {
  return tasks.flatMap(({ stage, partition, windows: { earliest } }) =>
    earliest.map((window) => ({ stage, partition, ...window, silenceAt: null }))
  );
}

/** The first eight of each operator, as a status lists them. */
function listed(windows: readonly SavedWindow[]) {
  const places = Map.groupBy(
    windows,
    ({ stage, partition, operator }) => JSON.stringify([stage, partition, operator]),
  );
  return [...places.values()].flatMap((all) => all.slice(0, 8)).map(({ held: _, ...one }) => one);
}

Deno.test("readState finds the windows that a member told to be open", async () => {
  let windows = 0;
  for (const operatorCase of operatorCases) {
    const log = await openCase(operatorCase);
    const told = await runJob(
      log,
      { applicationId: job, topology: operatorCase.topology() },
      untilEnd({ commitInterval: 0 }),
    );
    const found = await readState(log, job);
    assert.deepEqual(sorted(listed(found.windows)), sorted(windowsOf(told)), operatorCase.name);
    const held = found.windows.reduce((sum, one) => sum + one.held, 0);
    const toldHeld = told.tasks.reduce((sum, one) => sum + one.held, 0);
    assert.ok(held <= toldHeld, `${operatorCase.name}: ${held} of ${toldHeld} are in windows`);
    assert.deepEqual(found.entries, []);
    windows += found.windows.length;
    await log.close();
  }
  assert.ok(windows > 50, `only ${windows} were open`);
});

Deno.test("readState reads beside a member that runs, and counts the windows of one key apart", async () => {
  const log = await openLog();
  await sell(log, [0, 1, "a"], [1, 2, "b"], [2, 4, "a"]);
  const stop = new AbortController();
  let status: JobStatus | null = null;
  const running = runJob(log, sales(), {
    commitInterval: 1,
    signal: stop.signal,
    observer: { status: (told) => void (status = told) },
  });
  await until(() =>
    (status?.tasks[0]?.inputs[0]?.position ?? 0) === 3 && status!.commits.count > 0
  );
  await until(async () => (await readState(log, "sales-job")).windows[0]?.held === 3);
  const { windows: [all] } = await readState(log, "sales-job");
  assert.deepEqual([all!.keys, all!.held, all!.start, all!.end], [2, 3, 0, 60_000]);
  const { windows: [own], entries } = await readState(log, "sales-job", { key: "a" });
  assert.deepEqual([own!.keys, own!.held], [1, 2]);
  assert.deepEqual(
    entries.map(({ name, value }) => [name, value]),
    [[[0, 60_000, "a"], [{ shop: "a", sum: 5 }, 2]]],
  );
  await sell(log, [61, 8, "a"]);
  await until(async () => (await readState(log, "sales-job")).windows[0]?.start === 60_000);
  stop.abort();
  await running;
  await log.close();
});

Deno.test("readState follows a job that commits while it reads: what was compacted has a newer entry", async () => {
  const log = await openLog();
  await sell(log, [0, 1, "a"]);
  await runJob(log, sales(), untilEnd());
  const before = await log.describeGroup("sales-job");
  await sell(log, [1, 2, "a"]);
  await runJob(log, sales(), untilEnd());
  let looks = 0;
  const meanwhile = overlay(log, {
    describeGroup: (group) => looks++ === 0 ? Promise.resolve(before) : log.describeGroup(group),
  });
  const { entries } = await readState(meanwhile, "sales-job", { key: "a" });
  assert.deepEqual(entries.map(({ value }) => value), [[{ shop: "a", sum: 3 }, 2]]);
  await log.close();
});

Deno.test("readState says what is missing, and has nothing to tell of a job without state", async () => {
  const log = await openLog();
  assert.deepEqual(await readState(log, "nobody", { key: "a" }), {
    applicationId: "nobody",
    entries: [],
    windows: [],
    isWhole: true,
  });
  await sell(log, [0, 1, "a"]);
  await runJob(log, sales(), untilEnd());
  const changelog = "sales-job-changelog-sales";
  const stands = overlay(log, {
    fetch: (positions) =>
      Promise.resolve(positions.map(({ topic, partition, offset }) => ({
        topic,
        partition,
        topicId: "",
        batches: [],
        nextOffset: offset,
        endOffset: offset,
      }))),
  });
  await fails("log-unreachable", readState(stands, "sales-job"));
  await log.createTopics([{ name: changelog, partitions: 1, cleanup: "compact" }], { anew: true });
  await fails("offset-out-of-range", readState(log, "sales-job"));
  await log.deleteTopics([changelog]);
  await fails("topic-missing", readState(log, "sales-job"));
  await log.close();
});
