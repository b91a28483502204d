/** What the status of a job tells of a task. */

import { noWatermark } from "../stream/task/progress.ts";
import type { TaskStatus } from "./job_status.ts";
import type { StartedTask } from "./task_start.ts";

/** A task as it is now. */
export function taskStatus({ start, task, lanes }: StartedTask): TaskStatus {
  const finite = (watermark: number) => watermark === noWatermark ? null : watermark;
  return {
    stage: start.stage.name,
    partition: task.partition,
    watermark: finite(task.watermark),
    held: task.held,
    stateEntries: task.stateEntries,
    outcomes: task.outcomes,
    inputs: lanes.map((lane, index) => {
      const { position, watermark, idle, upstream } = task.inputs[index]!;
      const { endOffset, unreported } = lane;
      const slowest = upstream.slowest;
      return {
        topic: lane.source.topic,
        position,
        endOffset,
        watermark: finite(watermark),
        idle,
        carried: upstream.isCarried,
        writers: upstream.jobs,
        heldBy: slowest && { ...slowest, watermark: finite(slowest.watermark) },
        unreported,
      };
    }),
  };
}
