/** Taking a job back: what it has read is to be read again, and what it kept for itself is gone. */

import { FlightsError } from "../base/errors.ts";
import type { CommittedOffset, Log } from "../log/log.ts";
import { noOutcomes } from "../stream/task/counts.ts";
import { encodeMetadata } from "./saved_progress.ts";
import { isOwnTopic } from "./topics.ts";

/** Settings of a reset. */
export interface ResetOptions {
  /**
   * Where the next start begins. `earliest` forgets all offsets, so that it is a first start; a time
   * in milliseconds places the offsets at the first records of that time or later. Default
   * `earliest`.
   */
  readonly to?: "earliest" | number;
}

/** What was taken back. */
export interface ResetResult {
  /** The inputs that the job had offsets in. */
  readonly inputs: readonly string[];
  /** The offsets that the next start goes on from; none when it is a first start. */
  readonly offsets: readonly CommittedOffset[];
  /** The job's own topics, which were deleted. */
  readonly deletedTopics: readonly string[];
}

/**
 * Takes a job back. Offsets go first: a job that starts in between finds no state or is refused,
 * and a reset that is cut off there can be repeated.
 *
 * @throws {FlightsError} `members-alive` while a member of the job lives; nothing is changed then.
 */
export async function resetJob(
  log: Log,
  applicationId: string,
  { to = "earliest" }: ResetOptions = {},
): Promise<ResetResult> {
  const { members, offsets } = await log.describeGroup(applicationId);
  const groups = (await log.listGroups()).filter((name) => isOwnTopic(applicationId, name));
  const others = await Promise.all(groups.map((name) => log.describeGroup(name)));
  const alive = [...members, ...others.flatMap(({ members }) => members)];
  if (alive.length > 0) {
    const names = [...new Set(alive.map(({ description }) => description))].join(", ");
    throw new FlightsError(
      "members-alive",
      `Cannot reset ${applicationId}: none of its members may be alive, ${names} is; stop it first`,
    );
  }
  const topics = (await log.describeTopics()).map(({ name }) => name);
  const own = topics.filter((name) => isOwnTopic(applicationId, name));
  const inputs = [...new Set(offsets.map(({ topic }) => topic))].filter((name) =>
    !own.includes(name)
  );
  const placed = to === "earliest" ? [] : await offsetsAt(log, inputs, to);
  await log.resetGroup(applicationId, placed);
  if (own.length > 0) await log.deleteTopics(own);
  return { inputs, offsets: placed, deletedTopics: own };
}

/** Offsets of inputs at a time, with the metadata of a job that has read nothing yet. */
async function offsetsAt(
  log: Log,
  inputs: readonly string[],
  time: number,
): Promise<readonly CommittedOffset[]> {
  const placed: CommittedOffset[] = [];
  for (const { name: topic, id: topicId, partitions } of await log.describeTopics(inputs)) {
    const offsets = await log.offsetsForTime(topic, time);
    offsets.forEach((offset, partition) => {
      const metadata = encodeMetadata({
        offset,
        topicId,
        partitions: partitions.length,
        newest: null,
        watermark: null,
        idle: false,
        taskWatermark: null,
        outcomes: noOutcomes(),
        changelog: null,
        upstream: {},
        reports: 0,
        repartitions: null,
        ended: null,
        place: null,
        held: 0,
        writes: [],
      });
      placed.push({ topic, partition, offset, metadata });
    });
  }
  return placed;
}
