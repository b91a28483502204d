/** What lies below an error of Flink: a line for people out of a trace of twenty kilobytes. */

import { type ErrorCode, FlightsError } from "../base/errors.ts";

/** What went wrong on a cluster. */
export interface RootCause {
  /** The class of the error without its package. */
  readonly type: string;
  /** Its first lines, as one. */
  readonly message: string;
}

/** Whole sentences stand higher up than the errors below them, which say the same with less. */
const speaking = ["SqlParserException", "ValidationException"];

/**
 * The error that a trace comes from: the deepest of its causes that says anything, but of a
 * statement that was refused the one that tells where.
 */
export function rootCauseOf(trace: string): RootCause {
  const causes = causesOf(trace);
  // Traces that came over the network hold further traces as their messages.
  const spoken = causes.findLast(({ type }) => speaking.includes(type));
  const deepest = causes.findLast(({ message }) => message !== "");
  return spoken ?? deepest ?? causes.at(-1) ?? { type: "Error", message: firstLine(trace) };
}

function causesOf(trace: string): RootCause[] {
  const causes: RootCause[] = [];
  let open = false;
  for (const line of trace.split("\n")) {
    const begun =
      /^(?:\[?Caused by: |\[|<Exception on server side:)?\s*([\w.$]+(?:Exception|Error))(?:: (.*))?$/
        .exec(line.trim());
    if (begun !== null) {
      causes.push({ type: begun[1]!.split(/[.$]/).at(-1)!, message: begun[2] ?? "" });
      open = true;
    } else if (/^\s*(at |\.\.\. \d+ more|End of exception)/.test(line) || line.trim() === "") {
      // What follows an empty line within a message explains it at length.
      open = false;
    } else if (open) {
      const last = causes.at(-1)!;
      causes[causes.length - 1] = { ...last, message: `${last.message} ${line.trim()}`.trim() };
    }
  }
  // `Wrapper: pkg.RealException: message` in one line tells the same as the cause that follows.
  return causes.map(({ type, message }) => {
    const inner = /^(?:[\w.$]+\.)([\w$]+(?:Exception|Error)): (.*)$/s.exec(message);
    return inner === null ? { type, message } : { type: inner[1]!, message: inner[2]! };
  });
}

function firstLine(text: string): string {
  return text.trim().split("\n")[0]!.slice(0, 300);
}

/** Who writes an error, and what it asks for. */
interface Meaning {
  readonly matches: RegExp;
  readonly code: ErrorCode;
  readonly needs: string;
}

const meanings: readonly Meaning[] = [
  {
    matches:
      /Could not find any factor(y|ies) for identifier '(kafka|json)'|ClassNotFoundException|NoClassDefFoundError|Cannot load user class/,
    code: "cluster-unfit",
    needs: "the cluster and its gateway must have the Kafka connector in their lib folders " +
      "(flink-sql-connector-kafka of Flink's version)",
  },
  {
    matches: /UnknownTopicOrPartition|does not host this topic|Topic .* not present in metadata/,
    code: "topic-missing",
    needs: "its topics must exist",
  },
  {
    matches:
      /NoResourceAvailableException|Could not acquire the minimum required resources|Slot request bulk/,
    code: "cluster-unfit",
    needs: "the cluster must have free slots for it",
  },
  {
    matches: /SaslAuthentication|AuthenticationException|AuthorizationException|Not authorized/,
    code: "log-forbidden",
    needs: "Kafka must let it in (--command-config)",
  },
  {
    matches:
      /larger than the maximum value configured on the broker|InvalidTxnTimeout|transaction timeout is larger/,
    code: "cluster-unfit",
    needs: "--transaction-timeout must not be above the broker's transaction.max.timeout.ms",
  },
  {
    matches:
      /Failed to construct kafka|TimeoutException: (Timed out|Timeout expired)|Failed to get metadata|describeTopics|No resolvable bootstrap/,
    code: "log-unreachable",
    needs: "the cluster must reach Kafka at the --bootstrap-server given",
  },
  {
    matches: /Failed to deserialize|Unrecognized token|a record that cannot be read: /,
    code: "bad-record",
    needs: "every record must be one that can be read (--on-error skip drops what is not)",
  },
  {
    matches: /Not all required tasks are currently running|is not being executed at the moment/,
    code: "job-restarting",
    needs: "all its parts must run",
  },
  {
    matches: /savepoint-dir\] is not set/,
    code: "cluster-unfit",
    needs: "a folder for the savepoint must be named (--savepoint DIR)",
  },
  {
    matches:
      /Cannot map checkpoint\/savepoint state|Failed to rollback to checkpoint|Cannot find checkpoint or savepoint|Failed to load (checkpoint|savepoint)|StateMigration/,
    code: "state-incompatible",
    needs: "the savepoint must be there, and of the same job",
  },
  {
    matches: /FlinkJobNotFoundException|Job could not be found|does not exist in the cluster/,
    code: "job-missing",
    needs: "the cluster must know it",
  },
  {
    matches:
      /Failed to list jobs in the cluster|Connection refused|ConnectException|UnknownHostException|Could not complete (the )?rest/i,
    code: "cluster-unreachable",
    needs: "the gateway must reach the job manager (rest.address)",
  },
];

/**
 * The error for a trace.
 *
 * @param doing as in "run the statement".
 */
export function errorOfTrace(doing: string, trace: string): FlightsError {
  const { type, message } = rootCauseOf(trace);
  const meaning = meanings.find(({ matches }) => matches.test(trace));
  const told = message === "" ? type : message.replace(/[\s.]+$/, "");
  return new FlightsError(
    meaning?.code ?? "job-failed",
    `Cannot ${doing}: ${meaning?.needs ?? "Flink must be able to"}, it says: ${told}`,
  );
}
