/**
 * What members tell each other by way of their group: in the form of Kafka's own consumers, so that
 * any tool can show it, with our part in the user data.
 */

import { textOf, utf8 } from "../../base/bytes.ts";
import type { AnnouncedProcess } from "../log.ts";
import { Reader, Writer } from "./protocol/wire.ts";

/** The assignor: it is known to all members of a group, or they do not come together. */
export const assignorName = "flights-copartitioned";

/** What a member tells when it joins. */
export interface Subscription {
  readonly topics: readonly string[];
  /** For people: host, process, role. */
  readonly description: string;
  /** What it computes. */
  readonly version: string;
  /** The partitions it held in the generation before. */
  readonly held: readonly number[];
  /** How often it has asked for a new assignment: the group is shared out anew when this changes. */
  readonly attempt: number;
  /** Where its process answers questions about the group's job. */
  readonly processes: readonly AnnouncedProcess[];
}

/** What the leader tells a member. */
export interface GroupAssignment {
  readonly topics: readonly string[];
  /** Of each topic. */
  readonly partitions: readonly number[];
  /** For one without partitions: the description of a member that has some. */
  readonly waitingFor: string | null;
  /** The version of the member that it was made for. */
  readonly version: string;
  /** The ids of all members of its generation. */
  readonly members: readonly string[];
}

/**
 * ```text
 * version   int16
 * topics    [string]
 * userData  bytes    JSON: description, version, held, attempt, processes
 * ```
 */
export function encodeSubscription({ topics, ...told }: Subscription): Uint8Array {
  const writer = new Writer(false);
  writer.int16(0);
  writer.strings(topics);
  writer.bytes(utf8(JSON.stringify(told)));
  return writer.finish();
}

/** Reads a subscription; one of another program has a description only. */
export function decodeSubscription(bytes: Uint8Array): Subscription {
  const reader = new Reader(bytes, { flexible: false, what: "a subscription" });
  reader.int16();
  const topics = reader.structs(() => reader.string());
  const told = jsonOf(reader.nullableBytes());
  return {
    topics,
    description: String(told.description ?? "a member of another program"),
    version: String(told.version ?? ""),
    attempt: Number(told.attempt ?? 0),
    held: Array.isArray(told.held) ? told.held : [],
    processes: Array.isArray(told.processes) ? told.processes.filter(isProcess) : [],
  };
}

function isProcess(value: unknown): value is AnnouncedProcess {
  return typeof value === "object" && value !== null &&
    "description" in value && typeof value.description === "string" &&
    "address" in value && typeof value.address === "string";
}

/**
 * ```text
 * version   int16
 * topics    [name string, partitions [int32]]
 * userData  bytes    JSON: waitingFor, version, members
 * ```
 */
export function encodeAssignment(
  { topics, partitions, ...told }: GroupAssignment,
): Uint8Array {
  const writer = new Writer(false);
  writer.int16(0);
  writer.structs(topics, (name) => {
    writer.string(name);
    writer.int32s(partitions);
  });
  writer.bytes(utf8(JSON.stringify(told)));
  return writer.finish();
}

/** Reads an assignment; none at all while the group is not stable. */
export function decodeAssignment(bytes: Uint8Array): GroupAssignment {
  if (bytes.length === 0) {
    return { topics: [], partitions: [], waitingFor: null, version: "", members: [] };
  }
  const reader = new Reader(bytes, { flexible: false, what: "an assignment" });
  reader.int16();
  const topics = reader.structs(() => ({ name: reader.string(), partitions: reader.int32s() }));
  const told = jsonOf(reader.nullableBytes());
  return {
    topics: topics.map(({ name }) => name),
    partitions: topics[0]?.partitions ?? [],
    waitingFor: typeof told.waitingFor === "string" ? told.waitingFor : null,
    version: String(told.version ?? ""),
    members: Array.isArray(told.members) ? told.members : [],
  };
}

function jsonOf(bytes: Uint8Array | null): Record<string, unknown> {
  try {
    return JSON.parse(textOf(bytes ?? new Uint8Array())) ?? {};
  } catch {
    return {};
  }
}
