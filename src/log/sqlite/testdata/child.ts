/**
 * A process on a log, for tests: `child.ts ROLE DIRECTORY [ARGUMENT]`. It tells what it did by
 * lines on stdout, and waits for lines on stdin.
 */

import process from "node:process";
import { createInterface } from "node:readline";
import { FlightsError } from "../../../base/errors.ts";
import { utf8 } from "../../../base/bytes.ts";
import type { Log, Member } from "../../log.ts";
import { RecordBatchBuilder } from "../../records/builder.ts";
import type { CommitStep } from "../fault_point.ts";
import { openSqliteLog } from "../sqlite_log.ts";

const [role, directory, argument = ""] = Deno.args as [string, string, string?];
const input = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
/** The user id of nobody, on most systems. */
const nobody = 65_534;
let armed: CommitStep | null = null;

/** Writes one batch of one record of `size` bytes that begins with `text`. */
function output(topic: string, text: string, size = text.length) {
  const builder = new RecordBatchBuilder();
  builder.append(0, null, utf8(text.padEnd(size, ".")));
  return { topic, partition: 0, batch: builder.finish() };
}

async function commit(member: Member, values: Readonly<Record<string, string>>): Promise<void> {
  const transaction = member.begin();
  for (const [topic, text] of Object.entries(values)) {
    await transaction.append([output(topic, text)]);
  }
  const metadata = Object.values(values).join();
  await transaction.commit(() => [{ topic: "in", partition: 0, offset: 0, metadata }]);
}

async function join(log: Log, group: string): Promise<Member> {
  const member = await log.join(group, {
    description: `process ${process.pid}`,
    topics: ["in"],
    version: "1",
  });
  while (member.assignment.partitions.length === 0) await member.poll([], { maxWaitMs: 1_000 });
  return member;
}

const roles: Readonly<Record<string, (log: Log) => Promise<void>>> = {
  /** Creates a topic of its own. */
  create: async (log) => await log.createTopics([{ name: argument, partitions: 3 }]),

  /** Creates a topic as a user who may do nothing. */
  intrude: async (log) => await log.createTopics([{ name: "new", partitions: 1 }]),

  /** Looks at a log as a user who may read it only. */
  look: async (log) => {
    for (const group of await log.listGroups()) {
      const topics = (await log.describeTopics()).map(({ name }) => name);
      const { processes } = await log.describeGroup(group);
      console.log([...topics, group, ...processes.map(({ address }) => address)].join(" "));
    }
  },

  /** Commits 40 transactions on two topics, and appends in between. */
  commit: async (log) => {
    const member = await join(log, argument);
    for (let i = 0; i < 40; i++) {
      const text = `${argument}:${i}`;
      await commit(member, { one: text, two: text });
      await log.append([output("appended", text)]);
    }
    await member.close();
  },

  /** Holds the group, and commits once for every line. */
  hold: async (log) => {
    const member = await join(log, "g");
    console.log("holds");
    for (let i = 0; !(await input.next()).done; i++) {
      await commit(member, { one: `${i}` });
      console.log("committed");
    }
    await member.close();
  },

  /** Tells of an address, and waits for its end. */
  announce: async (log) => {
    await log.announce("g", { description: `process ${process.pid}`, address: argument });
    console.log("announced");
    await input.next();
  },

  /** Counts on in each partition it holds, and tells which these are when they have changed. */
  share: async (log) => {
    const options = { description: `process ${process.pid}`, topics: ["in"], version: "1" };
    const member = await log.join("g", options);
    const counts = new Map<number, number>();
    for (let generation = 0;;) {
      await member.poll([], { maxWaitMs: 20 });
      if (member.assignment.generation !== generation) {
        ({ generation } = member.assignment);
        counts.clear();
        for (const partition of member.assignment.partitions) counts.set(partition, 0);
        for (const { partition, metadata } of await member.committed()) {
          counts.set(partition, Number(metadata));
        }
        console.log([...counts.keys()].join(" "));
      }
      if (counts.size === 0) continue;
      const transaction = member.begin();
      for (const [partition, count] of counts) {
        counts.set(partition, count + 1);
        await transaction.append([output("one", `${partition}:${count + 1}`)]);
      }
      await transaction.commit(() =>
        [...counts].map(([partition, count]) => ({
          topic: "in",
          partition,
          offset: 0,
          metadata: `${count}`,
        }))
      );
    }
  },

  /** Commits, and is killed at a step of the second commit. */
  crash: async (log) => {
    const member = await join(log, "g");
    await commit(member, { one: "first", two: "first" });
    armed = argument as CommitStep;
    await commit(member, { one: "second", two: "second" });
  },

  /** Appends until it fails, in commits of about 40 KiB. */
  fill: async (log) => {
    for (let i = 0;; i++) {
      await log.append([output("one", `${i}`, 20_000), output("two", `${i}`, 20_000)]);
      console.log("appended");
    }
  },
};

try {
  if (role === "intrude" || role === "look") process.setuid!(nobody);
  const log = await openSqliteLog({
    directory,
    readOnly: role === "look",
    sessionTimeoutMs: role === "hold" ? Number(argument) : 60_000,
    faultPoint: (step) => {
      if (step === armed) process.kill(process.pid, "SIGKILL");
    },
  });
  await roles[role]!(log);
  await log.close();
  console.log("done");
} catch (error) {
  if (!(error instanceof FlightsError)) throw error;
  console.log(JSON.stringify({ code: error.code, message: error.message }));
}
process.exit(0);
