/**
 * Finding out who wrote a batch (semantics 24). A task of ours registers in a transaction of its own
 * before it writes, so once its records can be read its registration can be, too: on a topic of
 * reports that may be newer than the reader's start, behind reports that count later.
 */

import { watermarksTopic } from "./progress_records.ts";
import type { InputLane } from "./input_lane.ts";
import type { StartContext } from "./start_context.ts";
import { openReports } from "./task_start.ts";

/** Looks up the writers that lanes have met and do not know; the lanes go on afterwards. */
export async function lookUpWriters(
  context: StartContext,
  lanes: readonly InputLane[],
): Promise<void> {
  const reports = await reportTopics(context, lanes);
  for (const lane of lanes) {
    lane.reports ??= openReports({ ...context, reports }, lane, 0);
    await readUntilKnown(context, lane);
    lane.endLookUp();
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
 * Reads reports until the writer is among them. One that counts from behind the batch was written
 * after the batch, and so after its writer's registration: then there is none.
 */
async function readUntilKnown({ log }: StartContext, lane: InputLane): Promise<void> {
  const { reports, unknownWriter } = lane;
  if (reports === null || unknownWriter === null) return;
  const { upstream, position } = lane.task.inputs[lane.sourceIndex]!;
  while (
    !upstream.knows(unknownWriter) &&
    !(Number.isFinite(reports.countsFrom) && reports.countsFrom > position)
  ) {
    const from = reports.fetchPosition;
    const [fetched] = await log.fetch([from]);
    if (fetched === undefined || fetched.nextOffset === from.offset) return;
    reports.feed(fetched);
  }
}
