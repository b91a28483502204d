/**
 * Flights as a library: define a job over streams with event time, test it on literal lists, run it
 * on a log.
 *
 * @example A workflow, tested without a log
 * ```ts
 * import assert from "node:assert/strict";
 * import { type DataStream, TestDriver, TumblingEventTimeWindows } from "./mod.ts";
 *
 * interface Sale {
 *   readonly shop: string;
 *   readonly sum: number;
 * }
 *
 * const totals = (sales: DataStream<Sale>) =>
 *   sales.keyBy("shop")
 *     .window(TumblingEventTimeWindows.of("1m"))
 *     .reduce((a, b) => ({ shop: a.shop, sum: a.sum + b.sum }));
 *
 * const test = new TestDriver();
 * const sales = test.source<Sale>("sales");
 * const results = test.collect(totals(sales.stream));
 * sales.send({ shop: "a", sum: 1 }, 0);
 * sales.send({ shop: "a", sum: 2 }, 60_000);
 * assert.deepEqual(results.values(), [{ shop: "a", sum: 1 }]); // the first minute's sum
 * ```
 *
 * @module
 */

export { type Clock, ScaledClock, SimulatedClock, systemClock } from "./base/clock.ts";
export { type Duration } from "./base/duration.ts";
export { type ErrorCode, type ErrorDomain, FlightsError } from "./base/errors.ts";
export { type Header, type RawRecord, textHeader } from "./base/record.ts";
export { formatTime, isoMilliseconds, parseTime } from "./base/time.ts";

export { ConnectedStreams, KeyedConnectedStreams } from "./stream/connected_streams.ts";
export { DataStream, KeyedStream } from "./stream/data_stream.ts";
export { IntervalJoin, IntervalJoined } from "./stream/interval_joined.ts";
export {
  type CoGroupedStreams,
  CoGroupedWindows,
  type JoinedStreams,
  JoinedWindows,
  KeyedStreamPair,
  StreamPair,
  StreamPairWhere,
} from "./stream/joined_streams.ts";
export { type TaggedUnion } from "./stream/operators/co_group.ts";
export { WindowedStream } from "./stream/windowed_stream.ts";
export { StreamEnvironment, type TopicSource } from "./stream/environment.ts";
export { LookupTable, type TopicTable } from "./stream/table.ts";
export {
  BadRecordError,
  type BadRecordReason,
  type Deserializer,
  json,
  text,
} from "./stream/json.ts";
export { type FieldKey, type Key } from "./stream/key.ts";
export {
  type CoFlatMapFunction,
  type CoMapFunction,
  type CoProcessFunction,
  type CoProcessLogic,
  type KeyedCoProcessFunction,
  type KeyedCoProcessLogic,
} from "./stream/operators/co_process.ts";
export {
  type AggregatingState,
  AggregatingStateDescriptor,
  type Collector,
  type KeyedContext,
  type KeyedProcessFunction,
  type KeyedProcessLogic,
  type ListState,
  ListStateDescriptor,
  type MapKey,
  type MapState,
  MapStateDescriptor,
  type OnTimer,
  type OnTimerContext,
  type ProcessContext,
  type ProcessFunction,
  type ProcessLogic,
  type ReducingState,
  ReducingStateDescriptor,
  type ResolvedTtl,
  type RuntimeContext,
  type StateDescriptor,
  type StateOptions,
  type StateTtl,
  type TimeDomain,
  type TimerService,
  type TimeService,
  type ValueState,
  ValueStateDescriptor,
} from "./stream/operators/functions.ts";
export { type AggregateFunction } from "./stream/operators/aggregate_function.ts";
export {
  type ProcessJoinContext,
  type ProcessJoinFunction,
  type ProcessJoinLogic,
} from "./stream/operators/interval_join.ts";
export {
  type ProcessWindowContext,
  type ProcessWindowFunction,
  type ProcessWindowLogic,
  type WindowRuntimeContext,
  type WindowStateStore,
} from "./stream/operators/window_function.ts";
export { OutputTag } from "./stream/output_tag.ts";
export { type SinkContext, type TopicSink } from "./stream/sink.ts";
export {
  type CallbackContext,
  type ExistingFile,
  type ExternalSink,
  type FileSinkOptions,
  type LineOptions,
  Sinks,
  type Tap,
} from "./stream/sinks.ts";
export { type ExternalOptions, type ExternalSource, type Feed, Sources } from "./stream/sources.ts";
export { deadLetterTopic, lateTopic } from "./stream/stray_topics.ts";
export { type OutcomeCounts } from "./stream/task/counts.ts";
export { type OnError } from "./stream/task/task.ts";
export {
  TestDriver,
  type TestDriverOptions,
  type TestElement,
  type TestOutput,
  type TestRecord,
  type TestResult,
  TestSink,
  TestSource,
  type TestSourceOptions,
  type TestTimer,
} from "./stream/testing/test_driver.ts";
export { Topology } from "./stream/topology.ts";
export { type TimestampAssigner, WatermarkStrategy } from "./stream/watermark_strategy.ts";
export {
  EventTimeSessionWindows,
  GlobalWindows,
  ProcessingTimeSessionWindows,
} from "./stream/windows/session_windows.ts";
export {
  type OnMergeContext,
  type Trigger,
  type TriggerContext,
  type TriggerElementContext,
  type TriggerLogic,
  type TriggerResult,
  type TriggerStateStore,
} from "./stream/windows/trigger.ts";
export {
  ContinuousEventTimeTrigger,
  ContinuousProcessingTimeTrigger,
  CountTrigger,
  EventTimeTrigger,
  NeverTrigger,
  ProcessingTimeTrigger,
  PurgingTrigger,
} from "./stream/windows/triggers.ts";
export {
  type ClosedBy,
  SlidingEventTimeWindows,
  SlidingProcessingTimeWindows,
  TumblingEventTimeWindows,
  TumblingProcessingTimeWindows,
  type Window,
  type WindowAssigner,
} from "./stream/windows/window.ts";

export type * from "./log/log.ts";
export { type EncodedBatch, RecordBatchBuilder } from "./log/records/builder.ts";
export { RecordBatch, type TimestampType } from "./log/records/batch.ts";
export { type Compression } from "./log/records/compression.ts";
export { parseBootstrapServers } from "./log/kafka/bootstrap_servers.ts";
export { type InstanceIdOptions } from "./log/kafka/instance_id.ts";
export { type KafkaLogOptions, openKafkaLog } from "./log/kafka/kafka_log.ts";
export {
  type Endpoint,
  type SaslSettings,
  type TlsSettings,
} from "./log/kafka/connection_settings.ts";
export { openSqliteLog, type SqliteLogOptions } from "./log/sqlite/sqlite_log.ts";

export { explain, type ExplainFormat, type ExplainOptions } from "./runtime/explain.ts";
export { findStops, runJob } from "./runtime/job.ts";
export {
  type Job,
  type JobObserver,
  type JobOptions,
  type ResumedInput,
  type Stops,
  type UntilEnd,
} from "./runtime/job_options.ts";
export {
  type CommitStatus,
  type FenceStatus,
  type InputStatus,
  type JobState,
  type JobStatus,
  type MemberStatus,
  type RestoreStatus,
  type TaskStatus,
  type UpstreamStatus,
  type WindowsStatus,
  type WindowStatus,
  type WriterStatus,
} from "./runtime/job_status.ts";
export { type Span, type SpanAttributes, type SpanName, type Tracer } from "./runtime/tracer.ts";
export { type TopicWarning } from "./runtime/topic_warnings.ts";
export { type OnDataLoss, type ResumePoint, type StartFrom } from "./runtime/resume.ts";

export { type ListenAddress, type StatusServer } from "./status/http/server.ts";
export { type StatusContext } from "./status/http/status_routes.ts";
export { startStatusServer } from "./status/http/status_server.ts";

export { execute, type ExecuteOptions } from "./connect/execute.ts";

/** The domain of the course's lessons: what its topics hold, a generator of it, merge and stats. */
export * as flights from "./flights/mod.ts";
