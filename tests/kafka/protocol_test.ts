import assert from "node:assert/strict";
import { equalBytes } from "../../src/base/bytes.ts";
import { hasCode } from "../../src/base/errors.ts";
import { factsOf } from "../../src/log/kafka/errors.ts";
import { addPartitionsToTxn } from "../../src/log/kafka/protocol/add_partitions_to_txn_v3.ts";
import { createTopics } from "../../src/log/kafka/protocol/create_topics_v7.ts";
import { deleteGroups } from "../../src/log/kafka/protocol/testdata/delete_groups_v2.ts";
import { deleteTopics } from "../../src/log/kafka/protocol/delete_topics_v6.ts";
import { describeConfigs } from "../../src/log/kafka/protocol/describe_configs_v4.ts";
import { describeGroups } from "../../src/log/kafka/protocol/describe_groups_v5.ts";
import { fetch } from "../../src/log/kafka/protocol/fetch_v13.ts";
import { heartbeat } from "../../src/log/kafka/protocol/heartbeat_v3.ts";
import { leaveGroup } from "../../src/log/kafka/protocol/leave_group_v3.ts";
import { listGroups } from "../../src/log/kafka/protocol/list_groups_v4.ts";
import { earliest, latest } from "../../src/log/kafka/protocol/list_offsets_v5.ts";
import { offsetCommit } from "../../src/log/kafka/protocol/offset_commit_v7.ts";
import { offsetDelete } from "../../src/log/kafka/protocol/offset_delete_v0.ts";
import { offsetFetch } from "../../src/log/kafka/protocol/offset_fetch_v7.ts";
import { isFull } from "../full.ts";
import { needs } from "../permissions.ts";
import { startCluster } from "./broker.ts";
import type { KafkaVersion } from "./distribution.ts";
import { Client, codeOfFirst, subscription, timeoutMs, valuesOf } from "./protocol_client.ts";

const versions: readonly KafkaVersion[] = isFull() ? ["4.1.0", "3.9.1"] : ["4.1.0"];

const done = factsOf(0).name;

for (const version of versions) {
  Deno.test({
    ...needs("net", "run", "read", "write", "env"),
    name: `the protocol is understood by Kafka ${version}`,
    fn: async (t) => {
      await using cluster = await startCluster({ version });
      const client = new Client(cluster.bootstrap());
      try {
        client.node = (await client.connections.refreshMetadata()).controllerId;
        for (const [name, fn] of Object.entries(steps)) {
          await t.step(name, () => fn(client));
        }
      } finally {
        await client.connections.close();
      }
    },
  });
}

const steps: Readonly<Record<string, (client: Client) => Promise<void>>> = {
  "a topic has another id when it is deleted and created anew; the old one is not read": async (
    client,
  ) => {
    const first = await client.create("ids");
    const { topics: [again] } = await client.send(createTopics.call({
      topics: [{ name: "ids", partitions: 1, replicationFactor: 1, configs: {} }],
      timeoutMs,
      validateOnly: false,
    }));
    assert.equal(factsOf(again!.errorCode).code, "topic-exists");
    const { topics: [deleted] } = await client.send(deleteTopics.call({
      topics: ["ids"],
      timeoutMs,
    }));
    assert.deepEqual({ ...deleted, errorMessage: null }, {
      name: "ids",
      topicId: first,
      errorCode: 0,
      errorMessage: null,
    });
    const second = await client.create("ids");
    assert.notEqual(second, first);
    const { errorCode } = await client.read(first, "read_uncommitted");
    assert.equal(factsOf(errorCode).code, "topic-changed");
    assert.equal((await client.read(second, "read_uncommitted")).errorCode, 0);
  },

  "metadata of a topic that is not there says so and does not create it": async (client) => {
    for (let i = 0; i < 2; i++) {
      const { topics: [topic] } = await client.connections.refreshMetadata(["nowhere"]);
      assert.equal(factsOf(topic!.errorCode).name, "UNKNOWN_TOPIC_OR_PARTITION");
    }
  },

  "a topic's settings are told": async (client) => {
    const { topics: [created] } = await client.send(createTopics.call({
      topics: [{
        name: "settings",
        partitions: 3,
        replicationFactor: -1,
        configs: { "cleanup.policy": "compact", "retention.ms": "60000" },
      }],
      timeoutMs,
      validateOnly: false,
    }));
    assert.equal(created!.errorCode, 0);
    const { topics: [topic] } = await client.send(describeConfigs.call({
      topics: ["settings"],
      keys: ["cleanup.policy", "retention.ms", "retention.bytes"],
    }));
    assert.equal(topic!.errorCode, 0);
    assert.deepEqual(topic!.configs, {
      "cleanup.policy": "compact",
      "retention.ms": "60000",
      "retention.bytes": "-1",
    });
  },

  "a batch that is appended is read back, and found by time": async (client) => {
    const topicId = await client.create("batches");
    const time = 1_700_000_000_000;
    assert.equal(await client.append("batches", ["a", "ü", "c"], { compression: "gzip" }), 0);
    assert.equal(await client.append("batches", ["d"], { time: time + 10 }), 3);
    const [batches, read] = await client.readTo(topicId, 4);
    assert.deepEqual(valuesOf(batches), ["a", "ü", "c", "d"]);
    assert.equal(read.highWatermark, 4);
    assert.equal(read.lastStableOffset, 4);
    assert.equal(await client.offset("batches", time + 1), 1);
    assert.equal(await client.offset("batches", time + 3), 3);
    assert.equal(await client.offset("batches", time + 11), -1);
    assert.equal(await client.offset("batches", earliest), 0);
    assert.equal(await client.offset("batches", latest), 4);
  },

  "an aborted transaction is listed, a committed one and an open one are not": async (client) => {
    const topicId = await client.create("transactions");
    const producer = await client.producer("transactions");
    let baseSequence = 0;
    const write = async (values: readonly string[]) => {
      await client.addPartition(producer, "transactions");
      const offset = await client.append("transactions", values, { ...producer, baseSequence });
      baseSequence += values.length;
      return offset;
    };
    assert.equal(await write(["committed"]), 0);
    assert.equal(await client.end(producer, true), 0);
    assert.equal(await write(["aborted", "aborted too"]), 2);
    assert.equal(await client.end(producer, false), 0);
    assert.equal(await write(["open"]), 5);
    // EndTxn answers before its markers are there.
    await client.until(async () => await client.offset("transactions", latest) === 5);
    const [batches, read] = await client.readTo(topicId, 5);
    assert.deepEqual(valuesOf(batches), ["committed", "aborted", "aborted too"]);
    assert.deepEqual(read.abortedTransactions, [
      { producerId: producer.producerId, firstOffset: 2 },
    ]);
    assert.equal(read.lastStableOffset, 5);
    assert.equal(read.highWatermark, 6);
    assert.deepEqual(batches.map((batch) => batch.controlType), [null, "commit", null, "abort"]);
    assert.equal(await client.end(producer, true), 0);
  },

  "a new epoch fences the old one": async (client) => {
    const old = await client.producer("fenced");
    const renewed = await client.producer("fenced");
    assert.equal(renewed.producerId, old.producerId);
    assert.ok(renewed.producerEpoch > old.producerEpoch);
    assert.equal(factsOf(await client.end(old, true)).name, "PRODUCER_FENCED");
    const { topics } = await client.send(
      addPartitionsToTxn.call({ ...old, topics: [{ name: "batches", partitions: [0] }] }),
    );
    assert.equal(factsOf(topics[0]!.partitions[0]!.errorCode).name, "PRODUCER_FENCED");
  },

  "a static member takes its place again, keeps it alive and leaves": async (client) => {
    const first = await client.join("static", "instance-1", "partitions 0 and 1");
    assert.equal(first.assignment, "partitions 0 and 1");
    assert.equal((await client.send(heartbeat.call(first))).errorCode, 0);
    // A static leader that comes back is told no members, and gets the assignment that is kept.
    const second = await client.join("static", "instance-1", "not told");
    assert.equal(second.assignment, "partitions 0 and 1");
    assert.equal(second.generation, first.generation);
    assert.notEqual(second.memberId, first.memberId);
    const zombie = await client.send(heartbeat.call(first));
    assert.equal(factsOf(zombie.errorCode).name, "FENCED_INSTANCE_ID");

    const { groups: [group] } = await client.send(describeGroups.call({ groups: ["static"] }));
    assert.equal(group!.state, "Stable");
    assert.deepEqual(
      group!.members.map(({ memberId, instanceId, clientId, metadata, assignment }) => [
        memberId,
        instanceId,
        clientId,
        equalBytes(metadata, subscription),
        new TextDecoder().decode(assignment),
      ]),
      [[
        second.memberId,
        "instance-1",
        "protocol-test",
        true,
        "partitions 0 and 1",
      ]],
    );
    const { groups } = await client.send(listGroups.call({}));
    assert.equal(groups.find(({ groupId }) => groupId === "static")!.state, "Stable");
    const busy = await client.send(deleteGroups.call({ groups: ["static"] }));
    assert.equal(factsOf(busy.groups[0]!.errorCode).code, "members-alive");

    const left = await client.send(leaveGroup.call({ groupId: "static", members: [second] }));
    assert.equal(left.errorCode, 0);
    assert.deepEqual(left.members.map((member) => member.errorCode), [0]);
    const free = await client.send(deleteGroups.call({ groups: ["static"] }));
    assert.deepEqual(free.groups, [{ groupId: "static", errorCode: 0 }]);
  },

  "offsets are committed in a transaction, under the fence of the generation": async (client) => {
    const member = await client.join("offsets", "instance-1", "all");
    const producer = await client.producer("offsets");
    const at = (offset: number) => ({ topic: "batches", offset });
    await client.addOffsets(producer, "offsets");
    assert.equal(await client.commitOffset(producer, member, at(2)), done);
    const open = await client.committed("offsets", "batches");
    assert.equal(factsOf(open.errorCode).name, "UNSTABLE_OFFSET_COMMIT");
    assert.equal(await client.end(producer, true), 0);
    const committed = await client.coordinated(
      ({ errorCode }) => errorCode,
      () => client.committed("offsets", "batches"),
    );
    assert.deepEqual(committed, { partition: 0, offset: 2, metadata: "at 2", errorCode: 0 });

    await client.addOffsets(producer, "offsets");
    const { generation } = member;
    const older = { ...member, generation: generation - 1 };
    assert.equal(await client.commitOffset(producer, older, at(9)), "ILLEGAL_GENERATION");
    const stranger = { ...member, memberId: "stranger", instanceId: null };
    assert.equal(await client.commitOffset(producer, stranger, at(9)), "UNKNOWN_MEMBER_ID");
    const twin = { ...member, memberId: "stranger" };
    assert.equal(await client.commitOffset(producer, twin, at(9)), "FENCED_INSTANCE_ID");
    assert.equal(await client.end(producer, false), 0);
    assert.equal((await client.committed("offsets", "batches")).offset, 2);
    await client.send(leaveGroup.call({ groupId: "offsets", members: [member] }));
  },

  "offsets are set and deleted without a member": async (client) => {
    const nobody = { groupId: "plain", generation: -1, memberId: "", instanceId: null };
    await client.connections.coordinatorOf("group", "plain");
    const topics = [{ name: "batches", partitions: [{ partition: 0, offset: 3, metadata: "ü" }] }];
    const call = offsetCommit.call({ ...nobody, topics });
    await client.coordinated(codeOfFirst, () => client.send(call));
    const { offset, metadata } = await client.committed("plain", "batches");
    assert.deepEqual([offset, metadata], [3, "ü"]);
    const all = await client.send(
      offsetFetch.call({ groupId: "plain", topics: null, requireStable: true }),
    );
    assert.deepEqual(all.topics.map(({ name }) => name), ["batches"]);
    const deleted = await client.send(offsetDelete.call({
      groupId: "plain",
      topics: [{ name: "batches", partitions: [0] }],
    }));
    assert.equal(deleted.errorCode, 0);
    assert.equal(deleted.topics[0]!.partitions[0]!.errorCode, 0);
    assert.equal((await client.committed("plain", "batches")).offset, -1);
  },

  "a long poll holds up no other purpose": async (client) => {
    const topicId = await client.create("quiet");
    let hasEnded = false;
    const poll = client.connections.send(
      client.node,
      fetch.call({
        maxWaitMs: 1000,
        minBytes: 1,
        maxBytes: 1 << 20,
        isolation: "read_committed",
        topics: [{
          topicId,
          partitions: [{ partition: 0, leaderEpoch: -1, offset: 0, maxBytes: 1 << 20 }],
        }],
      }),
      { purpose: "fetch" },
    ).then(() => hasEnded = true);
    await client.send(listGroups.call({}));
    assert.equal(hasEnded, false);
    await poll;
  },

  "an answer that comes too late closes the connection, and the next request opens another": async (
    client,
  ) => {
    const topicId = await client.create("late");
    const poll = client.connections.send(
      client.node,
      fetch.call({
        maxWaitMs: 2000,
        minBytes: 1,
        maxBytes: 1 << 20,
        isolation: "read_committed",
        topics: [{
          topicId,
          partitions: [{ partition: 0, leaderEpoch: -1, offset: 0, maxBytes: 1 << 20 }],
        }],
      }),
      { purpose: "fetch", timeoutMs: 100 },
    );
    await assert.rejects(poll, (error) => hasCode(error, "log-unreachable"));
    assert.equal((await client.read(topicId, "read_committed")).errorCode, 0);
  },

  "a coordinator is found, remembered and found again": async (client) => {
    const { connections, node } = client;
    assert.equal(await connections.coordinatorOf("group", "g"), node);
    connections.forgetCoordinator("group", "g");
    assert.equal(await connections.coordinatorOf("group", "g"), node);
    assert.equal(await connections.coordinatorOf("transaction", "t"), node);
    assert.deepEqual(connections.brokers, [node]);
  },

  "a broker that is not part of the cluster and connections that are closed are unreachable":
    async (
      client,
    ) => {
      const isUnreachable = (error: unknown) => hasCode(error, "log-unreachable");
      const call = listGroups.call({});
      await assert.rejects(client.connections.send(99, call), isUnreachable);
      await client.connections.close();
      await assert.rejects(client.connections.send(client.node, call), isUnreachable);
      await assert.rejects(client.connections.refreshMetadata(), isUnreachable);
    },
};
