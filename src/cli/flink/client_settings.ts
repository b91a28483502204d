/** Client properties as the settings of a table on a cluster, which has none of this machine's files. */

import { FlightsError } from "../../base/errors.ts";
import type { SqlSetting } from "../../flink/sql_text.ts";
import { parseClientProperties, type SaslProperties } from "../../log/kafka/client_properties.ts";
import type { EverywhereOptions } from "../everywhere.ts";
import { readTlsFiles } from "../tls_files.ts";
import type { KafkaOfCluster } from "./flags.ts";

/** How secrets are given out: as they are, or as a word in their place. */
export type Secrets = "revealed" | "hidden";

/** The connector for SQL carries Kafka's classes under names of its own. */
const shaded = "org.apache.flink.kafka.shaded.org.apache.kafka.common.security";
const modules = {
  "PLAIN": `${shaded}.plain.PlainLoginModule`,
  "SCRAM-SHA-256": `${shaded}.scram.ScramLoginModule`,
  "SCRAM-SHA-512": `${shaded}.scram.ScramLoginModule`,
} as const;

/**
 * How the cluster reaches Kafka, from the options and the client properties that they name, which must
 * have been read. Certificates and keys go along as text.
 *
 * @throws {FlightsError} `invalid-argument` when no brokers are named, or something cannot be used.
 */
export async function kafkaOfCluster(
  { bootstrapServer, commandConfigText }: EverywhereOptions,
  secrets: Secrets,
): Promise<KafkaOfCluster> {
  const properties = commandConfigText === undefined
    ? null
    : parseClientProperties(commandConfigText);
  const servers = bootstrapServer ?? properties?.bootstrapServers ?? null;
  if (servers === null) {
    throw new FlightsError(
      "invalid-argument",
      "Cannot make tables of topics: brokers must be named by --bootstrap-server or " +
        "bootstrap.servers, none are",
    );
  }
  if (properties === null) return { bootstrapServer: servers, clientProperties: [] };
  const secret = (text: string, name: string) =>
    secrets === "revealed" ? text : `<hidden: ${name} of --command-config>`;
  const { tls, sasl } = properties;
  const protocol = `${sasl === null ? "" : "SASL_"}${tls === null ? "PLAINTEXT" : "SSL"}`;
  const settings: SqlSetting[] = [["security.protocol", protocol]];
  if (tls !== null) {
    const { ca, certificate, key, verifyHostName } = await readTlsFiles(tls);
    if (ca !== undefined) {
      settings.push(["ssl.truststore.type", "PEM"], ["ssl.truststore.certificates", ca]);
    }
    if (certificate !== undefined && key !== undefined) {
      settings.push(
        ["ssl.keystore.type", "PEM"],
        ["ssl.keystore.certificate.chain", certificate],
        ["ssl.keystore.key", secret(key, "the key")],
      );
    }
    if (!verifyHostName) settings.push(["ssl.endpoint.identification.algorithm", ""]);
  }
  if (sasl !== null) settings.push(...saslSettings(sasl, secret));
  return { bootstrapServer: servers, clientProperties: settings };
}

function saslSettings(
  sasl: SaslProperties,
  secret: (text: string, name: string) => string,
): readonly SqlSetting[] {
  const { mechanism } = sasl;
  if (mechanism === "OAUTHBEARER") {
    throw new FlightsError(
      "invalid-argument",
      "Cannot use --command-config on Flink: sasl.mechanism must be PLAIN or SCRAM, since the " +
        "cluster has no token file of this machine, it is OAUTHBEARER",
    );
  }
  const quoted = (text: string) => `"${text.replace(/["\\]/g, "\\$&")}"`;
  const login = `${modules[mechanism]} required username=${quoted(sasl.username)} password=${
    quoted(sasl.password.reveal())
  };`;
  return [["sasl.mechanism", mechanism], ["sasl.jaas.config", secret(login, "user and password")]];
}
