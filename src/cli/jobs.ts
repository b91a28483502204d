/** The jobs, made from the options of their commands: by the command itself, and by its workers. */

import { type AsOf, mergeTopology } from "../flights/merge.ts";
import { statsTopology } from "../flights/stats.ts";
import type { Job } from "../runtime/job_options.ts";
import type { Topology } from "../stream/topology.ts";
import { type JobCommandOptions, type TimeOptions, watermarkStrategy } from "./job_flags.ts";

/** What merge has of its own. A type, since commander asks for a record. */
export type MergeOwnOptions = { readonly asOf: AsOf; readonly outputTopic: string };

/** What stats has of its own. A type, since commander asks for a record. */
export type StatsOwnOptions = {
  readonly window: number;
  readonly perWindow?: true;
  readonly allowedLateness: number;
  readonly repartition?: true;
  readonly inputTopic: string;
  readonly outputTopic: string;
};

/** A job's topology by its name and the options that change it. */
export type TopologyRequest =
  | { readonly name: "merge"; readonly options: TimeOptions & MergeOwnOptions }
  | { readonly name: "stats"; readonly options: TimeOptions & StatsOwnOptions };

/** A job by its name and options; unlike the job itself it can be handed to another thread. */
export type JobRequest =
  | { readonly name: "merge"; readonly options: JobCommandOptions & MergeOwnOptions }
  | { readonly name: "stats"; readonly options: JobCommandOptions & StatsOwnOptions };

/** The job that is asked for. */
export function jobOf(request: JobRequest): Job {
  return { applicationId: request.options.applicationId, topology: topologyOf(request) };
}

/** The topology that is asked for. */
export function topologyOf({ name, options }: TopologyRequest): Topology {
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
