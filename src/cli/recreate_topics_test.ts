import assert from "node:assert/strict";
import { openSqliteLog } from "../log/sqlite/sqlite_log.ts";
import { recreateTopics } from "./recreate_topics.ts";

const two = { partitions: 2 };

async function logWith(...names: readonly string[]) {
  const log = await openSqliteLog({ directory: ":memory:" });
  await log.createTopics(names.map((name) => ({ name, partitions: 1 })));
  const commit = (group: string, topic: string) =>
    log.resetGroup(group, [{ topic, partition: 0, offset: 0, metadata: "" }]);
  const names_ = async () => (await log.describeTopics()).map(({ name }) => name);
  return { log, commit, names: names_ };
}

Deno.test("recreateTopics creates topics that are not there", async () => {
  const { log } = await logWith();
  const nothing = { deletedTopics: [], forgottenGroups: [] };
  assert.deepEqual(await recreateTopics(log, ["a", "b"], two), nothing);
  const topics = await log.describeTopics();
  assert.deepEqual(topics.map(({ name, partitions }) => [name, partitions.length]), [
    ["a", 2],
    ["b", 2],
  ]);
  await log.close();
});

Deno.test("recreateTopics deletes the topics and all that jobs kept about them, and nothing else", async () => {
  const kept = ["other", "other.late", "j-changelog-a", "idle-changelog-a", "aa"];
  const gone = ["a", "a.dead-letter", "a.late", "a.watermarks", "job-changelog-a"];
  const through = [
    "job-repartition-x",
    "job-repartition-x.late",
    "job-repartition-x.watermarks",
    "job-sink-stdout",
    "job-source-collection",
  ];
  const { log, commit, names } = await logWith(...gone, ...through, ...kept);
  await commit("job-sink-stdout", "job-sink-stdout");
  await commit("job", "a");
  await commit("idle", "other");
  const before = await log.describeTopics(["a"]);
  assert.deepEqual(await recreateTopics(log, ["a"], two), {
    deletedTopics: [...gone, ...through],
    forgottenGroups: ["job"],
  });
  assert.deepEqual(await names(), ["a", ...kept].toSorted());
  assert.notEqual((await log.describeTopics(["a"]))[0]!.id, before[0]!.id);
  assert.deepEqual((await log.describeGroup("job")).offsets, []);
  assert.deepEqual((await log.describeGroup("job-sink-stdout")).offsets, []);
  assert.equal((await log.describeGroup("idle")).offsets.length, 1);
  await log.close();
});

Deno.test("recreateTopics changes nothing while a member of a reader lives", async () => {
  const { log, commit } = await logWith("a", "a.late", "other");
  await commit("job", "a");
  const [before] = await log.describeTopics(["a"]);
  const member = await log.join("job", {
    description: "job (process 1)",
    topics: ["a"],
    version: "1",
  });
  await assert.rejects(recreateTopics(log, ["a"], two), {
    code: "members-alive",
    message: /job \(process 1\) is; stop it first/,
  });
  assert.equal((await log.describeTopics()).length, 3);
  assert.equal((await log.describeTopics(["a"]))[0]!.id, before!.id);
  await member.close();
  await recreateTopics(log, ["a"], two);
  await log.close();
});

Deno.test("recreateTopics is refused by a member that has committed nothing yet, not by one elsewhere", async () => {
  const { log, commit } = await logWith("a", "other");
  const fresh = await log.join("fresh", { description: "fresh", topics: ["a"], version: "1" });
  await assert.rejects(recreateTopics(log, ["a"], two), { code: "members-alive" });
  await fresh.close();
  await commit("elsewhere", "other");
  const member = await log.join("elsewhere", {
    description: "elsewhere",
    topics: ["other"],
    version: "1",
  });
  await recreateTopics(log, ["a"], two);
  await member.close();
  await log.close();
});
