/**
 * Each request of a transaction, and of the group and coordinators behind it, fails in each way it can
 * while a job runs; in the end every record is counted once (semantics 15, 16).
 */

import assert from "node:assert/strict";
import { systemClock } from "../../src/base/clock.ts";
import { type ErrorCode, hasCode, messageOf } from "../../src/base/errors.ts";
import type { Log } from "../../src/log/log.ts";
import { runJob } from "../../src/mod.ts";
import { needs } from "../permissions.ts";
import { countingJob, Counts, expectedCounts, feed } from "./counting_job.ts";
import { type Answerable, answerable, errorAnswer, errorInstead } from "./error_answers.ts";
import { apiKeys, type Fault, type FaultOptions, type Proxy } from "./proxy.ts";
import { type ProxiedBroker, startProxiedBroker } from "./proxied_broker.ts";

const requestTimeoutMs = 1_000;
const sessionTimeoutMs = 2_000;
/** A join may take so much longer than the session. */
const joinGraceMs = 5_000;
/** A job that is asked to stop has so long for it. */
const stopsWithin = 20_000;
/** Records come in parts, so that there are several commits. */
const parts = 4;
const partSize = 75;
/** Cases that run side by side. */
const atOnce = 10;

/** How one request fails. */
interface Way {
  readonly name: string;
  /** How many requests fail; default 1. */
  readonly times?: number;
  readonly arm: (proxy: Proxy, options: Omit<FaultOptions, "at">) => Fault;
  /** What the job ends with, where it must; another run then goes on. */
  readonly ends?: ErrorCode;
}

const names = {
  UNKNOWN_SERVER_ERROR: -1,
  UNKNOWN_TOPIC_OR_PARTITION: 3,
  LEADER_NOT_AVAILABLE: 5,
  NOT_LEADER_OR_FOLLOWER: 6,
  REQUEST_TIMED_OUT: 7,
  COORDINATOR_LOAD_IN_PROGRESS: 14,
  COORDINATOR_NOT_AVAILABLE: 15,
  NOT_COORDINATOR: 16,
  NOT_ENOUGH_REPLICAS: 19,
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: 20,
  ILLEGAL_GENERATION: 22,
  UNKNOWN_MEMBER_ID: 25,
  REBALANCE_IN_PROGRESS: 27,
  GROUP_AUTHORIZATION_FAILED: 30,
  OUT_OF_ORDER_SEQUENCE_NUMBER: 45,
  INVALID_PRODUCER_EPOCH: 47,
  INVALID_TXN_STATE: 48,
  INVALID_PRODUCER_ID_MAPPING: 49,
  CONCURRENT_TRANSACTIONS: 51,
  TRANSACTION_COORDINATOR_FENCED: 52,
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 53,
  OPERATION_NOT_ATTEMPTED: 55,
  KAFKA_STORAGE_ERROR: 56,
  UNKNOWN_PRODUCER_ID: 59,
  FENCED_INSTANCE_ID: 82,
  UNSTABLE_OFFSET_COMMIT: 88,
  PRODUCER_FENCED: 90,
  TRANSACTION_ABORTABLE: 120,
  "an unknown code": 9_999,
} as const;

type Code = keyof typeof names;

/** What a job cannot go on after. */
const fatal: Readonly<Partial<Record<Code, ErrorCode>>> = {
  FENCED_INSTANCE_ID: "instance-taken",
  GROUP_AUTHORIZATION_FAILED: "log-forbidden",
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: "log-forbidden",
};

const coordinator: readonly Code[] = [
  "COORDINATOR_LOAD_IN_PROGRESS",
  "COORDINATOR_NOT_AVAILABLE",
  "NOT_COORDINATOR",
];
const producer: readonly Code[] = [
  ...coordinator,
  "CONCURRENT_TRANSACTIONS",
  "INVALID_PRODUCER_EPOCH",
  "PRODUCER_FENCED",
];
const inTransaction: readonly Code[] = [
  ...producer,
  "INVALID_TXN_STATE",
  "INVALID_PRODUCER_ID_MAPPING",
  "TRANSACTION_ABORTABLE",
];
const inGroup: readonly Code[] = [
  ...coordinator,
  "UNKNOWN_MEMBER_ID",
  "FENCED_INSTANCE_ID",
  "GROUP_AUTHORIZATION_FAILED",
];

/** The codes that a broker can answer each request with, or a newer one might. */
const codes: Readonly<Record<Answerable, readonly Code[]>> = {
  InitProducerId: [...producer, "TRANSACTIONAL_ID_AUTHORIZATION_FAILED"],
  AddPartitionsToTxn: [
    ...inTransaction,
    "UNKNOWN_TOPIC_OR_PARTITION",
    "OPERATION_NOT_ATTEMPTED",
  ],
  Produce: [
    "UNKNOWN_TOPIC_OR_PARTITION",
    "LEADER_NOT_AVAILABLE",
    "NOT_LEADER_OR_FOLLOWER",
    "REQUEST_TIMED_OUT",
    "NOT_ENOUGH_REPLICAS",
    "OUT_OF_ORDER_SEQUENCE_NUMBER",
    "INVALID_PRODUCER_EPOCH",
    "INVALID_TXN_STATE",
    "KAFKA_STORAGE_ERROR",
    "UNKNOWN_PRODUCER_ID",
    "TRANSACTION_ABORTABLE",
  ],
  AddOffsetsToTxn: inTransaction,
  TxnOffsetCommit: [
    ...inGroup,
    "ILLEGAL_GENERATION",
    "REBALANCE_IN_PROGRESS",
    "INVALID_PRODUCER_EPOCH",
    "UNKNOWN_TOPIC_OR_PARTITION",
    "REQUEST_TIMED_OUT",
  ],
  EndTxn: [...inTransaction, "TRANSACTION_COORDINATOR_FENCED"],
  OffsetFetch: [...coordinator, "UNSTABLE_OFFSET_COMMIT", "GROUP_AUTHORIZATION_FAILED"],
  FindCoordinator: [
    "COORDINATOR_LOAD_IN_PROGRESS",
    "COORDINATOR_NOT_AVAILABLE",
    "GROUP_AUTHORIZATION_FAILED",
  ],
  JoinGroup: [...inGroup, "REBALANCE_IN_PROGRESS"],
  SyncGroup: [...inGroup, "ILLEGAL_GENERATION", "REBALANCE_IN_PROGRESS"],
  Heartbeat: [...inGroup, "ILLEGAL_GENERATION", "REBALANCE_IN_PROGRESS"],
};

/** Those that a request can be carried out in spite of. */
const inSpite: Readonly<Partial<Record<Answerable, readonly Code[]>>> = {
  InitProducerId: ["CONCURRENT_TRANSACTIONS", "NOT_COORDINATOR"],
  AddOffsetsToTxn: ["NOT_COORDINATOR"],
  Produce: ["REQUEST_TIMED_OUT", "NOT_ENOUGH_REPLICAS_AFTER_APPEND", "NOT_LEADER_OR_FOLLOWER"],
  EndTxn: ["CONCURRENT_TRANSACTIONS", "NOT_COORDINATOR", "COORDINATOR_NOT_AVAILABLE"],
};
const unknown: readonly Code[] = ["an unknown code", "UNKNOWN_SERVER_ERROR"];

/** Whether a request waits for the other members. */
function isJoin(request: Request): boolean {
  return request === "JoinGroup" || request === "SyncGroup";
}

/** Requests whose answers are not forged: they are lost and late like the others. */
const others = ["Metadata", "ListOffsets", "Fetch"] as const;

type Request = Answerable | (typeof others)[number];

function waysOf(request: Answerable): readonly Way[] {
  const answered = [...codes[request], ...unknown].map((code): Way => ({
    name: `is answered ${code}`,
    arm: (proxy, options) => proxy.answer(errorAnswer(request, names[code]), options),
    ...(fatal[code] !== undefined && { ends: fatal[code] }),
  }));
  const toldOtherwise = [...inSpite[request] ?? [], ...(request in inSpite ? unknown : [])].map(
    (code): Way => ({
      name: `is carried out and answered ${code}`,
      arm: (proxy, options) => {
        const change = errorInstead(request as "EndTxn", names[code]);
        return proxy.change(change, { at: "answer", ...options });
      },
    }),
  );
  return [...answered, ...toldOtherwise, ...waysOfConnections(request)];
}

/** How the way to a broker and back fails. */
function waysOfConnections(request: Request): readonly Way[] {
  const tooLate = 500 + (isJoin(request) ? sessionTimeoutMs + joinGraceMs : requestTimeoutMs);
  return [
    {
      name: "does not reach the broker",
      arm: (proxy, options) => proxy.cut({ at: "request", ...options }),
    },
    {
      name: "is carried out and its answer lost",
      arm: (proxy, options) => proxy.cut({ at: "answer", ...options }),
    },
    {
      name: "is carried out and its answer comes after the time-out",
      arm: (proxy, options) => proxy.delay(tooLate, { at: "answer", ...options }),
    },
    {
      name: "does not reach the broker three times",
      times: 3,
      arm: (proxy, options) => proxy.cut({ at: "request", ...options }),
    },
    {
      name: "is carried out and its answer comes late",
      arm: (proxy, options) => proxy.delay(300, { at: "answer", ...options }),
    },
    {
      name: "reaches the broker after the time-out",
      arm: (proxy, options) => proxy.delay(tooLate, { at: "request", ...options }),
    },
  ];
}

/** Those of a running job; the others come at its start. */
const ofTransactions: readonly Answerable[] = [
  ...["AddPartitionsToTxn", "Produce", "AddOffsetsToTxn", "TxnOffsetCommit", "EndTxn"] as const,
];

/** Where the cases run. */
interface Setting {
  readonly broker: ProxiedBroker;
  /** Past the proxy. */
  readonly direct: Log;
}

/** A request that fails in one way. */
interface FaultCase {
  readonly request: Request;
  readonly way: Way;
  /** How many requests are let through before. */
  readonly skip: number;
  /** Of the job, and of its topics. */
  readonly name: string;
}

/** Runs one case in topics of its own; tells what was wrong, or null. */
async function caseOf(
  { broker, direct }: Setting,
  { request, way, skip, name }: FaultCase,
): Promise<string | null> {
  const times = way.times ?? 1;
  const options = { api: apiKeys[request], client: name, times, skip };
  using fault = way.arm(broker.proxy, options);
  const running = new RunningJob(broker, name, way.ends);
  const counts = new Counts(direct, name);
  try {
    for (let part = 0; part < parts; part++) {
      // The last records come when the fault has been.
      if (part === parts - 1) await metOr(fault, times, () => running.isOver);
      await feed(direct, name, [part * partSize, (part + 1) * partSize]);
      if (!await counts.come((part + 1) * partSize, () => running.isOver)) break;
    }
  } finally {
    fault.release();
    await running.stop();
  }
  const wrong = running.wrong() ??
    (fault.hits < times ? `met ${fault.hits} of ${times} requests` : null) ??
    differenceOf(expectedCounts(parts * partSize), await counts.all());
  return wrong === null ? null : `${request} ${way.name}, behind ${skip}: ${wrong}`;
}

function differenceOf(expected: readonly string[], found: readonly string[]): string | null {
  const wrong = expected.findIndex((text, i) => found[i] !== text);
  if (wrong < 0 && found.length === expected.length) return null;
  return `${found.length} counts, of which number ${wrong} is ${found[wrong]}, ` +
    `${expected[wrong]} is due`;
}

/** A job that runs until it is stopped; once more where it is to end before. */
class RunningJob {
  isOver = false;
  readonly #ends: ErrorCode | undefined;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #runs = 0;
  #failure: unknown = null;

  constructor(broker: ProxiedBroker, name: string, ends: ErrorCode | undefined) {
    this.#ends = ends;
    this.#done = this.#keepRunning(broker, name)
      .catch((error) => {
        this.#failure = error;
      })
      .finally(() => {
        this.isOver = true;
      });
  }

  /** Asks it to stop, and waits for that, but not for ever. */
  async stop(): Promise<void> {
    this.#stop.abort();
    const patience = new AbortController();
    await Promise.race([this.#done, systemClock.sleep(stopsWithin, patience.signal)]);
    patience.abort();
  }

  /** What was wrong with its end, or null. */
  wrong(): string | null {
    if (!this.isOver) return "the job did not stop";
    if (this.#failure !== null) return `ended with ${messageOf(this.#failure)}`;
    return this.#ends !== undefined && this.#runs === 1 ? "the job went on" : null;
  }

  async #keepRunning(broker: ProxiedBroker, name: string): Promise<void> {
    try {
      await this.#run(broker, name);
    } catch (error) {
      if (this.#ends === undefined || !hasCode(error, this.#ends)) throw error;
      await this.#run(broker, name);
    }
  }

  async #run(broker: ProxiedBroker, name: string): Promise<void> {
    this.#runs++;
    const settings = { clientId: name, sessionTimeoutMs, requestTimeoutMs };
    const log = broker.openLog("proxied", settings);
    try {
      await runJob(log, countingJob(name), { commitInterval: 20, signal: this.#stop.signal });
    } finally {
      await log.close();
    }
  }
}

async function metOr(fault: Fault, times: number, isOver: () => boolean): Promise<void> {
  const giveUp = systemClock.now() + 30_000;
  while (fault.hits < times && !isOver() && systemClock.now() < giveUp) {
    await systemClock.sleep(10);
  }
}

function allCases(): FaultCase[] {
  const answered = answerable.flatMap((request) =>
    waysOf(request).map((way, index) => {
      // The first commit and the next are let through.
      const skip = ofTransactions.includes(request) ? 2 : 0;
      return { request, way, skip, name: `${request}-${index}` };
    })
  );
  // A job asks for metadata and offsets at several steps of its start.
  const lost = others.flatMap((request) =>
    [0, 1, 2, 3, 4, 5].flatMap((skip) =>
      waysOfConnections(request).slice(0, 3).map((way, index) => ({
        ...{ request, way, skip, name: `${request}-${skip}-${index}` },
      }))
    )
  );
  return [...answered, ...lost];
}

/** Runs the work of all, some at once. */
async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const left = [...items];
  await Promise.all(Array.from({ length: atOnce }, async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) {
      results.push(await work(item));
    }
  }));
  return results;
}

Deno.test({
  ...needs("net", "run", "read", "write", "env"),
  name: "semantics 16: requests that fail in any way lose and double nothing",
  fn: async () => {
    await using broker = await startProxiedBroker({ "group.min.session.timeout.ms": "1000" });
    const setting = { broker, direct: broker.openLog("direct") };
    const cases = allCases();
    await setting.direct.createTopics(
      cases.flatMap(({ name }) => [`${name}-in`, `${name}-out`])
        .map((name) => ({ name, partitions: 1 })),
    );
    // Those that take longest first.
    cases.sort((a, b) => Number(isJoin(b.request)) - Number(isJoin(a.request)));
    const found = await inTurns(cases, (one) => caseOf(setting, one));
    assert.deepEqual(found.filter((failure) => failure !== null), []);
  },
});
