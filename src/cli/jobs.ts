/** The jobs, made from the options of their commands: by the command itself, and by its workers. */

import { type AsOf, mergeTopology } from "../flights/merge.ts";
import { statsTopology } from "../flights/stats.ts";
import type { Job } from "../runtime/job_options.ts";
import type { Topology } from "../stream/topology.ts";
import { type JobCommandOptions, watermarkStrategy } from "./job_flags.ts";

/** The options of merge. */
export type MergeCommandOptions = JobCommandOptions & {
  readonly asOf: AsOf;
  readonly outputTopic: string;
};

/** The options of stats. */
export type StatsCommandOptions = JobCommandOptions & {
  readonly window: number;
  readonly perWindow?: true;
  readonly allowedLateness: number;
  readonly repartition?: true;
  readonly inputTopic: string;
  readonly outputTopic: string;
};

/** A job by its name and options; unlike the job itself it can be handed to another thread. */
export type JobRequest =
  | { readonly name: "merge"; readonly options: MergeCommandOptions }
  | { readonly name: "stats"; readonly options: StatsCommandOptions };

/** The job that is asked for. */
export function jobOf(request: JobRequest): Job {
  return { applicationId: request.options.applicationId, topology: topologyOf(request) };
}

function topologyOf({ name, options }: JobRequest): Topology {
  switch (name) {
    case "merge":
      return mergeTopology({
        asOf: options.asOf,
        output: options.outputTopic,
        watermarks: watermarkStrategy(options),
      });
    case "stats":
      return statsTopology({
        window: options.window,
        allowedLateness: options.allowedLateness,
        perWindow: options.perWindow === true,
        repartition: options.repartition === true,
        input: options.inputTopic,
        output: options.outputTopic,
        watermarks: watermarkStrategy(options),
      });
  }
}
