import assert from "node:assert/strict";
import { errorOfTrace, rootCauseOf } from "./root_cause.ts";

/** The start of what the gateway answers, shortened to its causes. */
const gatewayTrace = (causes: string) =>
  `Internal server error.
<Exception on server side:
org.apache.flink.table.gateway.api.utils.SqlGatewayException: org.apache.flink.table.gateway.api.utils.SqlGatewayException: Failed to fetchResults.
	at org.apache.flink.table.gateway.rest.handler.statement.FetchResultsHandler.handleRequest(FetchResultsHandler.java:91)
	at java.base/java.lang.Thread.run(Thread.java:840)
Caused by: org.apache.flink.table.gateway.api.utils.SqlGatewayException: Failed to fetchResults.
	... 47 more
Caused by: org.apache.flink.table.gateway.service.utils.SqlExecutionException: Failed to execute the operation c7f196b2.
	at org.apache.flink.table.gateway.service.operation.OperationManager$Operation.processThrowable(OperationManager.java:414)
${causes}
End of exception on server side>`;

const traces = {
  parse: gatewayTrace(
    `Caused by: org.apache.flink.table.api.SqlParserException: SQL parse failed. Non-query expression encountered in illegal context
	at org.apache.flink.table.planner.parse.CalciteParser.parseSqlList(CalciteParser.java:82)
Caused by: org.apache.calcite.sql.parser.SqlParseException: Non-query expression encountered in illegal context
	... 12 more`,
  ),
  connector: gatewayTrace(
    `Caused by: org.apache.flink.table.api.ValidationException: Unable to create a source for reading table 'default_catalog.default_database.flightdata'.

Table options are:

'connector'='kafka'
	at org.apache.flink.table.factories.FactoryUtil.createDynamicTableSource(FactoryUtil.java:228)
Caused by: org.apache.flink.table.api.ValidationException: Cannot discover a connector using option: 'connector'='kafka'
	... 43 more
Caused by: org.apache.flink.table.api.ValidationException: Could not find any factory for identifier 'kafka' that implements 'org.apache.flink.table.factories.DynamicTableFactory' in the classpath.

Available factory identifiers are:

blackhole
datagen
	... 45 more`,
  ),
  savepointFolder: gatewayTrace(
    `Caused by: java.util.concurrent.ExecutionException: org.apache.flink.runtime.rest.util.RestClientException: [org.apache.flink.runtime.rest.handler.RestHandlerException: Config key [execution.checkpointing.savepoint-dir] is not set. Property [targetDirectory] must be provided.
	at org.apache.flink.runtime.rest.handler.job.savepoints.SavepointHandlers.x(SavepointHandlers.java:201)
Caused by: org.apache.flink.runtime.rest.util.RestClientException: [org.apache.flink.runtime.rest.handler.RestHandlerException: Config key [execution.checkpointing.savepoint-dir] is not set. Property [targetDirectory] must be provided.
	... 4 more`,
  ),
  noJob: gatewayTrace(
    `Caused by: org.apache.flink.runtime.messages.FlinkJobNotFoundException: Could not find Flink job (12345678901234567890123456789012)
	... 3 more`,
  ),
  topic: `java.lang.RuntimeException: One or more fetchers have encountered exception
	at org.apache.flink.connector.base.source.reader.fetcher.SplitFetcherManager.checkErrors(SplitFetcherManager.java:333)
Caused by: org.apache.flink.util.FlinkRuntimeException: Failed to get metadata for topics [nowhere].
	at org.apache.flink.connector.kafka.source.enumerator.subscriber.KafkaSubscriberUtils.x(KafkaSubscriberUtils.java:66)
Caused by: java.util.concurrent.ExecutionException: org.apache.flink.kafka.shaded.org.apache.kafka.common.errors.UnknownTopicOrPartitionException: This server does not host this topic-partition.
	... 8 more
Caused by: org.apache.flink.kafka.shaded.org.apache.kafka.common.errors.UnknownTopicOrPartitionException: This server does not host this topic-partition.`,
  slots:
    `org.apache.flink.runtime.JobException: Recovery is suppressed by NoRestartBackoffTimeStrategy
Caused by: org.apache.flink.runtime.jobmanager.scheduler.NoResourceAvailableException: Could not acquire the minimum required resources.`,
  plain: "something of no form",
} as const;

Deno.test("rootCauseOf takes the deepest cause that says anything", () => {
  assert.deepEqual(rootCauseOf(traces.topic), {
    type: "UnknownTopicOrPartitionException",
    message: "This server does not host this topic-partition.",
  });
  assert.deepEqual(rootCauseOf(traces.slots), {
    type: "NoResourceAvailableException",
    message: "Could not acquire the minimum required resources.",
  });
  assert.equal(
    rootCauseOf(
      "java.lang.Exception: why\nCaused by: java.lang.NullPointerException\n\tat a.B.c(D.java:1)",
    )
      .message,
    "why",
  );
});

Deno.test("rootCauseOf of a statement is the sentence that tells where it is wrong", () => {
  assert.deepEqual(rootCauseOf(traces.parse), {
    type: "SqlParserException",
    message: "SQL parse failed. Non-query expression encountered in illegal context",
  });
});

Deno.test("rootCauseOf of something else is its first line, no longer than a line", () => {
  assert.deepEqual(rootCauseOf(traces.plain), { type: "Error", message: traces.plain });
  assert.equal(rootCauseOf("x".repeat(20_000)).message.length, 300);
});

const errors = [
  ["connector", "cluster-unfit", /must have the Kafka connector .* Could not find any factory/],
  ["savepointFolder", "cluster-unfit", /--savepoint DIR/],
  ["noJob", "job-missing", /the cluster must know it/],
  ["topic", "topic-missing", /its topics must exist/],
  ["slots", "cluster-unfit", /free slots/],
  ["parse", "job-failed", /it says: SQL parse failed\. Non-query expression/],
  ["plain", "job-failed", /it says: something of no form/],
] as const;

for (const [name, code, message] of errors) {
  Deno.test(`errorOfTrace tells ${code} of ${name} in one short line`, () => {
    const error = errorOfTrace("run it", traces[name]);
    assert.equal(error.code, code);
    assert.match(error.message, message);
    assert.match(error.message, /^Cannot run it: /);
    assert.ok(!error.message.includes("\n") && error.message.length < 500, error.message);
  });
}
