/**
 * What goes wrong in a run, and when: made of a seed alone, so that a run can be had again. Only the
 * time that each fault then takes is the machine's.
 */

import { Random } from "../../../src/base/random.ts";

/** The two jobs of a run. */
export const jobs = ["merge", "stats"] as const;

/** A job of a run. */
export type Job = (typeof jobs)[number];

/** Transactional requests that connections are cut at, with heartbeats and joining among them. */
export const requests = [
  "InitProducerId",
  "AddPartitionsToTxn",
  "Produce",
  "AddOffsetsToTxn",
  "TxnOffsetCommit",
  "EndTxn",
  "OffsetFetch",
  "FindCoordinator",
  "JoinGroup",
  "SyncGroup",
  "Heartbeat",
  "Fetch",
  "Metadata",
] as const;

/** The kinds of faults that befall a member, and how long each lasts, in milliseconds. */
const memberFaults = {
  /** SIGKILL, started again after a moment. */
  "kill": [0, 1_500],
  /** SIGKILL, started again when its session is over and its partitions have moved. */
  "lose": [12_000, 14_000],
  /** SIGTERM, started again after a moment. */
  "terminate": [0, 1_500],
  /** SIGSTOP for less than a session. */
  "freeze": [500, 5_000],
  /** SIGSTOP for longer than a session: it wakes up when its partitions have moved. */
  "zombie": [12_000, 14_000],
} as const;

/** The kinds of faults that befall a broker. */
const brokerFaults = {
  /** SIGKILL, started again. */
  "kill broker": [500, 5_000],
  /** SIGTERM, on which it hands over what it leads; started again. */
  "stop broker": [500, 5_000],
} as const;

/** The kinds of faults between members and a broker. */
const networkFaults = {
  /** All connections are closed. */
  "cut": [0, 0],
  /** They are closed and new ones refused. */
  "refuse": [500, 4_000],
  /** The same, for longer than a session. */
  "isolate": [11_000, 13_000],
  /** All answers are held back. */
  "stall": [500, 8_000],
} as const;

/** The kinds of faults that meet some frames of one kind of request, at whichever broker. */
const requestFaults = {
  /** The connection is closed before the request reaches the broker. */
  "cut request": [0, 0],
  /** The connection is closed after the broker has carried it out. */
  "cut answer": [0, 0],
  /** The answer comes so much later. */
  "delay answer": [100, 3_000],
} as const;

/** Who takes part changes, or who leads. */
const otherFaults = {
  "join": [0, 0],
  "leave": [0, 0],
  /** One joins, and another is killed while the group is shared out anew and state restored. */
  "join and kill": [50, 1_500],
  "move leaders": [0, 0],
  "kill datagen": [0, 1_000],
} as const;

const kinds = {
  ...memberFaults,
  ...brokerFaults,
  ...networkFaults,
  ...requestFaults,
  ...otherFaults,
};

/** A kind of fault. */
export type FaultKind = keyof typeof kinds;

/** All kinds. */
export const faultKinds = Object.keys(kinds) as readonly FaultKind[];

/** Something that goes wrong. */
export interface Fault {
  /** Milliseconds from the start. */
  readonly at: number;
  readonly kind: FaultKind;
  /** How long it lasts, or how much later something comes, in milliseconds. */
  readonly lasts: number;
  /** Whom it befalls: a member such as `merge 2`, or the one that joins. */
  readonly member?: string;
  /** For `join and kill`: who is killed. */
  readonly victim?: string;
  /** The number of a broker. */
  readonly broker?: number;
  /** A kind of request, and how many of them. */
  readonly request?: (typeof requests)[number];
  readonly times?: number;
}

/** How long a script is, and how dense. */
export interface ScriptOptions {
  readonly seconds: number;
  /** Milliseconds between two faults, on average; default 2,500. */
  readonly every?: number;
  /** Members at the start, of each job; default 2. */
  readonly members?: number;
  /** Whether the first member of each job is spared what ends it, so that its memory can be watched. */
  readonly sparesFirst?: boolean;
}

const mostMembers = 4;
/** A broker has so long to come back and to be in sync before the next is brought down. */
const brokerRest = 12_000;
/** Longer than a session with what comes before and after. */
const longFault = 10_000;

/** The members that a run begins with: `merge 1` and so on. */
export function firstMembers({ members = 2 }: Pick<ScriptOptions, "members"> = {}): string[] {
  return jobs.flatMap((job) => Array.from({ length: members }, (_, i) => `${job} ${i + 1}`));
}

/** The job of a member. */
export function jobOf(member: string): Job {
  return member.split(" ")[0] as Job;
}

/**
 * The faults of a run, in order. All kinds come in turn, shuffled anew each round, those that need
 * long first in the first. At least one member of each job is left alone or comes back, at most four
 * take part, and at most one broker is down.
 */
export function faultScript(seed: number, options: ScriptOptions): readonly Fault[] {
  const { every = 2_500 } = options;
  const random = new Random(seed);
  const cast = new Cast(random, options);
  const end = options.seconds * 1_000;
  const faults: Fault[] = [];
  let deck = shuffled(random, faultKinds);
  deck.sort((a, b) => Number(isLong(b)) - Number(isLong(a)));
  for (let at = 3_000; at < end; at += every / 2 + random.below(every)) {
    const playable = (kind: FaultKind) => at + kinds[kind][1] <= end && cast.canPlay(kind, at);
    if (!deck.some(playable)) deck = shuffled(random, faultKinds);
    const index = deck.findIndex(playable);
    if (index < 0) continue;
    const [kind] = deck.splice(index, 1);
    faults.push(cast.play(kind!, at));
  }
  return faults;
}

function isLong(kind: FaultKind): boolean {
  return kinds[kind][0] >= longFault;
}

function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const left = [...items];
  return items.map(() => left.splice(random.below(left.length), 1)[0]!);
}

/** Who there is to befall, and from when on. */
class Cast {
  readonly #random: Random;
  readonly #spares: boolean;
  /** By member: until when it is under a fault. */
  readonly #members: Map<string, number>;
  readonly #next = new Map<Job, number>();
  #brokersFreeAt = 0;
  #networkFreeAt = 0;

  constructor(random: Random, { members = 2, sparesFirst = false }: ScriptOptions) {
    this.#random = random;
    this.#spares = sparesFirst;
    this.#members = new Map(firstMembers({ members }).map((name) => [name, 0]));
    for (const job of jobs) this.#next.set(job, members + 1);
  }

  canPlay(kind: FaultKind, at: number): boolean {
    if (kind in brokerFaults || kind === "move leaders") return at >= this.#brokersFreeAt;
    if (kind in networkFaults) return at >= this.#networkFreeAt;
    if (kind in memberFaults) return this.#free(at).length > 0;
    if (kind === "leave") return this.#leavers(at).length > 0;
    if (kind === "join") return this.#joinable().length > 0;
    if (kind === "join and kill") return this.#victims(at).length > 0;
    return true;
  }

  play(kind: FaultKind, at: number): Fault {
    const [least, most] = kinds[kind];
    const lasts = least + this.#random.below(most - least + 1);
    return { at, kind, lasts, ...this.#befall(kind, at, at + lasts) };
  }

  #befall(kind: FaultKind, at: number, until: number): Partial<Fault> {
    const random = this.#random;
    if (kind in brokerFaults || kind === "move leaders") {
      this.#brokersFreeAt = until + brokerRest;
      return kind === "move leaders" ? {} : { broker: 1 + random.below(3) };
    }
    if (kind in networkFaults) {
      this.#networkFreeAt = until;
      return { broker: 1 + random.below(3) };
    }
    if (kind in requestFaults) {
      return { request: random.pick(requests), times: 1 + random.below(3) };
    }
    if (kind in memberFaults) return { member: this.#busy(this.#free(at), until) };
    if (kind === "leave") {
      const member = random.pick(this.#leavers(at));
      this.#members.delete(member);
      return { member };
    }
    if (kind === "join") return { member: this.#joins(random.pick(this.#joinable())) };
    if (kind === "join and kill") {
      const victim = this.#busy(this.#victims(at), until);
      return { victim, member: this.#joins(jobOf(victim)) };
    }
    return {};
  }

  /** Members that are under no fault and are not spared. */
  #free(at: number): string[] {
    return [...this.#members].filter(([name, until]) =>
      until <= at && !(this.#spares && name.endsWith(" 1"))
    ).map(([name]) => name);
  }

  /** Picks one and notes that it is under a fault, and for a moment after it. */
  #busy(names: readonly string[], until: number): string {
    const name = this.#random.pick(names);
    this.#members.set(name, until + 1_000);
    return name;
  }

  #of(job: Job): string[] {
    return [...this.#members.keys()].filter((name) => jobOf(name) === job);
  }

  #leavers(at: number): string[] {
    return this.#free(at).filter((name) => this.#of(jobOf(name)).length > 1);
  }

  #joinable(): Job[] {
    return jobs.filter((job) => this.#of(job).length < mostMembers);
  }

  #victims(at: number): string[] {
    return this.#free(at).filter((name) => this.#joinable().includes(jobOf(name)));
  }

  #joins(job: Job): string {
    const number = this.#next.get(job)!;
    this.#next.set(job, number + 1);
    const name = `${job} ${number}`;
    this.#members.set(name, 0);
    return name;
  }
}
