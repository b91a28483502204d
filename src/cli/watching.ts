/** Watching jobs: a live picture on a terminal, lines elsewhere. */

import type { Clock } from "../base/clock.ts";
import type { Frame } from "../status/frame.ts";
import { History } from "../status/history.ts";
import { SharedLook, type Watcher } from "../status/shared_look.ts";
import { ChangedLines } from "../status/terminal/lines.ts";
import { picture, type Scene } from "../status/terminal/picture.ts";
import { LiveTerminal } from "./live_terminal.ts";
import type { TextOutput } from "./text_output.ts";

/** How to watch. */
export interface WatchOptions {
  readonly output: TextOutput;
  /** The command, for the title of the picture. */
  readonly title: string;
  /** The one job to show, partition by partition; default: all. */
  readonly job?: string | undefined;
  /** Whether each look is told as JSON, an object a job. */
  readonly json: boolean;
  /** Whether a picture is drawn on the terminal, and not told in lines. */
  readonly draws: boolean;
  /** Whether colours are wanted. */
  readonly color: boolean;
  readonly clock: Clock;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** Shows what `look` sees, once a second, until it is stopped or nobody reads any more. */
export async function watchJobs(look: () => Promise<Frame>, options: WatchOptions): Promise<void> {
  const { output, signal, clock } = options;
  const ends = [signal, output.closed];
  const terminal = options.draws && !options.json ? new LiveTerminal(output, options) : null;
  if (terminal !== null) ends.push(terminal.quit);
  const watcher = terminal !== null
    ? drawing(terminal, options)
    : options.json
    ? tellingJson(output)
    : tellingLines(output);
  const frames = new SharedLook(async () => framed(await look(), options.job), { clock });
  const failed = new AbortController();
  // What cannot be shown any more ends the watching, and not the looks of others.
  const guarded = <T>(show: (value: T) => void) => (value: T) => {
    try {
      show(value);
    } catch (error) {
      failed.abort(error);
    }
  };
  const unwatch = frames.watch({
    seen: guarded((frame: Frame) => watcher.seen(frame)),
    failed: guarded((reason: string) => watcher.failed(reason)),
  });
  try {
    await aborted(AbortSignal.any([...ends, failed.signal]));
  } finally {
    unwatch();
    terminal?.close();
  }
  failed.signal.throwIfAborted();
}

/** What of a frame is about one job. What holds it back can be another, so all were looked at. */
function framed(frame: Frame, job: string | undefined): Frame {
  if (job === undefined) return frame;
  const { overview, findings } = frame;
  const jobs = overview.jobs.filter(({ status }) => status.applicationId === job);
  const topics = new Set(jobs.flatMap(({ status }) => status.writes));
  return {
    ...frame,
    overview: { ...overview, jobs },
    findings: findings.filter((finding) => finding.job === job),
    results: frame.results.filter(({ topic }) => topics.has(topic)),
  };
}

function drawing(
  terminal: LiveTerminal,
  { title, job }: WatchOptions,
): Watcher<Frame> {
  const history = new History();
  const scene = { title, history, byPartition: job !== undefined };
  let last: Scene | null = null;
  const show = (next: Scene) => {
    last = next;
    terminal.show((size) => picture(next, size));
  };
  return {
    seen: (frame) => {
      history.add(frame.overview);
      show({ ...scene, frame });
    },
    failed: (failure) => {
      if (last !== null) show({ ...last, failure });
    },
  };
}

function tellingLines(output: TextOutput): Watcher<Frame> {
  const history = new History();
  const lines = new ChangedLines();
  return {
    seen: (frame) => {
      history.add(frame.overview);
      for (const line of lines.add(frame, history)) output.write(`${line}\n`);
    },
    failed: (reason) => output.write(`cannot look: ${reason}\n`),
  };
}

function tellingJson(output: TextOutput): Watcher<Frame> {
  return {
    seen: ({ overview: { jobs } }) => {
      for (const { status, toldBy } of jobs) {
        output.write(`${JSON.stringify({ ...status, toldBy })}\n`);
      }
    },
    // It is told of with the next look that succeeds, by the time in it.
    failed: () => {},
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
