/** A live view for who reads lines: one a job, when something has changed. */

import type { Frame } from "../frame.ts";
import type { History } from "../history.ts";
import { harmless } from "./cells.ts";
import { type Figures, figuresOf } from "./job_rows.ts";
import { clock, count, rate } from "./words.ts";

/** Makes the lines of frames. */
export class ChangedLines {
  /** What was told last of each job. */
  readonly #told = new Map<string, string>();

  /** The lines of the jobs of which there is something new; `history` has taken in the frame. */
  add(frame: Frame, history: History): readonly string[] {
    const { overview: { jobs, at }, findings } = frame;
    return jobs.flatMap((job) => {
      const name = job.status.applicationId;
      const finding = findings.find(({ job }) => job === name);
      const reason = finding === undefined ? "" : `; ${harmless(finding.text)}`;
      const text = lineOf(figuresOf(job, history)) + reason;
      if (this.#told.get(name) === text) return [];
      this.#told.set(name, text);
      return [`${clock(at)} ${text}`];
    });
  }
}

function lineOf({ job, state, perSecond, lag, watermark, holder, windows }: Figures): string {
  const held = watermark === null || holder === "" ? "" : ` held by ${holder}`;
  return [
    `${job} ${state}`,
    ...(perSecond === null ? [] : [`${rate(perSecond)} rec/s`]),
    `lag ${count(lag)}`,
    `watermark ${watermark === null ? "none yet" : clock(watermark)}${held}`,
    ...(windows === null ? [] : [`${count(windows)} open windows`]),
  ].join(", ");
}
