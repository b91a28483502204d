/** Where a job on Flink does other than the same job of this program, by what is set. */

import type { FlinkJob, FlinkJobOptions } from "./job_options.ts";

/** One sentence each; empty for none. */
export function differencesOf(job: FlinkJob): readonly string[] {
  return [
    ...ofReading(job.options),
    ...(job.name === "merge" ? ofMerge() : ofStats(job.options)),
    "A job submitted anew begins at --from, not where it ended: it goes on by --from-savepoint.",
    `Results are visible at each checkpoint, every ${job.options.checkpointInterval} ms here ` +
    "(--commit-interval).",
  ];
}

function ofReading({ onError, from, idleTimeout }: FlinkJobOptions): readonly string[] {
  return [
    onError === "skip"
      ? "What cannot be read is dropped and not counted (--on-error skip): Flink SQL has no dead letters."
      : "At what cannot be read the job fails and is started again by Flink, until somebody acts.",
    `A partition counts as idle when Flink has read nothing of it for ${idleTimeout} ms, be there a backlog ` +
    "or not: on a machine that is overloaded that can make its records late.",
    "JSON is read with less care: a number where a text must be is taken as its digits, and a text of " +
    "digits as a number; a time needs its seconds.",
    "No bound on times in the future (--max-future off).",
    "Watermarks come from record timestamps (--watermarks record): none are carried between jobs.",
    ...(from === "latest" ? [] : [
      "When the log has lost what was next, Flink goes on at what there is without a word.",
    ]),
  ];
}

function ofMerge(): readonly string[] {
  return [
    "flightdata is placed by its key, not by the email address: `flights stats` reads it by --repartition.",
    "Partitions are read side by side, not the oldest record first: in catch-up flightdata is out of " +
    "order by as much as Flink is ahead in one of them, and a window that reads it has late records.",
  ];
}

function ofStats({ untilEnd, outOfOrderness }: FlinkJobOptions): readonly string[] {
  return [
    ...(untilEnd
      ? ["At the end all windows close, and say `watermark` where `flights stats` says `drain`."]
      : [
        "Silence closes no windows (--no-close-on-silence): the last ones wait for a later record.",
      ]),
    "Late records are dropped (numLateRecordsDropped counts them), not kept in SOURCE.late.",
    "Time is the slowest partition's for all keys, not each partition's own: a record is late less often" +
    (outOfOrderness === 0 ? " when partitions differ." : " than --out-of-orderness says."),
    "total_flight_duration is written with a fraction: 125.0 for 125.",
  ];
}
