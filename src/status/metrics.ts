/**
 * What a process exposes to Prometheus. Labels are names of jobs, stages, topics, partitions and
 * outcomes: never what is in a record.
 */

import process from "node:process";
import { Counter, Gauge, Registry } from "prom-client";
import type { InputStatus, JobStatus, TaskStatus } from "../runtime/job_status.ts";
import { readiness } from "./health.ts";
import { type Finding, severityOf } from "./why/finding.ts";
import { type Outcome, totalOf } from "../stream/task/counts.ts";

/** Metrics in the text format. */
export interface MetricsText {
  readonly text: string;
  readonly contentType: string;
}

type Labels = Readonly<Record<string, string | number>>;
type Sample = readonly [labels: Labels, value: number];

/**
 * One family. A gauge goes up and down with what the process holds. A counter begins at 0 each time a
 * member takes up tasks, which Prometheus takes for what it is, a reset: so what was rolled back and done
 * again is counted again, and nothing that another process did.
 */
interface Family {
  readonly name: string;
  readonly help: string;
  readonly kind: "gauge" | "counter";
  readonly labels: readonly string[];
  readonly samples: (status: JobStatus, scrape: Scrape) => readonly Sample[];
}

/** What is known beside the statuses of jobs. */
export interface Scrape {
  /** The time of the scrape on the clock of the jobs. */
  readonly now: number;
  /** All that `why` says; null when the log does not answer. */
  readonly findings: readonly Finding[] | null;
}

const outcomeLabels: Readonly<Record<Outcome, string>> = {
  used: "used",
  filtered: "filtered",
  windowed: "windowed",
  late: "late",
  deadLetter: "dead_letter",
  skipped: "skipped",
};

/** Not `job`: Prometheus itself gives that name to what it scrapes. */
const jobName = "application_id";
const jobLabel = ({ applicationId }: JobStatus) => ({ [jobName]: applicationId });

const taskLabels = [jobName, "stage", "partition"];
const inputLabels = [jobName, "topic", "partition"];

function ofTasks(value: (task: TaskStatus, now: number) => number | null): Family["samples"] {
  return (status, { now }) =>
    status.tasks.flatMap((task): readonly Sample[] => {
      const labels = { ...jobLabel(status), stage: task.stage, partition: task.partition };
      const found = value(task, now);
      return found === null ? [] : [[labels, found]];
    });
}

function ofInputs(
  value: (input: InputStatus, now: number) => number | null,
): Family["samples"] {
  return (status, { now }) =>
    status.tasks.flatMap(({ partition, inputs }) =>
      inputs.flatMap((input): readonly Sample[] => {
        const labels = { ...jobLabel(status), topic: input.topic, partition };
        const found = value(input, now);
        return found === null ? [] : [[labels, found]];
      })
    );
}

/** Of partitions that a member holds: of others nobody knows when something came. */
function ofHeldInputs(value: Parameters<typeof ofInputs>[0]): Family["samples"] {
  const samples = ofInputs(value);
  return (status, scrape) => status.members.length === 0 ? [] : samples(status, scrape);
}

function ofJob(value: (status: JobStatus) => number | null): Family["samples"] {
  return (status) => {
    const found = value(status);
    return found === null ? [] : [[jobLabel(status), found]];
  };
}

function ofMembers(value: (member: JobStatus["members"][number]) => number): Family["samples"] {
  return ofJob(({ members }) => members.reduce((sum, member) => sum + value(member), 0));
}

const seconds = (milliseconds: number) => milliseconds / 1_000;
const states = ["waiting", "standing-by", "restoring", "running", "at-end", "stopped"] as const;

const families: readonly Family[] = [
  {
    name: "flights_job_info",
    help: "The build that runs a job; always 1.",
    kind: "gauge",
    labels: [jobName, "build"],
    samples: (status) => [[{ ...jobLabel(status), build: status.build ?? "" }, 1]],
  },
  {
    name: "flights_job_state",
    help: "1 for the state that a job is in, 0 for the others.",
    kind: "gauge",
    labels: [jobName, "state"],
    samples: (status) =>
      states.map((state): Sample => [
        { ...jobLabel(status), state },
        state === status.state ? 1 : 0,
      ]),
  },
  {
    name: "flights_ready",
    help: "Whether a job does its work, as /ready says: 1, or 0.",
    kind: "gauge",
    labels: [jobName],
    samples: (status, { findings }) => {
      const its = findings?.filter(({ job }) => job === status.applicationId);
      return [[jobLabel(status), its !== undefined && readiness(its).ready ? 1 : 0]];
    },
  },
  {
    name: "flights_findings",
    help: "What flights why says of a job, by cause.",
    kind: "gauge",
    labels: [jobName, "cause", "severity"],
    samples: (status, { findings }) => {
      const its = findings?.filter(({ job }) => job === status.applicationId) ?? [];
      return [...Map.groupBy(its, ({ cause }) => cause)].map(([cause, same]): Sample => [
        { ...jobLabel(status), cause, severity: severityOf(cause) },
        same.length,
      ]);
    },
  },
  {
    name: "flights_members",
    help: "Members of the job in this process that hold tasks.",
    kind: "gauge",
    labels: [jobName],
    samples: ofMembers(({ partitions }) => partitions.length > 0 ? 1 : 0),
  },
  {
    name: "flights_records_in_total",
    help: "Records taken from a partition since this process took it up.",
    kind: "counter",
    labels: inputLabels,
    samples: ofInputs(({ outcomesHere }) => totalOf(outcomesHere)),
  },
  {
    name: "flights_records_total",
    help: "The same by what became of them: each is counted once, where it ended.",
    kind: "counter",
    labels: [...inputLabels, "outcome"],
    samples: (status) =>
      status.tasks.flatMap(({ partition, inputs }) =>
        inputs.flatMap(({ topic, outcomesHere }) =>
          Object.entries(outcomeLabels).map(([name, outcome]): Sample => [
            { ...jobLabel(status), topic, partition, outcome },
            outcomesHere[name as Outcome],
          ])
        )
      ),
  },
  {
    name: "flights_records_out_total",
    help: "Records written to a topic since the tasks were taken up.",
    kind: "counter",
    labels: [jobName, "topic"],
    samples: (status) =>
      Object.entries(status.outputs)
        .map(([topic, count]): Sample => [{ ...jobLabel(status), topic }, count]),
  },
  {
    name: "flights_commits_total",
    help: "Commits since the tasks were taken up.",
    kind: "counter",
    labels: [jobName],
    samples: ofJob(({ commits }) => commits.count),
  },
  {
    name: "flights_lag_records",
    help: "Offsets between the next record to process and the end of a partition.",
    kind: "gauge",
    labels: inputLabels,
    samples: ofInputs(({ lag }) => lag),
  },
  {
    name: "flights_input_idle",
    help: "1 while a partition holds back no watermark, since nothing comes on it.",
    kind: "gauge",
    labels: inputLabels,
    samples: ofInputs(({ idle }) => idle ? 1 : 0),
  },
  {
    name: "flights_input_silence_seconds",
    help: "Time since the last record of a partition came.",
    kind: "gauge",
    labels: inputLabels,
    samples: ofHeldInputs(({ lastRecordAt }, now) =>
      Math.max(0, seconds(now - (lastRecordAt ?? now)))
    ),
  },
  {
    name: "flights_input_stalled_seconds",
    help: "Time since a partition with records to process has moved; 0 while it moves or has none.",
    kind: "gauge",
    labels: inputLabels,
    samples: ofHeldInputs(({ lag, lastMovedAt }, now) =>
      (lag ?? 0) > 0 ? Math.max(0, seconds(now - (lastMovedAt ?? now))) : 0
    ),
  },
  {
    name: "flights_watermark_lag_seconds",
    help: "How far the watermark of a task is behind the clock.",
    kind: "gauge",
    labels: taskLabels,
    samples: ofTasks(({ watermark }, now) => watermark === null ? null : seconds(now - watermark)),
  },
  {
    name: "flights_open_windows",
    help: "Windows of a task that are open.",
    kind: "gauge",
    labels: taskLabels,
    samples: ofTasks(({ windows }) => windows.count),
  },
  {
    name: "flights_held_records",
    help: "Records of a task that wait in open windows.",
    kind: "gauge",
    labels: taskLabels,
    samples: ofTasks(({ held }) => held),
  },
  {
    name: "flights_state_entries",
    help: "Entries of a task's state.",
    kind: "gauge",
    labels: taskLabels,
    samples: ofTasks(({ stateEntries }) => stateEntries ?? 0),
  },
  {
    name: "flights_state_bytes",
    help: "About how many bytes of changelog a task's state comes to.",
    kind: "gauge",
    labels: taskLabels,
    samples: ofTasks(({ stateBytes }) => stateBytes ?? 0),
  },
  {
    name: "flights_restored_offsets",
    help: "Changelog offsets read by the restore that runs.",
    kind: "gauge",
    labels: [jobName],
    samples: ofMembers(({ restore }) => restore?.done ?? 0),
  },
  {
    name: "flights_restore_offsets",
    help: "Changelog offsets that the restore that runs has to read.",
    kind: "gauge",
    labels: [jobName],
    samples: ofMembers(({ restore }) => restore?.total ?? 0),
  },
  {
    name: "flights_last_commit_timestamp_seconds",
    help: "When the last commit was.",
    kind: "gauge",
    labels: [jobName],
    samples: ofJob(({ commits: { lastAt } }) => lastAt === null ? null : seconds(lastAt)),
  },
  {
    name: "flights_last_commit_duration_seconds",
    help: "How long the last commit took.",
    kind: "gauge",
    labels: [jobName],
    samples: ofJob(({ commits: { lastDurationMs } }) =>
      lastDurationMs === null ? null : seconds(lastDurationMs)
    ),
  },
  {
    name: "flights_rebalances_total",
    help: "How often members of this process were given other tasks.",
    kind: "counter",
    labels: [jobName],
    samples: ofMembers(({ rebalances }) => rebalances),
  },
  {
    name: "flights_fences_total",
    help: "How often members of this process were replaced or lost the log, and joined again.",
    kind: "counter",
    labels: [jobName],
    samples: ofMembers(({ fences }) => fences),
  },
];

/**
 * The metrics of a process that runs jobs. Built anew each time: nothing is counted between.
 *
 * @param scrape `now`: on the clock of the jobs; `findings`: all that `why` says, null when the log
 * does not answer.
 */
export async function metricsText(
  statuses: readonly JobStatus[],
  scrape: Scrape,
): Promise<MetricsText> {
  const registry = new Registry();
  for (const { name, help, kind, labels, samples } of families) {
    const settings = { name, help, labelNames: [...labels], registers: [registry] };
    const found = statuses.flatMap((status) => samples(status, scrape));
    if (kind === "gauge") {
      const gauge = new Gauge(settings);
      for (const [labels, value] of found) gauge.set({ ...labels }, value);
    } else {
      const counter = new Counter(settings);
      for (const [labels, value] of found) counter.inc({ ...labels }, value);
    }
  }
  addProcess(registry);
  return { text: await registry.metrics(), contentType: registry.contentType };
}

function addProcess(registry: Registry): void {
  const { user, system } = process.cpuUsage();
  const registers = [registry];
  new Counter({
    name: "process_cpu_seconds_total",
    help: "CPU time of the process, user and system.",
    registers,
  }).inc((user + system) / 1e6);
  new Gauge({
    name: "process_resident_memory_bytes",
    help: "Memory of the process.",
    registers,
  }).set(process.memoryUsage.rss());
  new Gauge({
    name: "process_start_time_seconds",
    help: "When the process began.",
    registers,
  }).set(performance.timeOrigin / 1_000);
}
