/** Where the time goes: a job under V8's sampling profiler, and its functions by their own time. */

import { join } from "node:path";
import type { Log } from "../../src/log/log.ts";
import { catchUp, type CatchUpOptions } from "./catch_up.ts";
import { commandLine, type Site } from "./processes.ts";

/** A part of V8's profile format. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      /** From 0. */
      readonly lineNumber: number;
    };
  }[];
  /** A node's id each. */
  readonly samples: readonly number[];
  /** Microseconds from the sample before. */
  readonly timeDeltas: readonly number[];
}

/** A function and the time that was spent in it, not in what it calls. */
export interface SelfTime {
  readonly name: string;
  readonly milliseconds: number;
  /** Of all time in which the thread did something. */
  readonly share: number;
}

/** What a thread did. */
export interface Profile {
  readonly busyMilliseconds: number;
  /** Waiting: for the log, for the next commit. */
  readonly idleMilliseconds: number;
  /** The function that took most first. */
  readonly functions: readonly SelfTime[];
}

/** Runs a job from its source under the profiler. */
export async function profileJob(
  log: Log,
  site: Site,
  options: Omit<CatchUpOptions, "runs">,
): Promise<Profile> {
  const folder = await Deno.makeTempDir({ dir: site.folder, prefix: "profile-" });
  const [program, run, ...rest] = commandLine();
  const command = [program, run!, "--cpu-prof", `--cpu-prof-dir=${folder}`, ...rest] as const;
  await catchUp(log, { ...site, command }, { ...options, runs: 1 });
  // The start with nothing to do has left one, too.
  const files = [...Deno.readDirSync(folder)].map(({ name }) => join(folder, name));
  const texts = await Promise.all(files.map((file) => Deno.readTextFile(file)));
  const profiles = texts.map((text) => JSON.parse(text) as CpuProfile);
  profiles.sort((a, b) => b.samples.length - a.samples.length);
  return profileOf(profiles[0]!);
}

/** Adds up the samples of a profile by function. */
export function profileOf({ nodes, samples, timeDeltas }: CpuProfile): Profile {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const micros = new Map<string, number>();
  let [busy, idle] = [0, 0];
  for (const [i, sample] of samples.entries()) {
    const name = names.get(sample)!;
    // A sample's time is that until the next one.
    const time = timeDeltas[i + 1] ?? 0;
    if (name === "(idle)") {
      idle += time;
    } else {
      busy += time;
      micros.set(name, (micros.get(name) ?? 0) + time);
    }
  }
  const functions = [...micros]
    .sort(([, a], [, b]) => b - a)
    .map(([name, time]) => ({ name, milliseconds: time / 1e3, share: time / busy }));
  return { busyMilliseconds: busy / 1e3, idleMilliseconds: idle / 1e3, functions };
}

/** As in "#flush src/log/records/builder.ts:222"; the line is that of the function's beginning. */
function nameOf({ functionName, url, lineNumber }: CpuProfile["nodes"][number]["callFrame"]) {
  const name = functionName === "" ? "(anonymous)" : functionName;
  if (url === "") return name;
  const file = url.replace(/^.*\/(?=(?:src|main\.ts|npm|node_modules)\b)/, "");
  return `${name} ${file}:${lineNumber + 1}`;
}
