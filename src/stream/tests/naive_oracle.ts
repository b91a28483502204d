/**
 * What a windowed job must give out, worked out again from the text of the rules: brute force over
 * the literal list of what happened, with no code of the engine. Only tests use it.
 */

import { Buffer } from "node:buffer";

/** A record as it was sent. */
export interface SentRecord {
  /** Unique; the result of a window is the ids it holds, in order of arrival. */
  readonly id: string;
  /** The number of its source. */
  readonly source: number;
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  readonly time: number;
  /** The time by which it takes its turn, which for one that cannot be read is another. */
  readonly turnTime: number;
  readonly fate: "good" | "filtered" | "bad";
}

/** What happened to the job. */
export type Step =
  | { readonly kind: "send"; readonly records: readonly SentRecord[] }
  | { readonly kind: "advance"; readonly milliseconds: number }
  | { readonly kind: "commit" | "restart" | "crash" };

/** How the job is set up. */
export interface OracleSettings {
  readonly partitions: number;
  /** One for each source. */
  readonly sources: readonly { readonly outOfOrderness: number; readonly idleTimeout: number }[];
  readonly size: number;
  readonly offset: number;
  readonly lateness: number;
  readonly running: boolean;
  readonly closesOnSilence: boolean;
  readonly maxFuture: number | null;
  readonly startClock: number;
  /** How the run ends: it goes on, it stops at its stop offsets, or it stops and drains. */
  readonly end: "none" | "bounded" | "drain";
}

/** A result of a window. */
export interface ExpectedResult {
  readonly key: string;
  readonly value: string;
  readonly start: number;
  readonly end: number;
  readonly closedBy: string;
}

/** A record that came late. */
export interface ExpectedLate {
  readonly record: SentRecord;
  readonly start: number;
  readonly end: number;
  readonly watermark: number;
}

/** All that must come out. */
export interface Expected {
  readonly results: readonly ExpectedResult[];
  readonly late: readonly ExpectedLate[];
  readonly dead: readonly SentRecord[];
  readonly watermarks: readonly number[];
  readonly counts: Readonly<Record<string, number>>;
  readonly held: number;
}

/** One thing that happened to one task. */
type Event =
  | { readonly kind: "restart"; readonly clock: number }
  | {
    readonly kind: "tick";
    readonly clock: number;
    readonly unread: readonly number[];
    /** Not a look at the clock, but a moment before one at which a source could fall idle. */
    readonly atTimeOut?: true;
  }
  | { readonly kind: "record"; readonly clock: number; readonly record: SentRecord }
  | { readonly kind: "stop" | "drain"; readonly clock: number };

/** An event with the number of its task. */
type Happening = Event & { readonly task: number };

interface Run {
  readonly restart: boolean;
  readonly clock: number;
  readonly records: readonly SentRecord[];
}

/** A record that went into a window, and when. */
interface Accepted {
  readonly record: SentRecord;
  readonly start: number;
  readonly end: number;
}

/** The runs that count in the end: those that a crash threw away are replayed in one. */
function runsOf(steps: readonly Step[], startClock: number): readonly Run[] {
  const committed: Run[] = [];
  let pending: Run[] = [];
  let clock = startClock;
  const commit = () => {
    committed.push(...pending);
    pending = [];
  };
  for (const step of steps) {
    if (step.kind === "send") pending.push({ restart: false, clock, records: step.records });
    if (step.kind === "advance") {
      clock += step.milliseconds;
      pending.push({ restart: false, clock, records: [] });
    }
    if (step.kind === "commit" || step.kind === "restart") commit();
    if (step.kind === "restart" || step.kind === "crash") {
      pending = [{ restart: true, clock, records: pending.flatMap((run) => run.records) }];
    }
  }
  return [...committed, ...pending];
}

/** Records in the order of semantics 7: the lowest next one, ties by source and then partition. */
function inTurn(records: readonly SentRecord[]): readonly SentRecord[] {
  const taken: SentRecord[] = [];
  const lane = (record: SentRecord) => `${record.source}/${record.partition}`;
  let rest = [...records];
  while (rest.length > 0) {
    const heads = rest.filter((one, i) => rest.findIndex((two) => lane(two) === lane(one)) === i);
    heads.sort((a, b) =>
      a.turnTime - b.turnTime || a.source - b.source || a.partition - b.partition
    );
    taken.push(heads[0]!);
    rest = rest.filter((one) => one !== heads[0]);
  }
  return taken;
}

function happeningsOf(settings: OracleSettings, steps: readonly Step[]): readonly Happening[] {
  const all: Happening[] = [];
  const tasks = Array.from({ length: settings.partitions }, (_, task) => task);
  const runs = runsOf(steps, settings.startClock);
  for (const { restart, clock, records } of runs) {
    if (restart) { for (const task of tasks) all.push({ task, kind: "restart", clock }); }
    const moments = timeOuts(settings, all, clock);
    for (const task of tasks) {
      const unread = records.filter((one) => one.partition === task).map((one) => one.source);
      for (const moment of moments) {
        all.push({ task, kind: "tick", clock: moment, unread, atTimeOut: true });
      }
      all.push({ task, kind: "tick", clock, unread });
    }
    for (const record of inTurn(records)) {
      all.push({ task: record.partition, kind: "record", clock, record });
    }
    for (const task of tasks) all.push({ task, kind: "tick", clock, unread: [] });
  }
  const clock = runs.at(-1)?.clock ?? settings.startClock;
  for (const task of tasks) {
    if (settings.end !== "none") all.push({ task, kind: "stop", clock });
    if (settings.end === "drain") all.push({ task, kind: "drain", clock });
  }
  return all;
}

/** All moments between the last happening and `clock` at which a source could fall idle. */
function timeOuts(settings: OracleSettings, all: readonly Happening[], clock: number) {
  const clocks = [settings.startClock, ...all.map((one) => one.clock)];
  const last = Math.max(
    ...all.filter((one) => one.clock < clock).map((one) => one.clock),
    settings.startClock,
  );
  const moments = clocks.flatMap((from) =>
    settings.sources.map((source) => from + source.idleTimeout)
  );
  return [...new Set(moments)].filter((moment) => moment > last && moment < clock).sort((a, b) =>
    a - b
  );
}

function isDead(settings: OracleSettings, record: SentRecord, clock: number): boolean {
  return record.fate === "bad" ||
    (settings.maxFuture !== null && record.time > clock + settings.maxFuture);
}

/** The records among `events` that count for time: those that were not refused (semantics 3). */
function timely(settings: OracleSettings, events: readonly Event[]) {
  return events.filter((event) => event.kind === "record")
    .filter((event) => !isDead(settings, event.record, event.clock));
}

/** Whether a source's partition is idle after `events` (semantics 8, 11). */
function isIdle(settings: OracleSettings, source: number, events: readonly Event[]): boolean {
  for (let i = events.length - 1; i >= 0; i--) {
    const event = events[i]!;
    const before = events.slice(0, i);
    const own = timely(settings, before).filter(({ record }) => record.source === source);
    if (event.kind === "stop" && own.length === 0) return true;
    if (event.kind === "record" && timely(settings, [event])[0]?.record.source === source) {
      return false;
    }
    if (event.kind !== "tick") continue;
    if (event.unread.includes(source)) return false;
    if (settings.end !== "none") continue;
    const restarts = before.filter(({ kind }) => kind === "restart");
    const confirmed = [settings.startClock, ...[...own, ...restarts].map(({ clock }) => clock)];
    const silence = event.clock - Math.max(...confirmed);
    if (silence >= settings.sources[source]!.idleTimeout) return true;
  }
  return false;
}

/** Where the last of `events` would set the watermark by itself, and why (semantics 3, 9). */
function candidate(settings: OracleSettings, events: readonly Event[]) {
  const active = settings.sources.map((_, source) => source)
    .filter((source) => !isIdle(settings, source, events));
  const records = timely(settings, events);
  if (active.length > 0) {
    const watermarks = active.map((source) => {
      const times = records.filter(({ record }) => record.source === source)
        .map(({ record }) => record.time);
      return Math.max(...times) - settings.sources[source]!.outOfOrderness - 1;
    });
    return { watermark: Math.min(...watermarks), closedBy: "watermark" };
  }
  const look = events.at(-1)!;
  const closesOnSilence = settings.closesOnSilence && look.kind === "tick" && !look.atTimeOut &&
    settings.end === "none";
  if (!closesOnSilence || records.length === 0) {
    return { watermark: Number.NEGATIVE_INFINITY, closedBy: "silence" };
  }
  const largest = Math.max(...records.map(({ record }) => record.time));
  const arrival = records.find(({ record }) => record.time === largest)!.clock;
  const restarts = events.filter(({ kind }) => kind === "restart").map(({ clock }) => clock);
  const now = events.at(-1)!.clock;
  const flowed = largest + now - Math.max(arrival, ...restarts);
  const margins = settings.sources.flatMap((one) => [one.idleTimeout, one.outOfOrderness]);
  return { watermark: Math.min(now, flowed) - Math.max(...margins), closedBy: "silence" };
}

function windowOf(settings: OracleSettings, time: number) {
  const behind = (((time - settings.offset) % settings.size) + settings.size) % settings.size;
  return { start: time - behind, end: time - behind + settings.size };
}

/** One task, as it goes through its events. */
class NaiveTask {
  readonly events: Event[] = [];
  readonly accepted: Accepted[] = [];
  watermark = Number.NEGATIVE_INFINITY;

  constructor(readonly settings: OracleSettings, readonly results: ExpectedResult[]) {}

  ids(key: string, isIn: (window: Accepted) => boolean): string {
    return this.accepted.filter((one) => one.record.key === key && isIn(one))
      .toSorted((a, b) => this.settings.running ? a.end - b.end : 0)
      .map((one) => one.record.id).join(" ");
  }

  give(key: string, window: { start: number; end: number }, closedBy: string): void {
    const { start, end } = window;
    const { running } = this.settings;
    const value = this.ids(key, (one) => running ? one.end <= end : one.end === end);
    this.results.push({ key, value, start, end, closedBy });
  }

  /** Each window and key that took a record, by end and then key bytes (semantics 4). */
  windows(): readonly Accepted[] {
    const firsts = this.accepted.filter((one, i) =>
      this.accepted.findIndex((two) => two.end === one.end && two.record.key === one.record.key) ===
        i
    );
    const bytes = (one: Accepted) => Buffer.from(one.record.key);
    return firsts.sort((a, b) => a.end - b.end || Buffer.compare(bytes(a), bytes(b)));
  }

  /** Moves the watermark and fires what is due (semantics 4). */
  rise(watermark: number, closedBy: string): void {
    if (watermark <= this.watermark) return;
    for (const window of this.windows()) {
      const last = window.end - 1;
      if (last > this.watermark && last <= watermark) {
        this.give(window.record.key, window, closedBy);
      }
    }
    this.watermark = watermark;
  }

  /** Adds a good record to its window; false when it is late (semantics 5, 6). */
  accept(record: SentRecord): boolean {
    const { start, end } = windowOf(this.settings, record.time);
    if (end - 1 + this.settings.lateness <= this.watermark) return false;
    this.accepted.push({ record, start, end });
    if (end - 1 > this.watermark) return true;
    if (!this.settings.running) this.give(record.key, { start, end }, "correction");
    else {
      for (const window of this.windows()) {
        const fired = window.end - 1 <= this.watermark;
        if (fired && window.end >= end && window.record.key === record.key) {
          this.give(record.key, window, "correction");
        }
      }
    }
    return true;
  }

  /** How many records still wait in windows that have not fired. */
  held(): number {
    return this.accepted.filter((one) => one.end - 1 > this.watermark).length;
  }
}

/** Works out all that must come out of a job with `settings` to which `steps` happen. */
export function naiveOracle(settings: OracleSettings, steps: readonly Step[]): Expected {
  const results: ExpectedResult[] = [];
  const late: ExpectedLate[] = [];
  const dead: SentRecord[] = [];
  const counts = { used: 0, filtered: 0, windowed: 0, late: 0, deadLetter: 0, skipped: 0 };
  const tasks = Array.from(
    { length: settings.partitions },
    () => new NaiveTask(settings, results),
  );

  const arrive = (task: NaiveTask, record: SentRecord, clock: number) => {
    if (isDead(settings, record, clock)) {
      counts.deadLetter++;
      dead.push(record);
    } else if (record.fate === "filtered") {
      counts.filtered++;
    } else if (task.accept(record)) {
      counts.windowed++;
    } else {
      counts.late++;
      late.push({ record, ...windowOf(settings, record.time), watermark: task.watermark });
    }
  };

  for (const event of happeningsOf(settings, steps)) {
    const task = tasks[event.task]!;
    // A record is processed before it moves the watermark (semantics 3).
    if (event.kind === "record") arrive(task, event.record, event.clock);
    task.events.push(event);
    if (event.kind === "restart") continue;
    if (event.kind === "drain") {
      const ends = task.accepted.map((one) => one.end - 1);
      if (ends.length > 0) task.rise(Math.max(...ends), "drain");
      continue;
    }
    const { watermark, closedBy } = candidate(settings, task.events);
    task.rise(watermark, closedBy);
  }
  const watermarks = tasks.map((task) => task.watermark);
  const held = tasks.reduce((sum, task) => sum + task.held(), 0);
  return { results, late, dead, watermarks, counts, held };
}
