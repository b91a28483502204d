/** What is told of a job while it runs and when it stops, whether it has one member here or more. */

import { describeDuration } from "../base/duration.ts";
import { formatTime } from "../base/time.ts";
import type { JobObserver } from "../runtime/job_options.ts";
import type { JobStatus } from "../runtime/job_status.ts";
import { type OutcomeCounts, sumOutcomes, totalOf } from "../stream/task/counts.ts";
import type { JobCommandOptions } from "./job_flags.ts";
import type { Fields, Teller } from "./logging.ts";
import { ProgressLine } from "./progress_line.ts";
import { resumeLines } from "./resume_lines.ts";
import { describeHolder, sourceLines, unreportedLines } from "./watermark_lines.ts";
import { counted } from "../base/words.ts";

/** Tells of one run of a job: in lines above a progress line. */
export class JobTeller {
  readonly #tell: Teller;
  readonly #options: JobCommandOptions;
  readonly #progress: ProgressLine;
  /** What each member waits for. */
  readonly #waiting = new Map<number, string>();
  /** What has been warned of: each member finds the same. */
  readonly #warned = new Set<string>();
  /** What each input goes by. */
  readonly #sources = new Map<string, string>();
  /** The watermark of each task whose open windows were fired. */
  readonly #drained = new Map<number, number>();
  #status: JobStatus | null = null;

  constructor(tell: Teller, options: JobCommandOptions) {
    this.#tell = tell;
    this.#options = options;
    this.#progress = new ProgressLine(options.applicationId, options.untilEnd === true);
  }

  /** The job as it was told last, of all members together; none before anything was. */
  get statuses(): readonly JobStatus[] {
    return this.#status === null ? [] : [this.#status];
  }

  /**
   * Is told what a member does.
   *
   * @param member its number, from 1; 0 (the default): the only one, or all of them together.
   */
  observer(member = 0): JobObserver {
    return {
      waiting: (reason) => this.#tellWaiting(member, reason),
      replaced: (reason) =>
        this.#line(
          "warning",
          member,
          `joining again: ${reason}; it goes on by itself from what was committed (semantics 16)`,
        ),
      warned: ({ level, message, topics }) => {
        this.#lineOnce(level, message, { topics });
      },
      resumed: (inputs) => {
        for (const { level, message, fields } of resumeLines(inputs, this.#options.from)) {
          this.#line(level, member, message, fields);
        }
      },
      drained: (partition, watermark) => this.#drained.set(partition, watermark),
      status: (status) => {
        if (status.waitingFor === null) this.#waiting.delete(member);
        if (member !== 0) return;
        this.#status = status;
        this.#tellStatus(status);
      },
    };
  }

  /** Tells what the inputs go by (semantics 24), and shows how far the job is. */
  #tellStatus(status: JobStatus): void {
    const isRecordMode = this.#options.watermarks === "record";
    for (
      const { topic, goesBy, message, fields } of sourceLines(status, {
        told: this.#sources,
        isRecordMode,
      })
    ) {
      this.#sources.set(topic, goesBy);
      this.#line("info", 0, message, fields);
    }
    for (const { message, fields } of unreportedLines(status)) {
      this.#lineOnce("warning", message, fields);
    }
    this.#progress.show(status);
  }

  /** Tells what several members find, or what is found again and again, once. */
  #lineOnce(level: "info" | "warning", message: string, fields: Fields): void {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    this.#line(level, 0, message, fields);
  }

  /** Tells of what all members wait for once; the reason itself names who stands in the way. */
  #tellWaiting(member: number, reason: string): void {
    const isKnown = [...this.#waiting].some(([other, its]) => other !== member && its === reason);
    this.#waiting.set(member, reason);
    if (!isKnown) this.#line("info", 0, `waiting: ${reason}`);
  }

  /** Tells a line above the progress line, which is drawn anew below. */
  #line(level: "info" | "warning", member: number, message: string, fields: Fields = {}): void {
    this.#progress.clear();
    if (member === 0) this.#tell[level](message, fields);
    else this.#tell[level](`member ${member}: ${message}`, { member, ...fields });
  }

  /** Tells a warning about the job. */
  warn(message: string): void {
    this.#line("warning", 0, message);
  }

  /** Tells what came in and went out, when the job has stopped. */
  end(status: JobStatus): void {
    this.close();
    if (this.#drained.size > 0) tellDrained(this.#tell, this.#drained);
    tellEnd(this.#tell, status);
  }

  /** Takes the progress line away. */
  close(): void {
    this.#progress.clear();
  }
}

function tellDrained(tell: Teller, drained: ReadonlyMap<number, number>): void {
  const last = Math.max(...drained.values());
  tell.info(
    `drained: open windows of ${counted(drained.size, "task")} fired, the last ends at ${
      formatTime(last + 1)
    }`,
    { watermarks: Object.fromEntries(drained) },
  );
}

/** What came in and went out, when a job stops: a line for each stage, the last one's last. */
function tellEnd(tell: Teller, status: JobStatus): void {
  const { applicationId, outputs } = status;
  const stages = [...Map.groupBy(status.tasks, ({ stage }) => stage)];
  const [, tasks = []] = stages.pop() ?? [];
  for (const [stage, tasks] of stages) {
    const outcomes = sumOutcomes(tasks.map((task) => task.outcomes));
    const held = tasks.reduce((sum, task) => sum + task.held, 0);
    const fields = { stage, records: totalOf(outcomes), ...outcomes, held };
    tell.info(`${stage} before it is repartitioned: ${describeOutcomes(outcomes, held)}`, fields);
  }
  const outcomes = sumOutcomes(tasks.map((task) => task.outcomes));
  const held = tasks.reduce((sum, task) => sum + task.held, 0);
  const records = totalOf(outcomes);
  const holder = describeHolder(tasks);
  const waiting = holder === null ? "" : `; ${held} held, waiting for ${holder}`;
  const stopped = `${applicationId} stopped after ${
    describeDuration(status.at - status.startedAt)
  }`;
  tell.info(
    tasks.length === 0
      ? `${stopped}: it had no partitions`
      : `${stopped}: ${describeOutcomes(outcomes, held)}${waiting}`,
    { records, ...outcomes, held, outputs },
  );
}

/** What became of all records since the job began, for people. */
export function describeOutcomes(outcomes: OutcomeCounts, held: number): string {
  const { used, windowed, deadLetter, ...others } = outcomes;
  const parts = Object.entries({ used: used + windowed - held, ...others, held })
    .map(([name, count]) => ({ count, text: `${count} ${name}` }));
  parts.push({ count: deadLetter, text: counted(deadLetter, "dead letter") });
  const shown = parts.filter(({ count }) => count > 0).map(({ text }) => text).join(", ");
  const records = totalOf(outcomes);
  const lateShare = records === 0 ? 0 : outcomes.late / records * 100;
  return `${counted(records, "record")} in since the job began${
    shown === "" ? "" : ` (${shown})`
  }, ` +
    `late share ${lateShare.toFixed(2)} %`;
}
