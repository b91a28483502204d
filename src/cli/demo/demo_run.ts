/**
 * The demo: datagen, merge and stats in one process on one log, with a simulated clock. Bookings are
 * written for a few seconds of event time, both jobs take them in, then the clock moves on; so thirty
 * minutes pass in seconds, and a machine's speed changes nothing of what comes out.
 */

import { type SimulatedClock, systemClock } from "../../base/clock.ts";
import { textOf } from "../../base/bytes.ts";
import { describeDuration } from "../../base/duration.ts";
import { formatTime } from "../../base/time.ts";
import { generateBookings, type GeneratedBooking } from "../../flights/generator.ts";
import { mergeTopology } from "../../flights/merge.ts";
import {
  parseUserStatistics,
  type SkyOneBooking,
  type UserStatistics,
} from "../../flights/models.ts";
import { statsTopology } from "../../flights/stats.ts";
import { defaultPartitions, topics } from "../../flights/topics.ts";
import type { Log, Position } from "../../log/log.ts";
import { runJob } from "../../runtime/job.ts";
import type { Job } from "../../runtime/job_options.ts";
import type { InputStatus, JobStatus, TaskStatus } from "../../runtime/job_status.ts";
import { type Frame, Frames } from "../../status/frame.ts";
import { observe } from "../../status/observe.ts";
import { deadLetterTopic, lateTopic } from "../../stream/stray_topics.ts";
import { BookingWriter } from "../booking_writer.ts";
import { type Audit, audit } from "./audit.ts";

/** Settings of a demo. */
export interface DemoOptions {
  readonly log: Log;
  readonly seed: number;
  /** The first event time. */
  readonly start: number;
  /** Minutes of event time. */
  readonly minutes: number;
  /** Whether it runs on at real time afterwards. */
  readonly follow: boolean;
  readonly signal: AbortSignal;
  readonly view: DemoView;
  /** Moved by the demo; at `start`. */
  readonly clock: SimulatedClock;
  /** Where the demo keeps the newest status of each job. */
  readonly statuses: Map<string, JobStatus>;
}

/** Shows a demo. */
export interface DemoView {
  /** Something worth knowing happens. @param at its event time. */
  event(at: number, text: string): void;
  /** The picture has changed; the demo goes on when it is shown. */
  picture(picture: DemoPicture): void | Promise<void>;
}

/** A demo as it is now. */
export interface DemoPicture {
  /** The simulated time. */
  readonly now: number;
  /** Whether time passes as on the wall, or this is the last picture. */
  readonly isLive: boolean;
  readonly written: number;
  /** Everything that a live view shows. */
  readonly frame: () => Promise<Frame>;
  readonly merge: JobStatus | null;
  readonly stats: JobStatus | null;
  /** The last result of each traveller. */
  readonly travellers: ReadonlyMap<string, UserStatistics>;
}

/** Event time that passes between two looks at the clock, in milliseconds. */
const step = 5_000;
/** The same while nobody books anything. By each, silence has closed all windows. */
const silentStep = 30_000;
/** After the last booking, wherever in its minute it is, silence has closed all windows in this time. */
const silenceAtEnd = 90_000;
/** For so long nobody books anything, in milliseconds. */
const silence = 3 * 60_000;

/** Runs a demo and audits it. */
export async function runDemo(options: DemoOptions): Promise<Audit> {
  const { log } = options;
  const names = Object.values(topics);
  await log.createTopics(names.map((name) => ({ name, partitions: defaultPartitions })));
  return await new Demo(options, await log.describeTopics([topics.skyone, topics.sunset])).run();
}

class Demo {
  readonly #options: DemoOptions;
  readonly #clock: SimulatedClock;
  readonly #writer: BookingWriter;
  readonly #bookings: Iterator<GeneratedBooking>;
  #nextBooking: GeneratedBooking;
  readonly #stop = new AbortController();
  readonly #status: Map<string, JobStatus>;
  readonly #frames: Frames;
  #written = 0;
  #results: Position[];
  readonly #travellers = new Map<string, UserStatistics>();
  /** How far each late and dead-letter partition has been told of. */
  readonly #strays = new Map<string, number>();
  #failure: unknown = null;
  /** Whether windows are about to be closed by silence, which is to be told. */
  #awaitsSilence = false;

  constructor(options: DemoOptions, sources: ConstructorParameters<typeof BookingWriter>[1]) {
    this.#options = options;
    this.#clock = options.clock;
    this.#status = options.statuses;
    this.#frames = new Frames(options.log, () => {
      const own = [...options.statuses.values()];
      return observe(options.log, { now: this.#clock.now(), own });
    });
    this.#writer = new BookingWriter(options.log, sources);
    this.#bookings = generateBookings({ seed: options.seed, start: options.start });
    this.#nextBooking = this.#bookings.next().value!;
    this.#results = Array.from({ length: defaultPartitions }, (_, partition) => ({
      topic: topics.userStatistics,
      partition,
      offset: 0,
    }));
  }

  async run(): Promise<Audit> {
    const { start, minutes, follow, signal } = this.#options;
    const jobs = [
      this.#runJob({ applicationId: "merge", topology: mergeTopology({ clock: this.#clock }) }),
      this.#runJob({ applicationId: "stats", topology: statsTopology() }),
    ];
    try {
      const end = start + minutes * 60_000;
      for (let now = start; now < end && !signal.aborted;) {
        const isSilent = this.#isSilent(now);
        now += isSilent ? silentStep : step;
        await this.#step(now, { isSilent });
      }
      while (follow && !signal.aborted) {
        await systemClock.sleep(1_000, signal);
        await this.#step(this.#clock.now() + 1_000, { isLive: true });
      }
      await this.#fallSilent();
    } finally {
      this.#stop.abort();
      await Promise.all(jobs);
    }
    if (this.#failure !== null) throw this.#failure;
    return await this.#audit();
  }

  /** Runs a job beside the others; its failure ends the demo. */
  async #runJob(job: Job): Promise<void> {
    try {
      const last = await runJob(this.#options.log, job, {
        clock: this.#clock,
        commitInterval: 5,
        // By the clock that is moved here a second passes in no time.
        reportInterval: 0,
        signal: this.#stop.signal,
        observer: { status: (status) => this.#status.set(job.applicationId, status) },
      });
      this.#status.set(job.applicationId, last);
    } catch (error) {
      this.#failure ??= error;
    }
  }

  /** Lets the clock come to `now`, writes what is booked until then, and waits for both jobs. */
  async #step(now: number, { isSilent = false, isLive = false } = {}): Promise<void> {
    const { view } = this.#options;
    this.#clock.advanceTo(now);
    for (const booking of this.#bookingsUntil(now)) {
      this.#writer.add(booking);
      this.#written++;
    }
    await this.#writer.flush();
    await this.#settle({ isSilent });
    await this.#readResults();
    await this.#tellStrays();
    await view.picture(this.#picture({ isLive }));
  }

  #picture({ isLive }: { readonly isLive: boolean }): DemoPicture {
    return {
      now: this.#clock.now(),
      isLive,
      written: this.#written,
      frame: () => this.#frames.look(),
      merge: this.#status.get("merge") ?? null,
      stats: this.#status.get("stats") ?? null,
      travellers: this.#travellers,
    };
  }

  /** The minute after a part of all of them has passed. */
  #minuteAt(part: number): number {
    const { start, minutes } = this.#options;
    return start + Math.floor(minutes * part) * 60_000;
  }

  /** Whether nobody books anything at a time. */
  #isSilent(time: number): boolean {
    const from = this.#minuteAt(0.6);
    return time >= from && time < from + silence;
  }

  /** What is booked until `now`: the generator's bookings, and two that go wrong. */
  *#bookingsUntil(now: number): Generator<GeneratedBooking> {
    const { view } = this.#options;
    const minuteAt = (part: number) => this.#minuteAt(part);
    while (this.#nextBooking.at < now) {
      const booking = this.#nextBooking;
      this.#nextBooking = this.#bookings.next().value!;
      if (!this.#isSilent(booking.at)) yield booking;
    }
    const passes = (time: number) => time >= now - step && time < now;
    if (passes(minuteAt(0.3))) {
      view.event(now, "a booking comes 3 minutes late");
      yield lateBooking(now);
    }
    if (passes(minuteAt(0.45))) {
      view.event(now, "a booking is not JSON");
      yield brokenBooking(now);
    }
    if (now === minuteAt(0.6)) {
      this.#awaitsSilence = true;
      view.event(now, `nobody books anything for ${describeDuration(silence)}`);
    }
  }

  /**
   * Waits until both jobs have taken in and committed all that is there, the watermarks of merge
   * among it, and after a silence until it has closed all windows.
   */
  async #settle({ isSilent }: { readonly isSilent: boolean }): Promise<void> {
    const { log } = this.#options;
    for (;;) {
      if (this.#failure !== null) throw this.#failure;
      if (this.#committed("merge") === this.#written) {
        const [flights] = await log.describeTopics([topics.flightData]);
        const flightsWritten = flights!.partitions.reduce(
          (sum, { endOffset }) => sum + endOffset,
          0,
        );
        const isThere = this.#committed("stats") === flightsWritten;
        if (isThere && (isSilent ? this.#isClosed() : this.#knowsWatermarks())) return;
      }
      await systemClock.sleep(1);
    }
  }

  #tasks(applicationId: string): readonly TaskStatus[] {
    return this.#status.get(applicationId)?.tasks ?? [];
  }

  #inputs(applicationId: string): readonly InputStatus[] {
    return this.#tasks(applicationId).flatMap(({ inputs }) => inputs);
  }

  #committed(applicationId: string): number {
    return this.#inputs(applicationId).reduce((sum, { position }) => sum + position, 0);
  }

  /** Whether stats has heard how far the slowest task of merge is. */
  #knowsWatermarks(): boolean {
    const busy = this.#tasks("merge").filter(({ inputs }) => inputs.some(({ idle }) => !idle));
    const slowest = Math.min(...busy.map(({ watermark }) => watermark ?? -Infinity));
    return this.#inputs("stats").every(({ idle, watermark }) =>
      busy.length === 0 ? idle : slowest <= (watermark ?? -Infinity)
    );
  }

  /** Whether all of merge is idle, stats knows it, and time has flowed on over all its windows. */
  #isClosed(): boolean {
    const inputs = [...this.#inputs("merge"), ...this.#inputs("stats")];
    return inputs.every(({ idle }) => idle) && this.#held() === 0;
  }

  /** Tells of late records and dead letters that have come since the last step. */
  async #tellStrays(): Promise<void> {
    const { log, view } = this.#options;
    const strays = [lateTopic(topics.flightData), deadLetterTopic(topics.skyone)];
    for (const topic of await log.describeTopics(strays)) {
      for (const [partition, { endOffset }] of topic.partitions.entries()) {
        const name = `${topic.name}[${partition}]`;
        const offset = this.#strays.get(name) ?? 0;
        if (endOffset <= offset) continue;
        this.#strays.set(name, endOffset);
        const [fetched] = await log.fetch([{ topic: topic.name, partition, offset }]);
        const headers = fetched?.batches[0]?.headers(0) ?? [];
        const text = (header: string) =>
          textOf(headers.find((one) => one.name === header)?.value ?? new Uint8Array());
        const why = text("error-message") ||
          `its window had closed at ${formatTime(Number(text("window-end"))).slice(11, 19)}`;
        view.event(this.#clock.now(), `  -> ${name}: ${why}`);
      }
    }
  }

  async #readResults(): Promise<void> {
    const { log, view } = this.#options;
    const fetched = await log.fetch(this.#results);
    this.#results = fetched.map(({ topic, partition, nextOffset }) => ({
      topic,
      partition,
      offset: nextOffset,
    }));
    for (const { batches } of fetched) {
      for (const batch of batches) {
        for (let i = 0; i < batch.count; i++) {
          const statistics = parseUserStatistics(JSON.parse(batch.valueText(i)!));
          this.#travellers.set(statistics.email_address, statistics);
          const closedBy = batch.headers(i).find(({ name }) => name === "closed-by")?.value;
          if (this.#awaitsSilence && closedBy && textOf(closedBy) === "silence") {
            this.#awaitsSilence = false;
            view.event(this.#clock.now(), "  -> time flows on: silence closes the open windows");
          }
        }
      }
    }
  }

  /** Bookings end; time goes on until silence has closed the last windows. */
  async #fallSilent(): Promise<void> {
    const { view } = this.#options;
    this.#awaitsSilence = false;
    view.event(this.#clock.now(), "bookings end; silence closes the last windows");
    this.#clock.advance(silenceAtEnd);
    await this.#settle({ isSilent: true });
    await this.#readResults();
    await view.picture(this.#picture({ isLive: true }));
  }

  #held(): number {
    return this.#tasks("stats").reduce((sum, { held }) => sum + held, 0);
  }

  async #audit(): Promise<Audit> {
    await this.#readResults();
    const flights = [...this.#travellers.values()].map((one) => one.number_of_flights);
    return await audit({
      log: this.#options.log,
      merge: this.#status.get("merge")!,
      stats: this.#status.get("stats")!,
      written: this.#written,
      flightsInResults: flights.reduce((sum, count) => sum + count, 0),
    });
  }
}

/** A booking of a flight tomorrow, whose record says that it was made 3 minutes ago. */
function lateBooking(now: number): GeneratedBooking {
  const tomorrow = formatTime(now + 86_400_000);
  const booking: SkyOneBooking = {
    email_address: "LATEX@email.com",
    flight_departure_time: tomorrow,
    iata_departure_code: "JFK",
    flight_arrival_time: tomorrow,
    iata_arrival_code: "SFO",
    flight_number: "SKY1000",
    confirmation: "SKY1LATEXX",
    ticket_price: 500,
    aircraft: "AircraftXYZ",
    booking_agency_email: "LATEX@email.com",
  };
  const key = JSON.stringify({ ref: booking.confirmation });
  const timestamp = now - 180_000;
  return { airline: topics.skyone, at: now, timestamp, key, value: JSON.stringify(booking) };
}

/** What is left of a booking when its producer dies in the middle. */
function brokenBooking(now: number): GeneratedBooking {
  const key = JSON.stringify({ ref: "SKY1BROKEN" });
  return {
    airline: topics.skyone,
    at: now,
    timestamp: now - 1,
    key,
    value: '{"email_address":"BROK',
  };
}
