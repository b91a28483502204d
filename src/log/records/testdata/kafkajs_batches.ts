// Writes one topic a case with kafkajs; argument: bootstrap server.
import { CompressionTypes, Kafka, logLevel, Partitioners } from "kafkajs";

const kafka = new Kafka({ brokers: [Deno.args[0]!], logLevel: logLevel.ERROR });
const admin = kafka.admin();
await admin.connect();
await admin.createTopics({
  topics: ["kafkajs-shapes", "kafkajs-gzip", "kafkajs-negative"].map((topic) => ({
    topic,
    numPartitions: 1,
  })),
});
await admin.disconnect();
const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
await producer.connect();
await producer.send({
  topic: "kafkajs-shapes",
  messages: [
    { key: null, value: null, timestamp: "0", partition: 0 },
    { key: "", value: "", timestamp: "1767225600000", partition: 0 },
    {
      key: "Zürich",
      value: "日本語 🛫",
      timestamp: "4102444800000",
      partition: 0,
      headers: { empty: "", größe: "ß🛬" },
    },
  ],
});
await producer.send({
  topic: "kafkajs-gzip",
  compression: CompressionTypes.GZIP,
  messages: Array.from(
    { length: 50 },
    (_, i) => ({
      key: `k${i % 5}`,
      value: `value ${i}`,
      timestamp: `${1767225600000 + i}`,
      partition: 0,
    }),
  ),
});
// The only one of the three clients that takes a negative timestamp.
await producer.send({
  topic: "kafkajs-negative",
  messages: [{ key: "k", value: "before 1970", timestamp: "-86400000", partition: 0 }, {
    key: "k",
    value: "epoch",
    timestamp: "0",
    partition: 0,
  }],
}).catch((error) => console.error("negative", error.message));
await producer.disconnect();
