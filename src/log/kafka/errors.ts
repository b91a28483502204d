/**
 * Kafka's error codes: what each is called, what is done about it, and which error of this program
 * it is. The one table that decides on retries; nobody branches on a message.
 */

import { type ErrorCode, FlightsError, messageOf } from "../../base/errors.ts";

/**
 * What is done about an error:
 *
 * - `retry`: the same request again, after a pause.
 * - `refresh-metadata`: the same again to the leader or broker that new metadata names.
 * - `find-coordinator`: the same again to the coordinator that is found anew.
 * - `rejoin`: the transaction is given up and the group joined again.
 * - `new-producer`: the transaction is given up and InitProducerId asked for a new epoch.
 * - `fail`: asking again would not help, or it is not known what has happened.
 */
export type Remedy =
  | "retry"
  | "refresh-metadata"
  | "find-coordinator"
  | "rejoin"
  | "new-producer"
  | "fail";

/** What is known of one of Kafka's error codes. */
export interface ErrorFacts {
  /** Kafka's name for it. */
  readonly name: string;
  readonly remedy: Remedy;
  /** The error it is when the remedy has not helped, or there is none. */
  readonly code: ErrorCode;
}

/** The code that stands for success. */
export const noError = 0;

const table: Readonly<Record<number, readonly [name: string, remedy: Remedy, code: ErrorCode]>> = {
  [-1]: ["UNKNOWN_SERVER_ERROR", "fail", "log-unreachable"],
  1: ["OFFSET_OUT_OF_RANGE", "fail", "offset-out-of-range"],
  2: ["CORRUPT_MESSAGE", "retry", "log-corrupt"],
  3: ["UNKNOWN_TOPIC_OR_PARTITION", "refresh-metadata", "topic-missing"],
  5: ["LEADER_NOT_AVAILABLE", "refresh-metadata", "log-unreachable"],
  6: ["NOT_LEADER_OR_FOLLOWER", "refresh-metadata", "log-unreachable"],
  7: ["REQUEST_TIMED_OUT", "retry", "log-unreachable"],
  8: ["BROKER_NOT_AVAILABLE", "refresh-metadata", "log-unreachable"],
  9: ["REPLICA_NOT_AVAILABLE", "refresh-metadata", "log-unreachable"],
  10: ["MESSAGE_TOO_LARGE", "fail", "invalid-argument"],
  12: ["OFFSET_METADATA_TOO_LARGE", "fail", "internal"],
  13: ["NETWORK_EXCEPTION", "refresh-metadata", "log-unreachable"],
  14: ["COORDINATOR_LOAD_IN_PROGRESS", "retry", "log-unreachable"],
  15: ["COORDINATOR_NOT_AVAILABLE", "find-coordinator", "log-unreachable"],
  16: ["NOT_COORDINATOR", "find-coordinator", "log-unreachable"],
  17: ["INVALID_TOPIC_EXCEPTION", "fail", "invalid-argument"],
  18: ["RECORD_LIST_TOO_LARGE", "fail", "invalid-argument"],
  19: ["NOT_ENOUGH_REPLICAS", "retry", "log-unreachable"],
  20: ["NOT_ENOUGH_REPLICAS_AFTER_APPEND", "retry", "log-unreachable"],
  22: ["ILLEGAL_GENERATION", "rejoin", "fenced"],
  23: ["INCONSISTENT_GROUP_PROTOCOL", "fail", "members-alive"],
  24: ["INVALID_GROUP_ID", "fail", "invalid-argument"],
  25: ["UNKNOWN_MEMBER_ID", "rejoin", "fenced"],
  26: ["INVALID_SESSION_TIMEOUT", "fail", "invalid-argument"],
  27: ["REBALANCE_IN_PROGRESS", "rejoin", "fenced"],
  28: ["INVALID_COMMIT_OFFSET_SIZE", "fail", "internal"],
  29: ["TOPIC_AUTHORIZATION_FAILED", "fail", "log-forbidden"],
  30: ["GROUP_AUTHORIZATION_FAILED", "fail", "log-forbidden"],
  31: ["CLUSTER_AUTHORIZATION_FAILED", "fail", "log-forbidden"],
  32: ["INVALID_TIMESTAMP", "fail", "timestamp-refused"],
  33: ["UNSUPPORTED_SASL_MECHANISM", "fail", "log-forbidden"],
  34: ["ILLEGAL_SASL_STATE", "fail", "log-forbidden"],
  35: ["UNSUPPORTED_VERSION", "fail", "log-version"],
  36: ["TOPIC_ALREADY_EXISTS", "fail", "topic-exists"],
  37: ["INVALID_PARTITIONS", "fail", "invalid-argument"],
  38: ["INVALID_REPLICATION_FACTOR", "fail", "invalid-argument"],
  39: ["INVALID_REPLICA_ASSIGNMENT", "fail", "invalid-argument"],
  40: ["INVALID_CONFIG", "fail", "invalid-argument"],
  41: ["NOT_CONTROLLER", "refresh-metadata", "log-unreachable"],
  42: ["INVALID_REQUEST", "fail", "internal"],
  43: ["UNSUPPORTED_FOR_MESSAGE_FORMAT", "fail", "log-version"],
  44: ["POLICY_VIOLATION", "fail", "log-forbidden"],
  45: ["OUT_OF_ORDER_SEQUENCE_NUMBER", "new-producer", "log-unreachable"],
  46: ["DUPLICATE_SEQUENCE_NUMBER", "new-producer", "log-unreachable"],
  47: ["INVALID_PRODUCER_EPOCH", "new-producer", "fenced"],
  48: ["INVALID_TXN_STATE", "new-producer", "fenced"],
  49: ["INVALID_PRODUCER_ID_MAPPING", "new-producer", "fenced"],
  50: ["INVALID_TRANSACTION_TIMEOUT", "fail", "invalid-argument"],
  51: ["CONCURRENT_TRANSACTIONS", "retry", "log-unreachable"],
  52: ["TRANSACTION_COORDINATOR_FENCED", "find-coordinator", "log-unreachable"],
  53: ["TRANSACTIONAL_ID_AUTHORIZATION_FAILED", "fail", "log-forbidden"],
  54: ["SECURITY_DISABLED", "fail", "log-forbidden"],
  55: ["OPERATION_NOT_ATTEMPTED", "retry", "log-unreachable"],
  56: ["KAFKA_STORAGE_ERROR", "refresh-metadata", "log-unreachable"],
  58: ["SASL_AUTHENTICATION_FAILED", "fail", "log-forbidden"],
  59: ["UNKNOWN_PRODUCER_ID", "new-producer", "fenced"],
  60: ["REASSIGNMENT_IN_PROGRESS", "retry", "log-unreachable"],
  68: ["NON_EMPTY_GROUP", "fail", "members-alive"],
  69: ["GROUP_ID_NOT_FOUND", "fail", "invalid-argument"],
  70: ["FETCH_SESSION_ID_NOT_FOUND", "retry", "log-unreachable"],
  71: ["INVALID_FETCH_SESSION_EPOCH", "retry", "log-unreachable"],
  72: ["LISTENER_NOT_FOUND", "refresh-metadata", "log-unreachable"],
  73: ["TOPIC_DELETION_DISABLED", "fail", "log-forbidden"],
  74: ["FENCED_LEADER_EPOCH", "refresh-metadata", "log-unreachable"],
  75: ["UNKNOWN_LEADER_EPOCH", "refresh-metadata", "log-unreachable"],
  76: ["UNSUPPORTED_COMPRESSION_TYPE", "fail", "invalid-argument"],
  77: ["STALE_BROKER_EPOCH", "retry", "log-unreachable"],
  78: ["OFFSET_NOT_AVAILABLE", "retry", "log-unreachable"],
  79: ["MEMBER_ID_REQUIRED", "rejoin", "fenced"],
  81: ["GROUP_MAX_SIZE_REACHED", "fail", "members-alive"],
  82: ["FENCED_INSTANCE_ID", "fail", "instance-taken"],
  86: ["GROUP_SUBSCRIBED_TO_TOPIC", "fail", "members-alive"],
  87: ["INVALID_RECORD", "fail", "bad-record"],
  88: ["UNSTABLE_OFFSET_COMMIT", "retry", "log-unreachable"],
  89: ["THROTTLING_QUOTA_EXCEEDED", "retry", "log-unreachable"],
  90: ["PRODUCER_FENCED", "new-producer", "fenced"],
  100: ["UNKNOWN_TOPIC_ID", "refresh-metadata", "topic-changed"],
  103: ["INCONSISTENT_TOPIC_ID", "refresh-metadata", "topic-changed"],
  106: ["FETCH_SESSION_TOPIC_ID_ERROR", "retry", "log-unreachable"],
  110: ["FENCED_MEMBER_EPOCH", "rejoin", "fenced"],
  111: ["UNRELEASED_INSTANCE_ID", "fail", "instance-taken"],
  113: ["STALE_MEMBER_EPOCH", "rejoin", "fenced"],
  120: ["TRANSACTION_ABORTABLE", "new-producer", "fenced"],
};

/** All error codes of the table. */
export const knownErrorCodes: readonly number[] = Object.keys(table).map(Number);

/**
 * What is known of an error code. One that is not in the table is taken for an unknown outcome:
 * the request is not repeated, and whoever made it starts anew, since the broker may be a newer one.
 */
export function factsOf(errorCode: number): ErrorFacts {
  const [name, remedy, code] = table[errorCode] ??
    ([`error code ${errorCode}`, "fail", "log-unreachable"] as const);
  return { name, remedy, code };
}

/**
 * What is needed where Kafka's name alone does not say it, by error code. A permission that an error
 * speaks of is one of a few: docs/kafka.md lists them all.
 */
const needs: Readonly<Record<number, string>> = {
  29: "the user must have Describe on the topic, Read to read and Write to write",
  30: "the user must have Describe and Read on the group, and Delete to reset it",
  31: "the user must be allowed to on the cluster",
  32:
    "the topic must take records of this event time (kafka-configs --alter --entity-type topics " +
    "--entity-name TOPIC --add-config message.timestamp.after.max.ms=9223372036854775807)",
  53: "the user must have Describe and Write on the transactional id",
};

/** What an error's message says besides. */
export interface KafkaErrorOptions {
  /** The broker's own words, where it had any. */
  readonly detail?: string | null;
  /** What the user must be permitted, as in "Create on the topic", where the request alone says it. */
  readonly permission?: string;
}

/** The errors that say that the user may not do it. */
const authorization: ReadonlySet<number> = new Set([29, 30, 31, 53]);

/** An error that a broker answered with. */
export class KafkaError extends FlightsError {
  /** Kafka's number for it. */
  readonly errorCode: number;
  readonly remedy: Remedy;

  /** @param doing what was being done, to what, to follow "Cannot". */
  constructor(
    errorCode: number,
    doing: string,
    { detail = null, permission }: KafkaErrorOptions = {},
  ) {
    const { name, remedy, code } = factsOf(errorCode);
    const need = permission !== undefined && authorization.has(errorCode)
      ? `the user must have ${permission}`
      : needs[errorCode] ?? "it must be accepted";
    // A broker's words for a permission only repeat its name for the error.
    const words = detail === null || detail === "" || authorization.has(errorCode)
      ? ""
      : ` (${detail})`;
    super(code, `Cannot ${doing}: ${need}, the broker answered ${name}${words}`);
    this.errorCode = errorCode;
    this.remedy = remedy;
  }
}

/**
 * Does nothing for the code of success.
 *
 * @throws {KafkaError} for any other.
 */
export function checkErrorCode(
  errorCode: number,
  doing: string,
  options?: KafkaErrorOptions,
): void {
  if (errorCode !== noError) throw new KafkaError(errorCode, doing, options);
}

/** A request that was sent and not answered: whether it was, or will yet be, carried out is not known. */
export class UnansweredError extends FlightsError {
  constructor(request: string, broker: string, cause: unknown) {
    super(
      "log-unreachable",
      `Cannot talk to the broker at ${broker}: ${request} must be answered, ${messageOf(cause)}`,
      { cause },
    );
  }
}
