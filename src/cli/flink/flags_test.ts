import assert from "node:assert/strict";
import { needs } from "../../../tests/permissions.ts";
import { parseClientProperties } from "../../log/kafka/client_properties.ts";
import { main } from "../cli.ts";
import { kafkaOfCluster } from "./client_settings.ts";

async function answer(...args: readonly string[]) {
  let out = "";
  let error = "";
  const code = await main(args, {
    writeOut: (text) => out += text,
    writeErr: (text) => error += text,
  });
  return { code, out, error };
}

/** What Flink SQL cannot express is refused where it was given, with the reason. */
const refused: readonly (readonly [args: string, message: RegExp])[] = [
  ["sql merge", /^--bootstrap-server must say where the cluster reaches Kafka/],
  ["sql stats -X", /^unknown option '-X'/],
  [
    "sql merge --max-future 1d",
    /^'--max-future <duration>' .* It must be off on Flink: its watermark/,
  ],
  [
    "sql merge --watermarks auto",
    /^'--watermarks <which>' .* It must be record on Flink: Flink SQL/,
  ],
  [
    "sql merge --on-error dead-letter",
    /^'--on-error <policy>' .* It must be skip or fail on Flink/,
  ],
  ["sql merge --on-error shrug", /^'--on-error <policy>' .* It must be skip or fail\.$/m],
  ["sql merge --on-data-loss fail", /^'--on-data-loss <policy>' .* It must be earliest on Flink/],
  ["sql stats --allowed-lateness 1m", /^'--allowed-lateness <duration>' .* It must be 0s on Flink/],
  ["sql stats --drain --bootstrap-server k:1", /^--drain needs --until-end/],
  ["sql stats --until-end --bootstrap-server k:1", /^--until-end needs --drain on Flink/],
  ["sql merge --commit-interval 9ms", /^'--commit-interval <duration>' .* 10ms or more on Flink/],
  ["submit merge --gateway nowhere", /^'--gateway <url>' .* an address such as/],
  ["submit merge --gateway ftp://x", /^'--gateway <url>' .* an address such as/],
  ["stop", /^missing required argument 'job'/],
  ["compare a", /^missing required argument 'other'/],
];

for (const [args, message] of refused) {
  Deno.test({
    ...needs("env"),
    name: `flights flink ${args} is refused`,
    fn: async () => {
      const { code, out, error } = await answer("flink", ...args.split(" "));
      assert.equal(code, 2);
      assert.equal(out, "");
      assert.match(error, message);
    },
  });
}

Deno.test({
  ...needs("env"),
  name: "help of every command of flink begins with examples and fits a terminal",
  fn: async () => {
    const below = ["sql", "sql merge", "sql stats", "submit", "submit merge", "submit stats"];
    for (const path of ["", ...below, "list", "status", "stop", "cancel", "compare"]) {
      const { code, out } = await answer("flink", ...path.split(" ").filter(Boolean), "--help");
      assert.equal(code, 0);
      assert.match(out, new RegExp(`^Examples:\\n[^]*\\nUsage: flights flink ?${path} `));
      assert.deepEqual(out.split("\n").filter((line) => line.length > 80), [], path);
    }
  },
});

const everywhere = {
  data: ".flights",
  logLevel: "info",
  logFormat: "json",
  color: false,
} as const;

const properties = `
bootstrap.servers=k1:9092,k2:9092
security.protocol=SASL_PLAINTEXT
sasl.mechanism=SCRAM-SHA-512
sasl.username=alice
sasl.password=se"cr\\\\et
`;

Deno.test("secrets are hidden in what is printed, and revealed in what is submitted", async () => {
  const options = { ...everywhere, commandConfigText: properties };
  const secret = parseClientProperties(properties).sasl!;
  assert.equal(secret.mechanism, "SCRAM-SHA-512");
  const hidden = await kafkaOfCluster(options, "hidden");
  assert.equal(hidden.bootstrapServer, "k1:9092,k2:9092");
  assert.doesNotMatch(JSON.stringify(hidden), /cr|alice/);
  const { clientProperties } = await kafkaOfCluster(options, "revealed");
  assert.deepEqual(clientProperties, [
    ["security.protocol", "SASL_PLAINTEXT"],
    ["sasl.mechanism", "SCRAM-SHA-512"],
    [
      "sasl.jaas.config",
      "org.apache.flink.kafka.shaded.org.apache.kafka.common.security.scram.ScramLoginModule " +
      'required username="alice" password="se\\"cr\\\\et";',
    ],
  ]);
});

Deno.test("a token file of this machine is of no use to a cluster", async () => {
  const commandConfigText = "bootstrap.servers=k:1\nsecurity.protocol=SASL_PLAINTEXT\n" +
    "sasl.mechanism=OAUTHBEARER\nsasl.oauthbearer.token.endpoint.url=file:///t\n";
  await assert.rejects(
    kafkaOfCluster({ ...everywhere, commandConfigText }, "revealed"),
    /must be PLAIN or SCRAM/,
  );
});
