/** Permissions on a broker: as docs/kafka.md lists them, given to a user. */

import assert from "node:assert/strict";
import { systemClock } from "../../src/base/clock.ts";
import { KafkaConnections } from "../../src/log/kafka/connections.ts";
import { checkErrorCode } from "../../src/log/kafka/errors.ts";
import { Api, type Response } from "../../src/log/kafka/protocol/api.ts";

const resources = { topic: 2, group: 3, cluster: 4, "transactional-id": 5 } as const;
const patterns = { literal: 3, prefixed: 4 } as const;
const operations = {
  Read: 3,
  Write: 4,
  Create: 5,
  Delete: 6,
  Describe: 8,
  DescribeConfigs: 10,
  IdempotentWrite: 12,
} as const;
const allow = 3;

/** One permission. */
export interface Permission {
  readonly operation: keyof typeof operations;
  readonly resource: keyof typeof resources;
  readonly name: string;
  readonly pattern: keyof typeof patterns;
}

/** A line of docs/kafka.md that gives permissions by kafka-acls. */
export interface DocumentedLine {
  /** What they are for: the comment over it. */
  readonly part: string;
  /** What it hands to kafka-acls. */
  readonly words: readonly string[];
  /** All of its operations on all of its resources. */
  readonly permissions: readonly Permission[];
}

/**
 * The permissions that docs/kafka.md lists:
 *
 *     # merge
 *     acl --operation Read --topic skyone --topic sunset
 */
export function documentedLines(text: string): readonly DocumentedLine[] {
  const lines: DocumentedLine[] = [];
  let part = "";
  for (const line of text.replaceAll("\\\n", " ").split("\n")) {
    if (line.startsWith("# ")) part = line.slice(2);
    if (!line.startsWith("acl ")) continue;
    const words = line.split(/\s+/).slice(1);
    lines.push({ part, words, permissions: permissionsOf(words) });
  }
  return lines;
}

function permissionsOf(words: readonly string[]): readonly Permission[] {
  const valuesOf = (option: string) =>
    words.flatMap((word, i) => word === `--${option}` ? [words[i + 1]!] : []);
  const pattern = valuesOf("resource-pattern-type")[0] ?? "literal";
  assert.ok(pattern in patterns, pattern);
  return valuesOf("operation").flatMap((operation) => {
    assert.ok(operation in operations, operation);
    return (["topic", "group", "transactional-id"] as const).flatMap((resource) =>
      valuesOf(resource).map((name) => ({
        operation: operation as Permission["operation"],
        resource,
        name,
        pattern: pattern as Permission["pattern"],
      }))
    );
  });
}

/** A permission with whom it is given to. */
interface Grant extends Permission {
  readonly user: string;
}

/**
 * CreateAcls v3.
 *
 * ```text
 * Request:  creations  [resourceType int8, name string, patternType int8, principal string,
 *                       host string, operation int8, permission int8]
 * Response: throttleTimeMs  int32
 *           results         [errorCode int16, errorMessage nullable string]
 * ```
 */
const createAcls = new Api<readonly Grant[], Response & { readonly errorCodes: number[] }>({
  name: "CreateAcls",
  key: 30,
  version: 3,
  flexible: true,
  encode: (writer, grants) =>
    writer.structs(grants, ({ user, operation, resource, name, pattern }) => {
      writer.int8(resources[resource]);
      writer.string(name);
      writer.int8(patterns[pattern]);
      writer.string(`User:${user}`);
      writer.string("*");
      writer.int8(operations[operation]);
      writer.int8(allow);
    }),
  decode: (reader) => ({
    throttleTimeMs: reader.int32(),
    errorCodes: reader.structs(() => {
      const errorCode = reader.int16();
      reader.nullableString();
      return errorCode;
    }),
  }),
});

/** Gives permissions to a user, by a listener whose user may do so. Brokers hear of it a moment later. */
export async function grant(
  bootstrap: string,
  user: string,
  { permissions }: { readonly permissions: readonly Permission[] },
): Promise<void> {
  const [host, port] = bootstrap.split(":");
  const connections = new KafkaConnections({
    bootstrap: [{ host: host!, port: Number(port) }],
    clientId: "acls",
    clock: systemClock,
  });
  try {
    const { controllerId } = await connections.refreshMetadata();
    const grants = permissions.map((permission) => ({ ...permission, user }));
    const { errorCodes } = await connections.send(controllerId, createAcls.call(grants));
    for (const errorCode of errorCodes) checkErrorCode(errorCode, `give permissions to ${user}`);
  } finally {
    await connections.close();
  }
}
