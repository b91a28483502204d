/** Creating topics anew, with nothing left of what jobs made of the old ones. */

import { FlightsError } from "../base/errors.ts";
import type { Log } from "../log/log.ts";
import { watermarksTopic } from "../runtime/progress_records.ts";
import { isOwnTopic } from "../runtime/topics.ts";
import { deadLetterTopic, lateTopic } from "../stream/stray_topics.ts";

/** What was deleted. */
export interface Recreation {
  /** The topics that were there before, and those that jobs kept beside them. */
  readonly deletedTopics: readonly string[];
  /** The groups that had offsets in them. */
  readonly forgottenGroups: readonly string[];
}

/**
 * Deletes topics and all that jobs kept about them (offsets, changelogs, repartition, watermark,
 * late and dead-letter topics), then creates them anew, empty.
 *
 * @throws {FlightsError} `members-alive` while a job that reads them lives; nothing is changed then.
 */
export async function recreateTopics(
  log: Log,
  names: readonly string[],
  { partitions }: { readonly partitions: number },
): Promise<Recreation> {
  const groups = await groupsOf(log, new Set(names));
  const beside = new Set(names.flatMap((name) => [
    name,
    lateTopic(name),
    deadLetterTopic(name),
    watermarksTopic(name),
  ]));
  const deletedTopics = (await log.describeTopics()).map(({ name }) => name).filter((topic) =>
    beside.has(topic) || groups.some((group) => isOwnTopic(group, topic))
  );
  const kept = deletedTopics.filter((topic) => !names.includes(topic));
  if (kept.length > 0) await log.deleteTopics(kept);
  await log.createTopics(names.map((name) => ({ name, partitions })), { anew: true });
  return { deletedTopics, forgottenGroups: groups };
}

/** The groups with offsets in `topics`; none of their members may be alive. */
async function groupsOf(log: Log, topics: ReadonlySet<string>): Promise<readonly string[]> {
  const groups: string[] = [];
  for (const group of await log.listGroups()) {
    const { members, offsets } = await log.describeGroup(group);
    const isReader = offsets.some(({ topic }) => topics.has(topic));
    // A group that has committed nothing yet may be about to read them.
    const isUnknown = offsets.length === 0;
    if ((isReader || isUnknown) && members.length > 0) {
      throw new FlightsError(
        "members-alive",
        `Cannot create ${[...topics].join(", ")} anew: no job on them may be alive, ` +
          `in group ${group} ${
            members.map(({ description }) => description).join(", ")
          } is; stop it first`,
      );
    }
    if (isReader) groups.push(group);
  }
  return groups;
}
