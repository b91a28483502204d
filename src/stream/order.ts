/** Which record a member takes next (semantics 7): the oldest, so that a backlog keeps its order. */

import { Heap } from "../base/heap.ts";
import type { RawRecord } from "../base/record.ts";
import type { SourceNode } from "./topology.ts";

/** An input partition that has a record to give. */
export interface Lane {
  /** The event time of its next record. */
  readonly headTime: number;
  /** Breaks ties: tables first, then by place of the topic in the topology, then by partition. */
  readonly rank: number;
}

/** Lanes, the one with the oldest record first. */
export function oldestFirst<L extends Lane>(): Heap<L> {
  return new Heap<L>((a, b) => a.headTime - b.headTime || a.rank - b.rank);
}

/** More than there are input partitions. */
const beforeAllStreams = 2 ** 40;

/** The rank of an input partition; tables come first, so that an element meets the row of its own time. */
export function rankOf(
  { isTable }: Pick<SourceNode, "isTable">,
  { sourceIndex, partition, partitions }: {
    /** The source's place in the topology. */
    readonly sourceIndex: number;
    readonly partition: number;
    /** How many partitions each input has. */
    readonly partitions: number;
  },
): number {
  const rank = sourceIndex * partitions + partition;
  return isTable ? rank - beforeAllStreams : rank;
}

/** The event time by which `record` takes its turn; one that cannot be read goes by its own time. */
export function headTimeOf(source: SourceNode, record: RawRecord): number {
  const assign = source.watermarks.timestampAssigner;
  if (assign === null) return record.timestamp;
  try {
    const time = assign(source.deserialize(record), record.timestamp);
    return Number.isInteger(time) ? time : record.timestamp;
  } catch {
    // What is wrong with it is told when its turn has come.
    return record.timestamp;
  }
}
