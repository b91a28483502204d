/**
 * Time as a dependency (semantics 12): whoever needs the time or has to wait is handed a
 * {@linkcode Clock}. Only this file reads the wall clock.
 */

/** Tells the time and waits. */
export interface Clock {
  /** The time now, in milliseconds since the Unix epoch. */
  now(): number;
  /**
   * Waits until `milliseconds` have passed on this clock.
   *
   * @param signal ends the wait early; the promise resolves all the same.
   */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** The longest wait that one timer of the machine can hold; a longer one would end at once. */
const longestTimer = 2 ** 31 - 1;

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (milliseconds, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      let timer: ReturnType<typeof setTimeout> | undefined;
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const wait = (rest: number) => {
        const next = rest > longestTimer ? () => wait(rest - longestTimer) : done;
        timer = setTimeout(next, Math.min(rest, longestTimer));
      };
      wait(milliseconds);
      signal?.addEventListener("abort", done);
    }),
};

/** A sleeper of a {@linkcode SimulatedClock}. */
interface Sleeper {
  readonly wakeAt: number;
  readonly wake: () => void;
}

/** A clock that stands still until it is told to move. Sleepers wake in the order of their times. */
export class SimulatedClock implements Clock {
  #now: number;
  readonly #sleepers = new Set<Sleeper>();

  /**
   * A clock that stands.
   *
   * @param start the first time it tells, in milliseconds since the Unix epoch; default 0.
   */
  constructor(start = 0) {
    this.#now = start;
  }

  /** The simulated time. */
  now(): number {
    return this.#now;
  }

  /** Waits until the clock has been moved by `milliseconds`. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    if (milliseconds <= 0 || signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      const sleeper: Sleeper = { wakeAt: this.#now + milliseconds, wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", wake);
    });
  }

  /** Moves the clock forward by `milliseconds` and wakes who waited for it. */
  advance(milliseconds: number): void {
    this.advanceTo(this.#now + milliseconds);
  }

  /** Moves the clock forward to `time`; a time that has passed changes nothing. */
  advanceTo(time: number): void {
    if (time <= this.#now) return;
    this.#now = time;
    const due = [...this.#sleepers].filter((sleeper) => sleeper.wakeAt <= time);
    due.sort((a, b) => a.wakeAt - b.wakeAt);
    for (const sleeper of due) sleeper.wake();
  }
}

/** A clock that runs at `speed` times another one's rate, from `start` on. */
export class ScaledClock implements Clock {
  readonly #origin: number;

  /** A clock that starts now. */
  constructor(
    /** Its first time, in milliseconds since the Unix epoch. */
    readonly start: number,
    /** How many of its milliseconds pass in one of `real`; above zero. */
    readonly speed: number,
    /** The clock it follows; default: the machine's. */
    readonly real: Clock = systemClock,
  ) {
    this.#origin = real.now();
  }

  /** The scaled time, a whole number of milliseconds. */
  now(): number {
    return Math.floor(this.start + (this.real.now() - this.#origin) * this.speed);
  }

  /** Waits until `milliseconds` of scaled time have passed. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    // Timers drop fractions of a millisecond, which would wake the sleeper too early.
    return this.real.sleep(Math.ceil(milliseconds / this.speed), signal);
  }
}
