/** Brokers know SCRAM users from the start when their storage is formatted with them. */

import { join } from "node:path";
import { clusterId } from "./distribution.ts";

/**
 * Formats a storage folder with users of SCRAM-SHA-256 and SCRAM-SHA-512, and returns the checkpoint
 * that holds them: what every broker's folder must hold besides its meta.properties.
 */
export async function checkpointWithUsers(
  users: Readonly<Record<string, string>>,
  { folder, javaArguments }: {
    /** Where files may be put. */
    readonly folder: string;
    readonly javaArguments: readonly string[];
  },
): Promise<string> {
  const storage = join(folder, "formatted");
  const properties = join(folder, "formatted.properties");
  await Deno.writeTextFile(
    properties,
    `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:9093
listeners=PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093
controller.listener.names=CONTROLLER
log.dirs=${storage}
`,
  );
  const scram = ["SCRAM-SHA-256", "SCRAM-SHA-512"].flatMap((mechanism) =>
    Object.entries(users).flatMap(([name, password]) => [
      "--add-scram",
      `${mechanism}=[name=${name},password=${password}]`,
    ])
  );
  const tool = ["kafka.tools.StorageTool", "format", "-t", clusterId, "-c", properties];
  const { success, stderr } = await new Deno.Command("java", {
    args: [...javaArguments, ...tool, ...scram],
    stdin: "null",
  }).output();
  if (success) return join(storage, "bootstrap.checkpoint");
  const said = new TextDecoder().decode(stderr);
  throw new Error(`Cannot format a storage folder: the tool must succeed, it said:\n${said}`);
}
