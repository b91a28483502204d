/** Frames as tests state them. */

import type { Frame } from "../frame.ts";
import type { ShownRecord } from "../newest_records.ts";
import type { LogOverview } from "../overview.ts";
import {
  inputStatus,
  jobOverview,
  jobStatus,
  logOverview,
  noon,
  taskStatus,
  windowStatus,
} from "../test_overviews.ts";
import { why } from "../why/why.ts";

/** A result of stats, a second before noon. */
export function result(value: string | null, change: Partial<ShownRecord> = {}): ShownRecord {
  return {
    topic: "userstatistics",
    partition: 3,
    offset: 9,
    timestamp: noon - 1_000,
    key: null,
    value,
    headers: [],
    ...change,
  };
}

/** What is seen of an overview, with what `why` says of it. */
export function frameOf(overview: LogOverview, change: Partial<Frame> = {}): Frame {
  return {
    version: 1,
    overview,
    findings: why(overview),
    results: [],
    strays: [],
    leaders: [],
    ...change,
  };
}

/** Merge and stats at work: merge has taken `taken` offsets of skyone, stats is 1,230 records behind. */
export function twoJobs(taken = 10, at = noon): LogOverview {
  const skyone = inputStatus("skyone", { position: taken, watermark: noon - 4_000 });
  const flights = inputStatus("flightdata", { lag: 1_230, watermark: noon - 65_000 });
  const window = windowStatus(noon - 60_000, { keys: 12 });
  return logOverview([
    jobOverview(jobStatus("merge", [taskStatus([skyone], { partition: 2 })], {
      writes: ["flightdata"],
    })),
    jobOverview(jobStatus("stats", [
      taskStatus([flights], { partition: 1, windows: { count: 1, earliest: [window] } }),
      taskStatus([inputStatus("flightdata")], { partition: 4 }),
    ], { writes: ["userstatistics"] })),
  ], { at });
}
