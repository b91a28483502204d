import assert from "node:assert/strict";
import fc from "fast-check";
import { StreamEnvironment } from "../stream/environment.ts";
import { text } from "../stream/json.ts";
import { type KeyedProcessFunction, ValueStateDescriptor } from "../stream/operators/functions.ts";
import { OutputTag } from "../stream/output_tag.ts";
import type { Topology } from "../stream/topology.ts";
import { WatermarkStrategy } from "../stream/watermark_strategy.ts";
import { TumblingEventTimeWindows } from "../stream/window.ts";
import { explain } from "./explain.ts";
import { planText } from "./explain_text.ts";
import type { PlanNode } from "./plan.ts";

const monotonous = WatermarkStrategy.forMonotonousTimestamps<string>();

/** Keeps a count of each key. */
const counting: KeyedProcessFunction<string, string, string> = (runtime) => {
  runtime.getState(new ValueStateDescriptor<number>("count"));
  return { processElement: () => {} };
};

/** Words that are split three ways, put together again in part, and counted under a name. */
function branches(): Topology {
  const env = new StreamEnvironment();
  const words = env.fromSource({ topic: "words", deserializer: text }, monotonous);
  const empty = new OutputTag<string>("empty");
  const short = words.filter((word) => word.length < 4);
  const rest = words.process<string>(() => ({
    processElement: (word, context, out) =>
      word === "" ? context.output(empty, word) : out.collect(word),
  }));
  short.union(rest).sinkTo({ topic: "all" });
  rest.getSideOutput(empty).sinkTo({ topic: "empty" });
  rest.keyBy((word) => word).process(counting, { id: "counts" }).sinkTo({ topic: "counts" });
  return env.topology;
}

Deno.test("explain draws branches, side outputs, a union, a repartition and named state", () => {
  assert.equal(
    explain(branches(), { applicationId: "job" }),
    `job

stage 1 of 2, words: no state
●    source words       watermarks: monotonous timestamps, idle after 10s
│                       dead letters: words.dead-letter
├─●  filter
● │  process
├─●  union
│ ●  sink all
│
├─●  side output empty
│ ●  sink empty
●    repartition        to: job-repartition-words

stage 2 of 2, repartition-words: state in job-changelog-repartition-words
●  source job-repartition-words  watermarks: carried from the stages before
│                                dead letters: job-repartition-words.dead-letter
●  keyBy
●  keyedProcess "counts"         state: timers, count (value)
●  sink counts
`,
  );
});

Deno.test("explain names the late topic, or the side output that takes what is late", () => {
  const env = new StreamEnvironment();
  const late = new OutputTag<string>("late");
  const windows = env.fromSource(
    { topic: "words", deserializer: text, partitionedBy: "length" },
    WatermarkStrategy.forBoundedOutOfOrderness<string>("5s").withoutClosingOnSilence()
      .withTimestampAssigner(Number),
  ).keyBy((word) => word).window(TumblingEventTimeWindows.of("1m"));
  windows.sideOutputLateData(late).reduce((a) => a).getSideOutput(late).sinkTo({ topic: "late" });
  windows.reduce((a) => a).sinkTo({ topic: "out" });
  assert.equal(
    explain(env.topology),
    `APPLICATION-ID

stage words: state in APPLICATION-ID-changelog-words
●    source words      partitioned by: length
│                      watermarks: out of order by up to 5s, taken from the value, idle after 10s, silence closes no windows
│                      dead letters: words.dead-letter
●    keyBy
├─●  window            windows: tumbling 1m
│ │                    state: windows
│ ●  side output late
│ ●  sink late
●    window-2          windows: tumbling 1m
│                      state: windows
│                      late records: words.late
●    sink out
`,
  );
});

Deno.test("explain shows tables, joins, and which side's late records go to a topic", () => {
  const env = new StreamEnvironment();
  const stream = (topic: string) =>
    env.fromSource({ topic, deserializer: text, partitionedBy: "length" }, monotonous)
      .keyBy((word) => word);
  const late = new OutputTag<string>("late");
  const table = env.fromTable({ topic: "meanings", deserializer: text });
  const joined = stream("a").intervalJoin(stream("b")).between("-10s", "5s").upperBoundExclusive()
    .sideOutputRightLateData(late)
    .process<string>(() => ({ processElement: (a, b, _, out) => out.collect(a + b) }));
  joined.getSideOutput(late).sinkTo({ topic: "late" });
  joined.keyBy((word) => word).lookupJoin(table, (word, meaning) => word + meaning)
    .sinkTo({ topic: "out" });
  assert.equal(
    explain(env.topology),
    `APPLICATION-ID

stage meanings-a-b: state in APPLICATION-ID-changelog-meanings-a-b
●      source meanings   partitioned by: key
│                        a table: the newest record of each key
│                        dead letters: meanings.dead-letter
●      keyBy             key: key
│ ●    source a          partitioned by: length
│ │                      watermarks: monotonous timestamps, idle after 10s
│ │                      dead letters: a.dead-letter
│ ●    keyBy-2
│ │ ●  source b          partitioned by: length
│ │ │                    watermarks: monotonous timestamps, idle after 10s
│ │ │                    dead letters: b.dead-letter
│ │ ●  keyBy-3
│ ●─┘  intervalJoin      between: -10s and 4999ms, inclusive
│ │                      state: left (interval [-10s, 4999ms]), right (interval [-10s, 4999ms])
│ │                      late records: a.late
│ ├─●  side output late
│ │ ●  sink late
│ ●    keyBy-4
●─┘    lookupJoin        join: left
│                        state: rows (versions of rows)
●      sink out
`,
  );
});

Deno.test("explain makes labels that Mermaid shows as they are", () => {
  const env = new StreamEnvironment();
  const tag = new OutputTag<string>('<b>"a" & `b`#1;</b>');
  env.fromSource({ topic: "words", deserializer: text }, monotonous)
    .getSideOutput(tag).sinkTo({ topic: "end" });
  assert.equal(
    explain(env.topology, { format: "mermaid" }),
    `flowchart TB
  topic1[("words")]
  topic2[("words.dead-letter")]
  topic3[("end")]
  subgraph stage1["stage words"]
    stage1node1(["source words<br/>watermarks: monotonous timestamps, idle after 10s"])
    stage1node2(["side output #60;b#62;#34;a#34; #38; #96;b#96;#35;1;#60;/b#62;"])
    stage1node1 --> stage1node2
    stage1node3(["sink end"])
    stage1node2 --> stage1node3
  end
  topic1 --> stage1node1
  stage1node1 -. cannot be read .-> topic2
  stage1node3 --> topic3
`,
  );
});

/** Nodes, each with the numbers of some that stand before it. */
const graphs = fc.array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 1, maxLength: 14 })
  .map((nodes) =>
    nodes.map((inputs, index) => index === 0 ? [] : inputs.map((one) => one % index))
  );

/** Reads from the picture alone which nodes each takes elements of. */
function edgesOf(picture: string): readonly string[] {
  let carried: (string | undefined)[] = [];
  return picture.trimEnd().split("\n").flatMap((line) => {
    const [, lanes = "", name] = /^([●│├┤┼┘└┴─ ]*)(n\d+)?$/.exec(line)!;
    const cells = [...lanes];
    const own = cells.indexOf("●");
    const inputs = [carried[own]];
    for (const step of [-1, 1]) {
      for (let at = own + step; own >= 0 && "─│├┤┼┘└┴".includes(cells[at] ?? " "); at += step) {
        if ("├┤┼┘└┴".includes(cells[at]!)) inputs.push(carried[at]);
        if ("├┤┘└".includes(cells[at]!)) break;
      }
    }
    carried = cells.map((cell, at) =>
      cell === "●" ? name : "│├┤┼".includes(cell) ? carried[at] : undefined
    );
    const found = inputs.filter((input) => input !== undefined).toSorted();
    return own < 0 ? [] : [`${name} of ${found.join(" ")}`];
  });
}

Deno.test("explain draws the edges of any graph: they can be read from the picture alone", () => {
  fc.assert(
    fc.property(graphs, (graph) => {
      const nodes = graph.map((inputs, index): PlanNode => ({
        id: `n${index}`,
        kind: "operator",
        title: `n${index}`,
        inputs: inputs.map((input) => `n${input}`),
        settings: [],
        state: [],
        reads: null,
        writes: [],
        lateTo: [],
        deadLettersTo: null,
      }));
      const plan = { applicationId: "job", stages: [{ name: "all", nodes, changelog: null }] };
      const picture = planText(plan).split("\n").slice(3).join("\n");
      assert.deepEqual(
        edgesOf(picture),
        nodes.map(({ id, inputs }) => `${id} of ${[...new Set(inputs)].toSorted().join(" ")}`),
        picture,
      );
    }),
    { numRuns: 500 },
  );
});
