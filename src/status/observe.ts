/** Looks at a log and its jobs: who runs, what they tell, and what they have committed. */

import { messageOf } from "../base/errors.ts";
import type { AnnouncedProcess, GroupDescription, Log, TopicDescription } from "../log/log.ts";
import type { JobStatus } from "../runtime/job_status.ts";
import { isJobName, savedStatus, topicIdOf } from "../runtime/saved_status.ts";
import { combineStatuses } from "./combine_statuses.ts";
import { fetchStatus } from "./fetch_status.ts";
import type { CommittedInput, JobOverview, LogOverview } from "./overview.ts";

/** How to look. */
export interface ObserveOptions {
  /** The clock of who looks, in milliseconds since the Unix epoch. */
  readonly now: number;
  /** The jobs to look at, default all that the log knows. */
  readonly jobs?: readonly string[];
  /** Statuses of jobs that run in this process: it is not asked for them. */
  readonly own?: readonly JobStatus[];
  /** Where this process answers; without it no other process is asked for the jobs that run here. */
  readonly ownAddress?: string;
  /** Addresses of processes to ask beside those that the log knows. */
  readonly addresses?: readonly string[];
  /** Ends the look early. */
  readonly signal?: AbortSignal;
}

/** All that is known of a log now. A process that does not answer is told of, it fails nothing. */
export async function observe(log: Log, options: ObserveOptions): Promise<LogOverview> {
  const { now, own = [], signal } = options;
  const known = options.jobs ??
    [...await log.listGroups(), ...own.map((status) => status.applicationId)];
  const names = [...new Set(known)].filter(isJobName).sort();
  const groups = await Promise.all(names.map((name) => log.describeGroup(name)));
  // After the offsets: no topic is then found shorter than what was committed says.
  const topics = await log.describeTopics();
  const jobs = await Promise.all(
    groups.map((group, i) =>
      observeJob(log, { name: names[i]!, group, topics, options: { ...options, own } })
    ),
  );
  signal?.throwIfAborted();
  return {
    version: 1,
    at: now,
    log: log.description,
    jobs,
    topics: topics.map(({ name, id, partitions }) => ({ name, id, partitions })),
  };
}

async function observeJob(
  log: Log,
  { name, group, topics, options: { now, own = [], ownAddress, addresses = [], signal } }: {
    readonly name: string;
    readonly group: GroupDescription;
    readonly topics: readonly TopicDescription[];
    readonly options: ObserveOptions;
  },
): Promise<JobOverview> {
  const here = own.filter(({ applicationId }) => applicationId === name);
  const processes = group.processes.filter(({ address }) => address !== ownAddress);
  const asked = here.length > 0 && ownAddress === undefined
    ? []
    : await askAll(name, { processes, addresses, ...(signal && { signal }) });
  const told = [...here, ...asked.flatMap(({ status }) => status ?? [])];
  const { members, offsets } = group;
  const status = told.length > 0
    ? combineStatuses(told)
    : savedStatus(name, { offsets, topics, now });
  return {
    status,
    toldBy: told.length > 0 ? "process" : "log",
    members,
    processes: asked.map(({ process, failure }) => ({ ...process, failure })),
    committed: offsets.map((committed): CommittedInput => {
      const { topic, partition, offset } = committed;
      return { topic, partition, offset, topicId: topicIdOf(committed) };
    }),
    transactions: await log.openTransactions(status.reads),
  };
}

interface Answer {
  readonly process: AnnouncedProcess;
  readonly status: JobStatus | null;
  readonly failure: string | null;
}

/** Asks each address once; of those that were given by hand only who runs this job counts. */
async function askAll(
  job: string,
  { processes, addresses, signal }: {
    readonly processes: readonly AnnouncedProcess[];
    readonly addresses: readonly string[];
    readonly signal?: AbortSignal;
  },
): Promise<readonly Answer[]> {
  const known = new Map(addresses.map((address) => [address, { description: address, address }]));
  for (const process of processes) known.set(process.address, process);
  const answers = await Promise.all([...known.values()].map(async (process): Promise<Answer> => {
    try {
      const statuses = await fetchStatus(process.address, signal && { signal });
      const status = statuses.find(({ applicationId }) => applicationId === job) ?? null;
      return { process, status, failure: status === null ? `it does not run ${job}` : null };
    } catch (error) {
      return { process, status: null, failure: messageOf(error) };
    }
  }));
  return answers.filter(({ process, status }) => status !== null || processes.includes(process));
}
