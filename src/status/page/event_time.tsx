/** Event time against the clock, partition by partition: who holds the watermark. */

import type { LogOverview } from "../overview.ts";
import { clock, duration } from "./format.ts";

/** A part for each job that has tasks. */
export function EventTime({ overview }: { readonly overview: LogOverview }) {
  const jobs = overview.jobs.filter(({ status }) => status.tasks.length > 0);
  if (jobs.length === 0) return null;
  return (
    <section class="event-time" aria-labelledby="event-time">
      <h2 id="event-time">Event time by partition</h2>
      <div class="columns">
        {jobs.map((job) => <Job key={job.status.applicationId} status={job.status} />)}
      </div>
    </section>
  );
}

type Status = LogOverview["jobs"][number]["status"];

function Job({ status }: { readonly status: Status }) {
  const { applicationId, tasks, at } = status;
  const rows = tasks.flatMap(({ partition, holder, inputs }) =>
    inputs.map((input) => ({ ...input, partition, isHolder: input.topic === holder }))
  );
  const behind = rows.flatMap(({ watermark }) => watermark === null ? [] : [at - watermark]);
  const most = Math.max(1_000, ...behind);
  return (
    <div>
      <h3>{applicationId}</h3>
      <div class="scroll" tabIndex={0} role="region" aria-label={`partitions of ${applicationId}`}>
        <table>
          <thead>
            <tr>
              <th scope="col">Partition</th>
              <th scope="col" class="figure">Watermark</th>
              <th scope="col" class="figure">Behind</th>
              <th scope="col" class="wide">
                <span class="hidden">Behind, as a bar</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ topic, partition, watermark, idle, isHolder }) => (
              <tr
                key={`${topic} ${partition}`}
                class={isHolder && !idle ? "holds" : idle ? "idle" : ""}
              >
                <th scope="row">
                  {topic}
                  <wbr />
                  <span class="index">[{partition}]</span>
                  {idle ? <em>idle</em> : isHolder ? <em>holds</em> : null}
                </th>
                <td class="figure">{watermark === null ? "none" : clock(watermark)}</td>
                <td class="figure">{watermark === null ? "" : duration(at - watermark)}</td>
                <td class="wide">
                  <div class="bar">
                    <i style={{ width: `${width(watermark, at, most)}%` }} />
                  </div>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function width(watermark: number | null, at: number, most: number): number {
  return watermark === null ? 0 : Math.min(100, Math.max(0, (at - watermark) / most * 100));
}
