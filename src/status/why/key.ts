/** What a job has saved of a key, and what that waits for. */

import { partitionForText } from "../../base/murmur2.ts";
import { counted } from "../../base/words.ts";
import type { SavedWindow, StateEntry, StateReading } from "../../runtime/read_state.ts";
import type { JobOverview, LogOverview } from "../overview.ts";
import { windowFinding } from "./event_time.ts";
import { type Finding, finding } from "./finding.ts";
import { clockTime, places, windowName } from "./words.ts";

/** Of so many entries the value is told. */
const toldEntries = 4;
/** A value is cut after so many characters. */
const longestValue = 120;

/** What can be said of a key in a job. @param options `state`: what was read of the key. */
export function keyFindings(
  job: JobOverview,
  overview: LogOverview,
  { key, state }: { readonly key: string; readonly state: StateReading },
): readonly Finding[] {
  const { applicationId, tasks } = job.status;
  const { entries, windows, isWhole } = state;
  const lies = homes(key, job, overview);
  if (entries.length === 0 && windows.length === 0) {
    const text = `${applicationId} has saved nothing of the key ${key}${
      isWhole ? "" : " among what could be looked through"
    }: no record of it has come to it, or none that counted${lies}`;
    return [finding("key-unknown", { job: applicationId, text, figures: { key } })];
  }
  const open = windows.map((saved) => {
    const live = tasks.filter(({ stage, partition }) =>
      stage === saved.stage && partition === saved.partition
    );
    const window = live.flatMap((task) => task.windows.earliest).find((one) =>
      one.operator === saved.operator && one.start === saved.start && one.end === saved.end
    );
    const one = { window: window ?? saved, keys: 1, tasks: live };
    return windowFinding(job, { open: one, at: overview.at, key });
  });
  return [
    ...open,
    ...(entries.length === 0 ? [] : [savedState(applicationId, state, { key, at: overview.at })]),
  ];
}

function savedState(
  job: string,
  { entries, windows }: StateReading,
  { key, at }: { readonly key: string; readonly at: number },
): Finding {
  const told = entries.slice(0, toldEntries).map((entry) => entryText(entry, { key, at })).join(
    "; ",
  );
  const more = entries.length > toldEntries ? `; and ${entries.length - toldEntries} more` : "";
  return finding("key-state", {
    job,
    text: `${job} has saved ${counted(entries.length, "value")} of the key ` +
      `${key} in ${where([...entries, ...windows])}, as of its last commit: ${told}${more}`,
    figures: { key, entries: entries.length, windows: windows.length },
  });
}

function entryText(
  { table, name, value }: StateEntry,
  { key, at }: { readonly key: string; readonly at: number },
): string {
  const rest = name.filter((part) => part !== key);
  const [start, end] = rest;
  // Windows are called by their times.
  const what = rest.length === 2 && typeof start === "number" && typeof end === "number"
    ? windowName({ start, end }, at)
    : rest.join(" ");
  const text = JSON.stringify(value);
  const short = text.length > longestValue ? `${text.slice(0, longestValue)}...` : text;
  return `${table}${what === "" ? "" : ` (${what})`} ${short}`;
}

/** The tasks that hold something. */
function where(held: readonly (StateEntry | SavedWindow)[]): string {
  const byStage = Map.groupBy(held, ({ stage }) => stage);
  return [...byStage].map(([stage, all]) => places(stage, all.map(({ partition }) => partition)))
    .join(" and ");
}

/** Where records of a key lie that are placed by it (semantics 22). */
function homes(
  key: string,
  { status: { reads, tasks } }: JobOverview,
  { topics, at }: LogOverview,
): string {
  const found = reads.flatMap((topic) => {
    const count = topics.find(({ name }) => name === topic)?.partitions.length ?? 0;
    if (count === 0) return [];
    const partition = partitionForText(key, count);
    const watermark = tasks.flatMap((task) => task.partition === partition ? task.inputs : [])
      .find((input) => input.topic === topic)?.watermark ?? null;
    const time = watermark === null
      ? "no record has come there"
      : `read to ${clockTime(watermark, at)}`;
    return [`${places(topic, [partition])} (${time})`];
  });
  return found.length === 0
    ? ""
    : `; if it is what places records, they lie in ${found.join(", ")}`;
}
