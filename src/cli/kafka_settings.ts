/** How to reach Kafka, from the options and the client properties they name. */

import { FlightsError, messageOf } from "../base/errors.ts";
import { parseBootstrapServers } from "../log/kafka/bootstrap_servers.ts";
import { parseClientProperties, type SaslProperties } from "../log/kafka/client_properties.ts";
import type { KafkaLogOptions } from "../log/kafka/kafka_log.ts";
import type { EverywhereOptions } from "./everywhere.ts";
import { readTlsFiles } from "./tls_files.ts";

/**
 * The options with what the file of `--command-config` holds.
 *
 * @throws {FlightsError} `invalid-argument` when it cannot be read.
 */
export async function withCommandConfigRead(
  options: EverywhereOptions,
): Promise<EverywhereOptions> {
  const { commandConfig } = options;
  if (commandConfig === undefined) return options;
  return { ...options, commandConfigText: await readText(commandConfig, "the client properties") };
}

/**
 * The settings of the cluster that the options name, or null when they name none; client properties
 * must have been read before.
 *
 * @throws {FlightsError} `invalid-argument` when the client properties cannot be used.
 */
export async function kafkaLogOptions(options: EverywhereOptions): Promise<KafkaLogOptions | null> {
  const { bootstrapServer, commandConfigText } = options;
  const properties = commandConfigText === undefined
    ? null
    : parseClientProperties(commandConfigText);
  const servers = bootstrapServer ?? properties?.bootstrapServers ?? null;
  if (servers === null) {
    if (properties === null) return null;
    throw new FlightsError(
      "invalid-argument",
      "Cannot use --command-config: brokers must be named by --bootstrap-server or bootstrap.servers, none are",
    );
  }
  return {
    bootstrap: parseBootstrapServers(servers),
    ...(properties?.tls && { tls: await readTlsFiles(properties.tls) }),
    ...(properties?.sasl && { sasl: saslOf(properties.sasl) }),
  };
}

async function readText(file: string, what: string): Promise<string> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    throw new FlightsError(
      "invalid-argument",
      `Cannot read ${what}: ${file} must be a file that can be read, ${messageOf(error)}`,
      { cause: error },
    );
  }
}

async function readToken(file: string): Promise<string> {
  const token = (await readText(file, "the token")).trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  const found = token === "" ? "it is empty" : "it holds other characters";
  throw new FlightsError(
    "invalid-argument",
    `Cannot read the token: ${file} must hold one token of visible ASCII characters, ${found}`,
  );
}

function saslOf(sasl: SaslProperties): NonNullable<KafkaLogOptions["sasl"]> {
  if (sasl.mechanism === "OAUTHBEARER") {
    const { tokenFile } = sasl;
    // Read anew each time: whoever keeps the file puts a fresh token there.
    return { mechanism: "oauthbearer", token: () => readToken(tokenFile) };
  }
  const { mechanism, username, password } = sasl;
  const mechanisms = {
    "PLAIN": "plain",
    "SCRAM-SHA-256": "scram-sha-256",
    "SCRAM-SHA-512": "scram-sha-512",
  } as const;
  return { mechanism: mechanisms[mechanism], username, password: password.reveal() };
}
