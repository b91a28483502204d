/** What the conformance tests share: records to write, and reading all there is. */

import assert from "node:assert/strict";
import { type ErrorCode, FlightsError } from "../base/errors.ts";
import { utf8 } from "../base/bytes.ts";
import { systemClock } from "../base/clock.ts";
import type { Header } from "../base/record.ts";
import type {
  CommittedOffset,
  FetchedPartition,
  JoinOptions,
  Log,
  Member,
  OutputBatch,
  Position,
  TopicPartition,
} from "./log.ts";
import type { RecordBatch } from "./records/batch.ts";
import { type EncodedBatch, RecordBatchBuilder } from "./records/builder.ts";

/** A log to be tested. */
export interface LogUnderTest {
  readonly log: Log;
  /** The same log as other processes have it open, if the harness can do that. */
  readonly peers?: readonly Log[];
  /** Begins all names of topics and groups, for a log that outlives a test. */
  readonly prefix: string;
  /** Lets pass more time than a member may be silent without being replaced. */
  readonly outlastSession: () => Promise<void>;
  /** Closes the log and removes what it kept. */
  readonly close: () => Promise<void>;
}

/** A test of a log. */
export type LogTest = (underTest: LogUnderTest) => Promise<void>;

/** The longest that any answer is waited for, in milliseconds. */
export const patience = 20_000;

/** A record as the tests write and compare it. */
export interface PlainRecord {
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly Header[];
}

/** A record that was read. */
export interface ReadRecord extends PlainRecord {
  readonly offset: number;
}

/** Records of the texts given, at the times 0, 1, 2... */
export function texts(...values: readonly string[]): readonly PlainRecord[] {
  return values.map((value, i) => ({ timestamp: i, key: null, value: utf8(value), headers: [] }));
}

/** Encodes records as one batch. */
export function encode(records: readonly PlainRecord[]): EncodedBatch {
  const builder = new RecordBatchBuilder();
  for (const { timestamp, key, value, headers } of records) {
    builder.append(timestamp, key, value, headers);
  }
  return builder.finish();
}

/** One batch of the texts given for partition 0 of `topic`, or another. */
export function output(topic: string, values: readonly string[], partition = 0): OutputBatch {
  return { topic, partition, batch: encode(texts(...values)) };
}

/** The records of a fetched partition, from `offset` on. */
export function recordsOf({ batches }: FetchedPartition, offset = 0): readonly ReadRecord[] {
  return batches.flatMap((batch) => {
    const records: ReadRecord[] = [];
    for (let i = batch.firstAt(offset); i < batch.count; i++) records.push(recordAt(batch, i));
    return records;
  });
}

function recordAt(batch: RecordBatch, i: number): ReadRecord {
  return {
    offset: batch.offset(i),
    timestamp: batch.timestamp(i),
    // Copies: the batch hands out views.
    key: batch.key(i)?.slice() ?? null,
    value: batch.value(i)?.slice() ?? null,
    headers: batch.headers(i).map(({ name, value }) => ({ name, value: value?.slice() ?? null })),
  };
}

/**
 * Reads a partition from its start to its end, and waits until there are `expected` records. A log
 * may show what was committed a moment later.
 */
export async function readAll(
  log: Log,
  { topic, partition }: TopicPartition,
  { expected }: { readonly expected: number },
): Promise<readonly ReadRecord[]> {
  const deadline = systemClock.now() + patience;
  const records: ReadRecord[] = [];
  const [described] = await log.describeTopics([topic]);
  let offset = described!.partitions[partition]!.startOffset;
  for (;;) {
    const maxWaitMs = records.length < expected ? Math.max(0, deadline - systemClock.now()) : 0;
    const fetched = await fetchOne(log, { topic, partition, offset }, maxWaitMs);
    records.push(...recordsOf(fetched, offset));
    // What is behind the last record that can be read may belong to an open transaction.
    const isAtEnd = fetched.nextOffset === offset;
    offset = fetched.nextOffset;
    if (isAtEnd && (records.length >= expected || maxWaitMs === 0)) return records;
  }
}

/** The texts of the values of a partition, as {@linkcode readAll} reads them. */
export async function readTexts(log: Log, topic: string, expected: number): Promise<string[]> {
  const records = await readAll(log, { topic, partition: 0 }, { expected });
  return records.map(({ value }) => new TextDecoder().decode(value!));
}

/** Fetches at one position. */
export async function fetchOne(
  log: Log,
  position: Position,
  maxWaitMs = 0,
): Promise<FetchedPartition> {
  const [fetched, ...others] = await log.fetch([position], { maxWaitMs });
  assert.equal(others.length, 0);
  return fetched!;
}

/**
 * Polls all members at the same time, since each may have to wait for the others, until `isSo` and
 * none of them is asked to give up what it holds.
 */
export async function pollUntil(
  members: readonly Member[],
  isSo: () => boolean,
): Promise<void> {
  const deadline = systemClock.now() + patience;
  const isDone = () => isSo() && !members.some(({ isRebalancing }) => isRebalancing);
  await Promise.all(members.map(async (member) => {
    while (!isDone()) {
      const told = members.map(({ assignment }) => JSON.stringify(assignment)).join();
      assert(systemClock.now() < deadline, `not so within ${patience} ms: ${isSo}, with ${told}`);
      assert.deepEqual(await member.poll([], { maxWaitMs: 100 }), []);
    }
  }));
}

/** Polls all members of a group until each holds its share of the partitions, or knows whose. */
export async function sharedOut(members: readonly Member[], partitions: number): Promise<void> {
  const least = Math.floor(partitions / members.length);
  await pollUntil(members, () =>
    heldBy(...members).length === partitions &&
    members.every(({ assignment: { partitions: held, waitingFor } }) =>
      (held.length === least || held.length === least + 1) &&
      (held.length > 0) === (waitingFor === null)
    ));
}

/** The partitions that members hold, in order; one that is held twice is there twice. */
export function heldBy(...members: readonly Member[]): readonly number[] {
  return members.flatMap(({ assignment }) => assignment.partitions).sort((a, b) => a - b);
}

/** Polls until the member holds partitions. */
export async function assigned(member: Member): Promise<Member> {
  await pollUntil([member], () => member.assignment.partitions.length > 0);
  return member;
}

/** Joins a group for topics. */
export function join(
  log: Log,
  group: string,
  { topics, description = `member of ${group}`, version = "1" }:
    & Pick<JoinOptions, "topics">
    & Partial<JoinOptions>,
): Promise<Member> {
  return log.join(group, { topics, description, version });
}

/** Joins a group and waits until the member holds partitions. */
export async function joined(log: Log, group: string, ...topics: string[]): Promise<Member> {
  return await assigned(await join(log, group, { topics }));
}

/** Commits offsets alone. */
export function commitOffsets(member: Member, ...offsets: CommittedOffset[]): Promise<void> {
  return member.begin().commit(() => offsets);
}

/** Waits for the code that `promise` fails with. */
export async function assertFails(promise: Promise<unknown>, code: ErrorCode): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert(error instanceof FlightsError, `a FlightsError is due, it is ${error}`);
    assert.equal(error.code, code, error.message);
    assert.match(error.message, /^Cannot .+: .+, /s);
    return true;
  });
}

/** How long `work` took, in milliseconds. */
export async function elapsed(work: () => Promise<unknown>): Promise<number> {
  const start = systemClock.now();
  await work();
  return systemClock.now() - start;
}
