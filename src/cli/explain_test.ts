import assert from "node:assert/strict";
import { needs } from "../../tests/permissions.ts";
import { main } from "./cli.ts";

/** What `flights explain` prints. */
async function explained(args: string): Promise<string> {
  let out = "";
  const code = await main(["explain", ...args.split(" ")], {
    writeOut: (text) => out += text,
    writeErr: (text) => assert.fail(text),
  });
  assert.equal(code, 0);
  return out;
}

const cases: readonly (readonly [args: string, printed: string])[] = [
  [
    "merge",
    `merge

stage skyone-sunset: no state
●    source skyone    watermarks: monotonous timestamps, idle after 10s
│                     dead letters: skyone.dead-letter
│ ●  source sunset    watermarks: monotonous timestamps, idle after 10s
│ │                   dead letters: sunset.dead-letter
● │  map
│ ●  map-2
●─┘  union
●    process
●    sink flightdata
`,
  ],
  [
    "merge --as-of now --application-id other --format mermaid",
    `flowchart TB
  topic1[("skyone")]
  topic2[("skyone.dead-letter")]
  topic3[("sunset")]
  topic4[("sunset.dead-letter")]
  topic5[("flightdata")]
  subgraph stage1["stage skyone-sunset"]
    stage1node1(["source skyone<br/>watermarks: monotonous timestamps, idle after 10s"])
    stage1node2(["source sunset<br/>watermarks: monotonous timestamps, idle after 10s"])
    stage1node3["map"]
    stage1node1 --> stage1node3
    stage1node4["map-2"]
    stage1node2 --> stage1node4
    stage1node5["union"]
    stage1node3 --> stage1node5
    stage1node4 --> stage1node5
    stage1node6["process"]
    stage1node5 --> stage1node6
    stage1node7(["sink flightdata"])
    stage1node6 --> stage1node7
  end
  topic1 --> stage1node1
  stage1node1 -. cannot be read .-> topic2
  topic3 --> stage1node2
  stage1node2 -. cannot be read .-> topic4
  stage1node7 --> topic5
`,
  ],
  [
    "stats",
    `stats

stage flightdata: state in stats-changelog-flightdata
●  source flightdata    partitioned by: email_address
│                       watermarks: monotonous timestamps, idle after 10s
│                       dead letters: flightdata.dead-letter
●  map
●  keyBy                key: email_address
●  window               windows: tumbling 1m
│                       state: windows
│                       late records: flightdata.late
●  runningReduce        state: running totals
●  sink userstatistics
`,
  ],
  [
    "stats --per-window --window 1h --allowed-lateness 5m --out-of-orderness 5s --no-close-on-silence",
    `stats

stage flightdata: state in stats-changelog-flightdata
●  source flightdata    partitioned by: email_address
│                       watermarks: out of order by up to 5s, idle after 10s, silence closes no windows
│                       dead letters: flightdata.dead-letter
●  map
●  keyBy                key: email_address
●  window               windows: tumbling 1h
│                       allowed lateness: 5m
│                       state: windows
│                       late records: flightdata.late
●  sink userstatistics
`,
  ],
  [
    "stats --repartition",
    `stats

stage 1 of 2, flightdata: no state
●  source flightdata  watermarks: monotonous timestamps, idle after 10s
│                     dead letters: flightdata.dead-letter
●  map
●  repartition        placed by: email_address
                      to: stats-repartition-flightdata

stage 2 of 2, repartition-flightdata: state in stats-changelog-repartition-flightdata
●  source stats-repartition-flightdata  partitioned by: email_address
│                                       watermarks: carried from the stages before
│                                       dead letters: stats-repartition-flightdata.dead-letter
●  keyBy                                key: email_address
●  window                               windows: tumbling 1m
│                                       state: windows
│                                       late records: stats-repartition-flightdata.late
●  runningReduce                        state: running totals
●  sink userstatistics
`,
  ],
  [
    "stats --repartition --format mermaid",
    `flowchart TB
  topic1[("flightdata")]
  topic2[("flightdata.dead-letter")]
  topic3[("stats-repartition-flightdata")]
  topic4[("stats-repartition-flightdata.dead-letter")]
  topic5[("stats-repartition-flightdata.late")]
  topic6[("stats-changelog-repartition-flightdata")]
  topic7[("userstatistics")]
  subgraph stage1["stage flightdata"]
    stage1node1(["source flightdata<br/>watermarks: monotonous timestamps, idle after 10s"])
    stage1node2["map"]
    stage1node1 --> stage1node2
    stage1node3(["repartition<br/>placed by: email_address"])
    stage1node2 --> stage1node3
  end
  topic1 --> stage1node1
  stage1node1 -. cannot be read .-> topic2
  stage1node3 --> topic3
  subgraph stage2["stage repartition-flightdata"]
    stage2node1(["source stats-repartition-flightdata<br/>partitioned by: email_address<br/>watermarks: carried from the stages before"])
    stage2node2["keyBy<br/>key: email_address"]
    stage2node1 --> stage2node2
    stage2node3["window<br/>windows: tumbling 1m<br/>state: windows"]
    stage2node2 --> stage2node3
    stage2node4["runningReduce<br/>state: running totals"]
    stage2node3 --> stage2node4
    stage2node5(["sink userstatistics"])
    stage2node4 --> stage2node5
  end
  topic3 --> stage2node1
  stage2node1 -. cannot be read .-> topic4
  stage2node3 -. late .-> topic5
  stage2node3 -. state .-> topic6
  stage2node4 -. state .-> topic6
  stage2node5 --> topic7
`,
  ],
];

for (const [args, printed] of cases) {
  Deno.test({
    ...needs("env"),
    name: `flights explain ${args} prints what the job is made of`,
    fn: async () => assert.equal(await explained(args), printed),
  });
}
