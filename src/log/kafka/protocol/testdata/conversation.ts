// Talks to a real broker, a request of each kind, and prints what went over the wire.
// Argument: the broker, "localhost:39092".
import { systemClock } from "../../../../base/clock.ts";
import { utf8 } from "../../../../base/bytes.ts";
import { RecordBatchBuilder } from "../../../records/builder.ts";
import { BrokerConnection } from "../../kafkajs_seam.ts";
import type { Api, Response } from "../api.ts";
import { apis } from "./apis.ts";

const [host, port] = Deno.args[0]!.split(":");
const broker = new BrokerConnection(
  { host: host!, port: Number(port) },
  { clientId: "vectors", clock: systemClock },
);
const exchanges: unknown[] = [];

/** Sends a request until no coordinator is in the way, and keeps the last exchange. */
async function say<Request, Answer extends Response>(
  api: Api<Request, Answer>,
  request: Request,
): Promise<Answer> {
  for (;;) {
    const call = api.call(request);
    let payload = new Uint8Array();
    const answer = await broker.send({
      ...call,
      decode: (bytes) => {
        payload = new Uint8Array(bytes);
        return call.decode(bytes);
      },
    }, { timeoutMs: 10_000 });
    const text = JSON.stringify(answer, replaceBytes);
    if (/"errorCode":(14|15|16|51|88)\b/.test(text)) {
      await systemClock.sleep(50);
      continue;
    }
    exchanges.push({
      api: api.name,
      request: JSON.parse(JSON.stringify(request, replaceBytes)),
      requestBytes: api.call(request).frame(7, "vectors").toBase64(),
      responseBytes: payload.toBase64(),
      response: JSON.parse(text),
    });
    return answer;
  }
}

// A buffer's own toJSON comes before the replacer.
function replaceBytes(this: Record<string, unknown>, key: string, value: unknown): unknown {
  const original = this[key];
  return original instanceof Uint8Array ? { base64: original.toBase64() } : value;
}

const topic = "vectors";
await say(apis.ApiVersions, { softwareName: "flights", softwareVersion: "unknown" });
const { topics: [created] } = await say(apis.CreateTopics, {
  topics: [{
    name: topic,
    partitions: 2,
    replicationFactor: 1,
    configs: { "cleanup.policy": "compact" },
  }],
  timeoutMs: 5000,
  validateOnly: false,
});
await systemClock.sleep(1000);
await say(apis.Metadata, { topics: [topic, "nowhere"] });
await say(apis.DescribeConfigs, { topics: [topic], keys: ["cleanup.policy", "retention.ms"] });
await say(apis.FindCoordinator, { kind: "group", key: "vectors" });
await say(apis.FindCoordinator, { kind: "transaction", key: "vectors" });
const { producerId, producerEpoch } = await say(apis.InitProducerId, {
  transactionalId: "vectors",
  transactionTimeoutMs: 10_000,
  producerId: -1,
  producerEpoch: -1,
});
const producer = { transactionalId: "vectors", producerId, producerEpoch };
const topics = [{ name: topic, partitions: [0, 1] }];
for (const committed of [false, true]) {
  await say(apis.AddPartitionsToTxn, { ...producer, topics });
  const partitions = [0, 1].map((partition) => {
    const baseSequence = committed ? 1 : 0;
    const builder = new RecordBatchBuilder({ ...producer, baseSequence, transactional: true });
    builder.appendText(1_700_000_000_000, "ZRH", `in a transaction, committed: ${committed}`);
    return { partition, records: builder.finish().bytes };
  });
  await say(apis.Produce, {
    transactionalId: "vectors",
    timeoutMs: 5000,
    topics: [{ name: topic, partitions }],
  });
  if (committed) {
    await say(apis.DescribeProducers, { topics });
    await say(apis.ListTransactions, { producerIds: [producerId] });
    await say(apis.DescribeTransactions, { transactionalIds: ["vectors", "nobody"] });
  }
  await say(apis.EndTxn, { ...producer, committed });
}
await systemClock.sleep(500);
await say(apis.Fetch, {
  maxWaitMs: 0,
  minBytes: 1,
  maxBytes: 1 << 20,
  isolation: "read_committed",
  topics: [{
    topicId: created!.topicId,
    partitions: [0, 1].map((partition) => ({
      partition,
      leaderEpoch: 0,
      offset: 0,
      maxBytes: 1 << 20,
    })),
  }],
});
await say(apis.ListOffsets, {
  isolation: "read_committed",
  topics: [{
    name: topic,
    partitions: [{ partition: 0, timestamp: -1 }, { partition: 1, timestamp: 1_700_000_000_000 }],
  }],
});
const joined = await say(apis.JoinGroup, {
  groupId: "vectors",
  sessionTimeoutMs: 10_000,
  rebalanceTimeoutMs: 10_000,
  memberId: "",
  instanceId: "instance-1",
  // A consumer's subscription, version 0, to no topics.
  protocols: [{ name: "test", metadata: new Uint8Array(10).fill(0xff, 6) }],
});
const { generation, memberId } = joined;
const member = { groupId: "vectors", generation, memberId, instanceId: "instance-1" };
const assignments = [{ memberId, assignment: utf8("all") }];
await say(apis.SyncGroup, { ...member, assignments });
await say(apis.Heartbeat, member);
await say(apis.DescribeGroups, { groups: ["vectors", "nobody"] });
await say(apis.ListGroups, {});
await say(apis.AddOffsetsToTxn, { ...producer, groupId: "vectors" });
const offsets = [{ name: topic, partitions: [{ partition: 0, offset: 2, metadata: "zürich" }] }];
await say(apis.TxnOffsetCommit, { ...producer, ...member, topics: offsets });
await say(apis.EndTxn, { ...producer, committed: true });
await systemClock.sleep(500);
await say(apis.OffsetFetch, { groupId: "vectors", topics, requireStable: true });
await say(apis.OffsetFetch, { groupId: "vectors", topics: null, requireStable: false });
await say(apis.LeaveGroup, { groupId: "vectors", members: [member] });
const nobody = { groupId: "vectors", generation: -1, memberId: "", instanceId: null };
await say(apis.OffsetCommit, { ...nobody, topics: offsets });
await say(apis.OffsetDelete, { groupId: "vectors", topics });
await say(apis.DeleteGroups, { groups: ["vectors", "nobody"] });
await say(apis.DeleteTopics, { topics: [topic, "nowhere"], timeoutMs: 5000 });
await broker.close();
console.log(JSON.stringify(exchanges, null, 1));
