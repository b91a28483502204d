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

/** Runs a job from its source under the profiler; returns the functions that took most. */
export async function profileJob(
  log: Log,
  site: Site,
  { top, ...options }: Omit<CatchUpOptions, "runs"> & { readonly top: number },
): Promise<readonly SelfTime[]> {
  const folder = await Deno.makeTempDir({ dir: site.folder, prefix: "profile-" });
  const [program, run, ...rest] = commandLine();
  const command = [program, run!, "--cpu-prof", `--cpu-prof-dir=${folder}`, ...rest] as const;
  await catchUp(log, { ...site, command }, { ...options, runs: 1 });
  // The start with nothing to do has left one, too.
  const files = [...Deno.readDirSync(folder)].map(({ name }) => join(folder, name));
  const texts = await Promise.all(files.map((file) => Deno.readTextFile(file)));
  const profiles = texts.map((text) => JSON.parse(text) as CpuProfile);
  profiles.sort((a, b) => b.samples.length - a.samples.length);
  return selfTimes(profiles[0]!).slice(0, top);
}

/** The functions of a profile, the one that took most first. Waiting is left out. */
export function selfTimes({ nodes, samples, timeDeltas }: CpuProfile): readonly SelfTime[] {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const micros = new Map<string, number>();
  let busy = 0;
  for (const [i, sample] of samples.entries()) {
    const name = names.get(sample)!;
    if (name === "(idle)") continue;
    // A sample's time is that until the next one.
    const time = timeDeltas[i + 1] ?? 0;
    micros.set(name, (micros.get(name) ?? 0) + time);
    busy += time;
  }
  return [...micros]
    .sort(([, a], [, b]) => b - a)
    .map(([name, time]) => ({ name, milliseconds: time / 1e3, share: time / busy }));
}

/** As in "#flush src/log/records/builder.ts:222"; the line is that of the function's beginning. */
function nameOf({ functionName, url, lineNumber }: CpuProfile["nodes"][number]["callFrame"]) {
  const name = functionName === "" ? "(anonymous)" : functionName;
  if (url === "") return name;
  const file = url.replace(/^.*\/(?=(?:src|main\.ts|npm|node_modules)\b)/, "");
  return `${name} ${file}:${lineNumber + 1}`;
}
