/**
 * Finding out who wrote a batch (semantics 24). A task of ours registers in a transaction of its own
 * before it writes, so once its records can be read its registration can be, too: on a topic of
 * reports that may be newer than the reader's start, behind reports that count later.
 */

import { watermarksTopic } from "./progress_records.ts";
import type { InputLane } from "./input_lane.ts";
import type { StartContext } from "./start_context.ts";
import { openReports } from "./task_start.ts";

/** Looks up who is registered for lanes that have to know; they go on as soon as it can be told. */
export async function lookUpWriters(
  context: StartContext,
  lanes: readonly InputLane[],
): Promise<void> {
  const reports = await reportTopics(context, lanes);
  for (const lane of lanes) {
    lane.reports ??= openReports({ ...context, reports }, lane, 0);
    if (await readUntilKnown(context, lane)) lane.endLookUp();
  }
}

/** The topics of reports on which lanes are not reading yet, as far as they have been made by now. */
async function reportTopics({ log }: StartContext, lanes: readonly InputLane[]) {
  const without = lanes.filter((lane) => lane.reports === null).map(({ source }) => source.topic);
  const topics = [...new Set(without)];
  const found = await log.describeTopics(topics.map(watermarksTopic));
  return new Map(topics.flatMap((topic) => {
    const one = found.find(({ name }) => name === watermarksTopic(topic));
    return one === undefined ? [] : [[topic, one] as const];
  }));
}

/**
 * Reads reports until the writer is among them, or any one where none has been met. One that counts from behind the batch was written
 * after the batch, and so after its writer's registration: then there is none.
 *
 * @returns false when that cannot be told yet: what lies before the end may be a registration that
 * another writer's unfinished transaction holds back.
 */
async function readUntilKnown({ log }: StartContext, lane: InputLane): Promise<boolean> {
  const { reports, unknownWriter } = lane;
  if (reports === null) return true;
  lane.skipToHead();
  const { upstream, position } = lane.task.inputs[lane.sourceIndex]!;
  const isKnown = () => unknownWriter === null ? upstream.isCarried : upstream.knows(unknownWriter);
  while (
    !isKnown() &&
    !(Number.isFinite(reports.countsFrom) && reports.countsFrom > position)
  ) {
    const from = reports.fetchPosition;
    const [fetched] = await log.fetch([from]);
    if (fetched === undefined) return false;
    if (fetched.nextOffset === from.offset) return fetched.nextOffset >= fetched.endOffset;
    reports.feed(fetched);
  }
  return true;
}
