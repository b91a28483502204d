/**
 * The demo: datagen, merge and stats in one process on one log, with a simulated clock. Bookings are
 * written for a few seconds of event time, both jobs take them in, then the clock moves on; so thirty
 * minutes pass in seconds, and a machine's speed changes nothing of what comes out.
 */

import { SimulatedClock, systemClock } from "../../base/clock.ts";
import { textOf } from "../../base/bytes.ts";
import { partitionForText } from "../../base/murmur2.ts";
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
import type { JobStatus } from "../../runtime/job_status.ts";
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
}

/** Shows a demo. */
export interface DemoView {
  /** Something worth knowing happens. @param at its event time. */
  event(at: number, text: string): void;
  /** The picture has changed. */
  picture(picture: DemoPicture): void;
}

/** A demo as it is now. */
export interface DemoPicture {
  /** The simulated time. */
  readonly now: number;
  readonly written: number;
  readonly merge: JobStatus | null;
  readonly stats: JobStatus | null;
  /** The last result of each traveller. */
  readonly travellers: ReadonlyMap<string, UserStatistics>;
}

/** Event time that passes between two looks at the clock, in milliseconds. */
const step = 5_000;
/** Bookings stop for so long at the end that silence closes the last windows. */
const silenceAtEnd = 90_000;
/** The partition of flightdata that falls silent. */
const silentPartition = 3;

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
  readonly #status = new Map<string, JobStatus>();
  #written = 0;
  #results: Position[];
  readonly #travellers = new Map<string, UserStatistics>();
  /** How far each late and dead-letter partition has been told of. */
  readonly #strays = new Map<string, number>();
  #failure: unknown = null;
  /** Whether a window of the silent travellers is about to be closed by silence. */
  #awaitsSilence = false;

  constructor(options: DemoOptions, sources: ConstructorParameters<typeof BookingWriter>[1]) {
    this.#options = options;
    this.#clock = new SimulatedClock(options.start);
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
      for (let now = start + step; now <= end && !signal.aborted; now += step) {
        await this.#step(now);
      }
      while (follow && !signal.aborted) {
        await systemClock.sleep(1_000, signal);
        await this.#step(this.#clock.now() + 1_000);
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
        signal: this.#stop.signal,
        observer: { status: (status) => this.#status.set(job.applicationId, status) },
      });
      this.#status.set(job.applicationId, last);
    } catch (error) {
      this.#failure ??= error;
    }
  }

  /** Lets the clock come to `now`, writes what is booked until then, and waits for both jobs. */
  async #step(now: number): Promise<void> {
    const { view } = this.#options;
    this.#clock.advanceTo(now);
    for (const booking of this.#bookingsUntil(now)) {
      this.#writer.add(booking);
      this.#written++;
    }
    await this.#writer.flush();
    await this.#settle();
    await this.#readResults();
    await this.#tellStrays();
    view.picture(this.#picture());
  }

  #picture(): DemoPicture {
    return {
      now: this.#clock.now(),
      written: this.#written,
      merge: this.#status.get("merge") ?? null,
      stats: this.#status.get("stats") ?? null,
      travellers: this.#travellers,
    };
  }

  /** What is booked until `now`: the generator's bookings, and three that go wrong. */
  *#bookingsUntil(now: number): Generator<GeneratedBooking> {
    const { start, minutes, view } = this.#options;
    const minuteAt = (part: number) => start + Math.floor(minutes * part) * 60_000;
    const silent = { from: minuteAt(0.6), to: minuteAt(0.6) + 4 * 60_000 };
    while (this.#nextBooking.at < now) {
      const booking = this.#nextBooking;
      this.#nextBooking = this.#bookings.next().value!;
      if (booking.at >= silent.from && booking.at < silent.to && isOnSilentPartition(booking)) {
        continue;
      }
      yield booking;
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
    if (passes(silent.from)) {
      this.#awaitsSilence = true;
      view.event(
        now,
        `the travellers of flightdata partition ${silentPartition} book nothing for 4 minutes`,
      );
    }
  }

  /** Waits until both jobs have taken in and committed all that is there. */
  async #settle(): Promise<void> {
    const { log } = this.#options;
    for (;;) {
      if (this.#failure !== null) throw this.#failure;
      if (this.#committed("merge") === this.#written) {
        const [flights] = await log.describeTopics([topics.flightData]);
        const flightsWritten = flights!.partitions.reduce(
          (sum, { endOffset }) => sum + endOffset,
          0,
        );
        if (this.#committed("stats") === flightsWritten) return;
      }
      await systemClock.sleep(1);
    }
  }

  #committed(applicationId: string): number {
    const tasks = this.#status.get(applicationId)?.tasks ?? [];
    return tasks.flatMap(({ inputs }) => inputs).reduce((sum, { position }) => sum + position, 0);
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
          const isAwaited = this.#awaitsSilence && isSilent(statistics.email_address);
          if (isAwaited && closedBy && textOf(closedBy) === "silence") {
            this.#awaitsSilence = false;
            view.event(
              this.#clock.now(),
              "  -> time flows on: their open window is closed by silence",
            );
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
    const end = this.#clock.now() + silenceAtEnd;
    while (this.#clock.now() < end) {
      this.#clock.advance(step);
      this.#skipBookings();
      await systemClock.sleep(120);
      if (this.#held() === 0) break;
    }
    await this.#settle();
    await this.#readResults();
    view.picture(this.#picture());
  }

  #skipBookings(): void {
    while (this.#nextBooking.at < this.#clock.now()) {
      this.#nextBooking = this.#bookings.next().value!;
    }
  }

  #held(): number {
    return (this.#status.get("stats")?.tasks ?? []).reduce((sum, task) => sum + task.held, 0);
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

/** Whether a booking's flight goes to the partition that falls silent. */
function isOnSilentPartition({ value }: GeneratedBooking): boolean {
  const email = /"(?:customer_)?email_address":"([^"]*)"/.exec(String(value))?.[1] ?? "";
  return isSilent(email);
}

/** Whether a traveller's flights are on the partition of flightdata that falls silent. */
function isSilent(email: string): boolean {
  return partitionForText(email, defaultPartitions) === silentPartition;
}
