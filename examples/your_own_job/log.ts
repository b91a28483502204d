import process from "node:process";
import { type Log, openKafkaLog, openSqliteLog, parseBootstrapServers } from "flights";

/** Kafka where BOOTSTRAP_SERVERS names it, else the embedded log in .flights; with our topics. */
export async function openLog(): Promise<Log> {
  const kafka = process.env.BOOTSTRAP_SERVERS;
  const log = kafka
    ? openKafkaLog({ bootstrap: parseBootstrapServers(kafka) })
    : await openSqliteLog({ directory: ".flights" });
  const topics = ["readings", "hottest", "alarms"];
  if ((await log.describeTopics(topics)).length === 0) {
    await log.createTopics(topics.map((name) => ({ name, partitions: 2 })));
  }
  return log;
}
