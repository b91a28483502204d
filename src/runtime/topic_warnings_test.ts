import assert from "node:assert/strict";
import type { TopicDescription, TopicSettings } from "../log/log.ts";
import { StreamEnvironment } from "../stream/environment.ts";
import { json } from "../stream/json.ts";
import { WatermarkStrategy } from "../stream/watermark_strategy.ts";
import { TumblingEventTimeWindows } from "../stream/window.ts";
import { type TopicFacts, topicWarnings } from "./topic_warnings.ts";

interface Sale {
  readonly shop: string;
}

/** Windows of an hour with half an hour of lateness over `in`, written to `out`. */
function job({ payloadTime = false } = {}) {
  const env = new StreamEnvironment();
  const recordTime = WatermarkStrategy.forMonotonousTimestamps<Sale>();
  env.fromSource<Sale>(
    { topic: "in", deserializer: json((value) => value as Sale), partitionedBy: "shop" },
    payloadTime ? recordTime.withTimestampAssigner(() => 0) : recordTime,
  )
    .keyBy("shop").window(TumblingEventTimeWindows.of("1h")).allowedLateness("30m")
    .reduce((sale) => sale).sinkTo({ topic: "out", key: ({ shop }) => shop });
  return { applicationId: "job", topology: env.topology };
}

const safe: TopicSettings = {
  timestampType: "create",
  maxAheadMs: null,
  replicas: 3,
  minInSyncReplicas: 2,
  brokers: 3,
};
const hour = 3_600_000;
const day = 24 * hour;

type Topic = Partial<Omit<TopicDescription, "settings" | "partitions">> & {
  readonly settings?: Partial<TopicSettings> | "hidden" | "none";
  readonly partitions?: number;
};

function topic(name: string, { settings = {}, partitions = 2, ...others }: Topic = {}) {
  return {
    name,
    id: name,
    cleanup: "delete" as const,
    retentionMs: null,
    retentionBytes: null,
    partitions: Array.from({ length: partitions }, () => ({ startOffset: 0, endOffset: 0 })),
    ...(settings !== "none" &&
      { settings: settings === "hidden" ? settings : { ...safe, ...settings } }),
    ...others,
  };
}

Deno.test("topicWarnings tells of a table whose rows have an end, and is silent where it is compacted", () => {
  const env = new StreamEnvironment();
  env.fromTable<Sale>({ topic: "in", deserializer: json((value) => value as Sale) });
  const job = { applicationId: "job", topology: env.topology };
  const warnings = (input: Topic) =>
    topicWarnings(job, { inputs: [topic("in", input)], outputs: [] }).map(({ message }) => message);
  assert.deepEqual(warnings({ cleanup: "compact" }), []);
  assert.deepEqual(warnings({ retentionMs: 7 * day }), [
    "in keeps records for 7d, and job reads it as a table: rows that are not written again vanish, and " +
    "who starts later misses them; kafka-configs --alter --entity-type topics --entity-name in " +
    "--add-config cleanup.policy=compact",
  ]);
});

function warningsOf(
  input: Topic,
  output: Topic,
  options: Pick<TopicFacts, "maxFutureMs"> & { readonly payloadTime?: boolean } = {},
): readonly string[] {
  const facts = { inputs: [topic("in", input)], outputs: [topic("out", output)], ...options };
  return topicWarnings(job(options), facts).map(({ level, message }) => `${level}: ${message}`);
}

const alterIn = "kafka-configs --alter --entity-type topics --entity-name in --add-config ";
const alterOut = alterIn.replace("-name in", "-name out");
const noLimit = "message.timestamp.after.max.ms=9223372036854775807";

const cases: readonly (readonly [
  rule: string,
  input: Topic,
  output: Topic,
  options: Parameters<typeof warningsOf>[2],
  warnings: readonly string[],
])[] = [
  ["nothing of safe topics", {}, {}, {}, []],
  ["nothing of a log without such settings", { settings: "none" }, { settings: "none" }, {}, []],
  [
    "of time retention, and how to end it",
    { retentionMs: 7 * day },
    {},
    {},
    [
      "warning: in keeps records for 7d from their event time on: one that is older vanishes soon " +
      `after it was written; ${alterIn}retention.ms=-1`,
    ],
  ],
  [
    "of time retention of an output, on a log that has no such command",
    {},
    { retentionMs: hour, settings: "none" },
    {},
    [
      "warning: out keeps records for 1h from their event time on: one that is older vanishes soon " +
      "after it was written",
    ],
  ],
  [
    "of an input that is kept for less than window and lateness",
    { retentionMs: 1.5 * hour - 1_000 },
    {},
    {},
    [
      "warning: in keeps records for 5399s, job needs them for 90m (window and allowed " +
      `lateness); ${alterIn}retention.ms=-1`,
    ],
  ],
  [
    "of append times that are read as event time",
    { settings: { timestampType: "append" } },
    { settings: { timestampType: "append" } },
    {},
    [
      "warning: the timestamps of in are the times of their append " +
      "(message.timestamp.type=LogAppendTime): that is not event time; " +
      `${alterIn}message.timestamp.type=CreateTime`,
    ],
  ],
  [
    "nothing of append times where event time is in the value",
    { settings: { timestampType: "append" } },
    {},
    { payloadTime: true },
    [],
  ],
  [
    "of an output that refuses what the job takes",
    { settings: { maxAheadMs: hour } },
    { settings: { maxAheadMs: day - 1 } },
    {},
    [
      "warning: out refuses records more than 86399999ms ahead of the broker's clock, and the " +
      `job takes ones 1d ahead (--max-future): it would stop there; ${alterOut}${noLimit}`,
    ],
  ],
  [
    "nothing of an output that takes what the job takes",
    {},
    { settings: { maxAheadMs: day } },
    {},
    [],
  ],
  [
    "of any bound of an output when the job has none",
    {},
    { settings: { maxAheadMs: 400 * day } },
    { maxFutureMs: null },
    [
      "warning: out refuses records more than 400d ahead of the broker's clock, and the job takes " +
      `ones any far ahead (--max-future): it would stop there; ${alterOut}${noLimit}`,
    ],
  ],
  [
    "of one copy on several brokers, once for all topics",
    { settings: { replicas: 1, minInSyncReplicas: 1 } },
    { settings: { replicas: 1, minInSyncReplicas: 1 } },
    {},
    [
      "warning: in, out: one copy on a cluster of several brokers (replication factor 1); a broker " +
      "that is lost takes it along; kafka-reassign-partitions makes more",
    ],
  ],
  [
    "nothing of one copy on one broker",
    { settings: { replicas: 1, minInSyncReplicas: 1, brokers: 1 } },
    { settings: { replicas: 1, minInSyncReplicas: 1, brokers: 1 } },
    {},
    [],
  ],
  [
    "of copies that are not waited for",
    {},
    { settings: { replicas: 2, minInSyncReplicas: 1 } },
    {},
    [
      "warning: out: a record counts as written when one copy has it (min.insync.replicas=1); a " +
      `broker that is lost can take committed records along; ${alterOut}min.insync.replicas=2`,
    ],
  ],
  [
    "as a hint, of an output with other partitions",
    { partitions: 5 },
    { partitions: 3 },
    {},
    [
      "info: out has 3 partitions, what job reads has 5: no more than 3 members can read it side by " +
      "side",
    ],
  ],
  [
    "of settings that may not be looked at, and of nothing that they would say",
    { settings: "hidden", retentionMs: null },
    { settings: "hidden" },
    {},
    [
      "warning: the settings of in, out cannot be looked at: whether they keep records long enough " +
      "is not known; the user needs DescribeConfigs on the topics",
    ],
  ],
];

for (const [rule, input, output, options, warnings] of cases) {
  Deno.test(`topicWarnings warns ${rule}`, () => {
    assert.deepEqual(warningsOf(input, output, options), warnings);
  });
}

Deno.test("topicWarnings names a topic that is both read and written once", () => {
  const both = topic("in", { retentionMs: 7 * day });
  const warnings = topicWarnings(job(), { inputs: [both], outputs: [both] });
  assert.deepEqual(warnings.map(({ topics }) => topics), [["in"]]);
});
