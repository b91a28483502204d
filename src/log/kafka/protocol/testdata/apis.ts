import { addOffsetsToTxn } from "../add_offsets_to_txn_v3.ts";
import { addPartitionsToTxn } from "../add_partitions_to_txn_v3.ts";
import { apiVersions } from "../api_versions_v3.ts";
import { createTopics } from "../create_topics_v7.ts";
import { deleteGroups } from "./delete_groups_v2.ts";
import { deleteTopics } from "../delete_topics_v6.ts";
import { describeConfigs } from "../describe_configs_v4.ts";
import { describeGroups } from "../describe_groups_v5.ts";
import { describeProducers } from "../describe_producers_v0.ts";
import { describeTransactions } from "../describe_transactions_v0.ts";
import { endTxn } from "../end_txn_v3.ts";
import { fetch } from "../fetch_v13.ts";
import { findCoordinator } from "../find_coordinator_v3.ts";
import { heartbeat } from "../heartbeat_v3.ts";
import { initProducerId } from "../init_producer_id_v4.ts";
import { joinGroup } from "../join_group_v5.ts";
import { leaveGroup } from "../leave_group_v3.ts";
import { listGroups } from "../list_groups_v4.ts";
import { listOffsets } from "../list_offsets_v5.ts";
import { listTransactions } from "../list_transactions_v0.ts";
import { metadata } from "../metadata_v12.ts";
import { offsetCommit } from "../offset_commit_v7.ts";
import { offsetDelete } from "../offset_delete_v0.ts";
import { offsetFetch } from "../offset_fetch_v7.ts";
import { produce } from "../produce_v8.ts";
import { syncGroup } from "../sync_group_v3.ts";
import { txnOffsetCommit } from "../txn_offset_commit_v3.ts";

/** All requests that are spoken, by their name. */
export const apis = {
  AddOffsetsToTxn: addOffsetsToTxn,
  AddPartitionsToTxn: addPartitionsToTxn,
  ApiVersions: apiVersions,
  CreateTopics: createTopics,
  DeleteGroups: deleteGroups,
  DeleteTopics: deleteTopics,
  DescribeConfigs: describeConfigs,
  DescribeGroups: describeGroups,
  DescribeProducers: describeProducers,
  DescribeTransactions: describeTransactions,
  EndTxn: endTxn,
  Fetch: fetch,
  FindCoordinator: findCoordinator,
  Heartbeat: heartbeat,
  InitProducerId: initProducerId,
  JoinGroup: joinGroup,
  LeaveGroup: leaveGroup,
  ListGroups: listGroups,
  ListOffsets: listOffsets,
  ListTransactions: listTransactions,
  Metadata: metadata,
  OffsetCommit: offsetCommit,
  OffsetDelete: offsetDelete,
  OffsetFetch: offsetFetch,
  Produce: produce,
  SyncGroup: syncGroup,
  TxnOffsetCommit: txnOffsetCommit,
} as const;
