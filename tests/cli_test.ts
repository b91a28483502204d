import assert from "node:assert/strict";
import { dataFolder, flights, startFlights } from "./flights.ts";
import { needs } from "./permissions.ts";

const permissions = needs("read", "write", "run", "env");

function lines(...records: readonly unknown[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join("");
}

function parsed(stdout: string): readonly Record<string, unknown>[] {
  return stdout.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

/** A log with the four topics, empty. */
async function createdTopics(data: string): Promise<void> {
  const { code, stderr } = await flights(["datagen", "--create", "--count", "0"], { data });
  assert.equal(code, 0, stderr);
}

const mixed = lines(
  { key: "a", payload: "one", ts: 1_000, partition: 0, headers: ["h", "v", "h", null] },
  { key: "b", payload: null, ts: 3_000, partition: 1 },
  { key_base64: "/w==", payload_base64: "/wAK", ts: 2_000, partition: 1 },
  { payload: "", ts: -1, partition: 4, headers_base64: ["bin", "gA=="] },
  { key: "", payload: "Grüße\n", ts: 4_000, partition: 0 },
);

Deno.test({
  ...permissions,
  name: "consume --json | produce copies records with their bytes, timestamps and partitions",
  fn: async () => {
    using folder = dataFolder();
    const data = folder.path;
    await createdTopics(data);
    const produced = await flights(["produce", "skyone"], { data, stdin: mixed });
    assert.equal(produced.code, 0, produced.stderr);
    assert.match(produced.stderr, /wrote 5 records to skyone/);
    assert.equal(produced.stdout, "");

    const first = await flights(["consume", "skyone", "--until-end", "--json"], { data });
    assert.equal(first.code, 0, first.stderr);
    assert.equal(
      first.stdout.split("\n")[1],
      '{"topic":"skyone","partition":0,"offset":0,"tstype":"create","ts":1000,' +
        '"headers":["h","v","h",null],"key":"a","payload":"one"}',
    );
    assert.deepEqual(parsed(first.stdout).map(({ ts }) => ts), [-1, 1_000, 3_000, 2_000, 4_000]);

    const stdin = first.bytes;
    assert.equal((await flights(["produce", "sunset"], { data, stdin })).code, 0);
    const second = await flights(["consume", "sunset", "--until-end", "--json"], { data });
    assert.equal(second.stdout, first.stdout.replaceAll('"topic":"skyone"', '"topic":"sunset"'));
  },
});

Deno.test({
  ...permissions,
  name: "consume prints values as they are, from where and as far as it is asked",
  fn: async () => {
    using folder = dataFolder();
    const data = folder.path;
    await createdTopics(data);
    await flights(["produce", "skyone"], { data, stdin: mixed });
    const consume = async (...args: string[]) => {
      const { code, stdout, stderr } = await flights(["consume", "skyone", ...args], { data });
      assert.equal(code, 0, stderr);
      return stdout;
    };
    const { bytes } = await flights(["consume", "skyone", "--until-end", "--partition", "1"], {
      data,
    });
    assert.deepEqual([...bytes], [0x0a, 0xff, 0x00, 0x0a, 0x0a], "a tombstone, then raw bytes");
    assert.equal(await consume("--count", "2"), "\none\n");
    assert.equal(await consume("--until-end", "--from", "latest"), "");
    assert.equal(await consume("--until-end", "--partition", "0", "--from", "1"), "Grüße\n\n");
    assert.equal(await consume("--until-end", "--partition", "0", "--from", "9"), "");
    const since = "1970-01-01T00:00:03.500";
    assert.equal(await consume("--until-end", "--from", since), "Grüße\n\n");
  },
});

Deno.test({
  ...permissions,
  name: "consume follows: it waits for its topic and prints what comes",
  fn: async () => {
    using folder = dataFolder();
    const data = folder.path;
    const consumer = startFlights(["consume", "skyone"], { data });
    await consumer.told("waiting: the log has no topic skyone yet");
    await createdTopics(data);
    const counted = flights(["consume", "skyone", "--count", "1"], { data });
    await flights(["produce", "skyone"], { data, stdin: lines({ payload: "news" }) });
    assert.equal((await counted).stdout, "news\n");
    await consumer.printed("news\n");
    consumer.kill("SIGINT");
    const { code, stdout } = await consumer.result;
    assert.deepEqual({ code, stdout }, { code: 130, stdout: "news\n" });
  },
});

Deno.test({
  ...permissions,
  name: "consume ends quietly when nobody reads its output any more",
  fn: async () => {
    using folder = dataFolder();
    const data = folder.path;
    await createdTopics(data);
    const stdin = lines(...Array.from({ length: 3_000 }, () => ({ payload: "x".repeat(200) })));
    await flights(["produce", "skyone"], { data, stdin });
    const consumer = startFlights(["consume", "skyone"], { data, stdoutLimit: 100 });
    const { code, stderr } = await consumer.result;
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  },
});

Deno.test({
  ...permissions,
  name: "produce writes all lines before a malformed one and says how many",
  fn: async () => {
    using folder = dataFolder();
    const data = folder.path;
    await createdTopics(data);
    const stdin = `${lines({ payload: "1" }, { payload: "2" })}\n{"payload":\n${
      lines({ payload: "3" })
    }`;
    const { code, stderr } = await flights(["produce", "skyone"], { data, stdin });
    assert.equal(code, 1);
    assert.match(stderr, /Cannot produce line 4 to skyone: it must be a JSON object/);
    assert.match(stderr, /wrote 2 records to skyone/);
    const consumed = await flights(["consume", "skyone", "--until-end"], { data });
    assert.equal(consumed.stdout.split("\n").length - 1, 2);
  },
});

Deno.test({
  ...permissions,
  name: "produce writes a line when it comes, and stops on a signal",
  fn: async () => {
    using folder = dataFolder();
    const data = folder.path;
    await createdTopics(data);
    const producer = startFlights(["produce", "skyone"], { data, keepStdinOpen: true });
    await producer.send('{"payload":"typed"}\n{"payload":');
    const consumed = await flights(["consume", "skyone", "--count", "1"], { data });
    assert.equal(consumed.stdout, "typed\n");
    producer.kill("SIGINT");
    const { code, stderr } = await producer.result;
    assert.equal(code, 130, stderr);
    assert.match(stderr, /wrote 1 record to skyone/);
  },
});

Deno.test({
  ...permissions,
  name: "a missing topic is waited for, then exit 3",
  fn: async () => {
    using folder = dataFolder();
    const data = folder.path;
    const wait = ["--wait", "10ms"];
    const results = await Promise.all([
      flights(["consume", "nowhere", "--until-end", ...wait], { data }),
      flights(["produce", "nowhere", ...wait], { data, stdin: "" }),
      flights(["topics", "delete", "nowhere", ...wait], { data }),
      flights(["topics", "describe", "nowhere", ...wait], { data }),
    ]);
    for (const { code, stdout, stderr } of results) {
      assert.equal(code, 3, stderr);
      assert.equal(stdout, "");
      assert.match(stderr, /"code":"topic-missing"/);
    }
  },
});

Deno.test({
  ...permissions,
  name: "topics lists names, describes partitions and deletes all or none",
  fn: async () => {
    using folder = dataFolder();
    const data = folder.path;
    await flights(["datagen", "--create", "--partitions", "2", "--count", "0"], { data });
    await flights(["produce", "skyone"], { data, stdin: lines({ payload: "x", partition: 1 }) });
    const list = async () => (await flights(["topics", "list"], { data })).stdout;
    assert.equal(await list(), "flightdata\nskyone\nsunset\nuserstatistics\n");
    const described = await flights(["topics", "describe", "skyone", "sunset"], { data });
    const [skyone, sunset] = parsed(described.stdout);
    assert.equal(skyone!.name, "skyone");
    assert.deepEqual(skyone!.partitions, [
      { partition: 0, startOffset: 0, endOffset: 0, records: 0 },
      { partition: 1, startOffset: 0, endOffset: 1, records: 1 },
    ]);
    assert.equal(sunset!.records, 0);
    const refused = ["topics", "delete", "skyone", "nowhere", "--wait", "0s"];
    assert.equal((await flights(refused, { data })).code, 3);
    assert.equal((await flights(["topics", "delete", "skyone", "sunset"], { data })).code, 0);
    assert.equal(await list(), "flightdata\nuserstatistics\n");
  },
});

Deno.test({
  ...permissions,
  name: "datagen with the same seed and start writes the same bytes",
  fn: async () => {
    const runs = await Promise.all([1, 2].map(async () => {
      using folder = dataFolder();
      const data = folder.path;
      const shares = ["--late-share", "0.1", "--bad-share", "0.1", "--start", "2026-01-31"];
      const args = ["--create", "--count", "100", "--rate", "max", "--seed", "7", ...shares];
      const { code, stderr } = await flights(["datagen", ...args], { data });
      assert.equal(code, 0, stderr);
      assert.match(stderr, /wrote 100 records to skyone and 100 to sunset/);
      const { stdout } = await flights(["consume", "sunset", "--until-end", "--json"], { data });
      return stdout;
    }));
    assert.equal(parsed(runs[0]!).length, 100);
    assert.equal(runs[0], runs[1]);
  },
});

Deno.test({
  ...permissions,
  name: "datagen waits for topics, writes live, and ends with 143 on SIGTERM",
  fn: async () => {
    using folder = dataFolder();
    const data = folder.path;
    const datagen = startFlights(["datagen", "--rate", "200", "--seed", "1"], { data });
    await datagen.told("waiting: the log has no topic skyone, sunset yet");
    await createdTopics(data);
    const { stdout } = await flights(["consume", "sunset", "--count", "5"], { data });
    assert.equal(stdout.split("\n").length - 1, 5);
    datagen.kill("SIGTERM");
    const { code, stderr } = await datagen.result;
    assert.equal(code, 143);
    assert.match(stderr, /datagen wrote [1-9]\d* records to skyone and [1-9]/);
  },
});

Deno.test({
  ...permissions,
  name: "datagen goes on when nobody reads what it tells",
  fn: async () => {
    using folder = dataFolder();
    const data = folder.path;
    const args = ["datagen", "--count", "5", "--rate", "max"];
    const datagen = startFlights(args, { data, stderrLimit: 1 });
    await datagen.told("waiting");
    await createdTopics(data);
    assert.equal((await datagen.result).code, 0);
    const { stdout } = await flights(["consume", "skyone", "--until-end"], { data });
    assert.equal(stdout.split("\n").length - 1, 5);
  },
});

Deno.test({
  ...permissions,
  name: "datagen --create and reset are refused while a member lives, and then clear all it kept",
  fn: async () => {
    using folder = dataFolder();
    const data = folder.path;
    const count = ["--count", "200", "--rate", "max"];
    await flights(["datagen", "--create", ...count], { data });
    assert.equal((await flights(["merge", "--until-end"], { data })).code, 0);
    const stats = startFlights(["stats"], { data });
    await stats.told("resumes flightdata[0-4] at ");
    const refused = await flights(["datagen", "--create", "--count", "0"], { data });
    assert.equal(refused.code, 3, refused.stderr);
    assert.match(refused.stderr, /stats \(process \d+\) is; stop it first/);
    const reset = await flights(["reset", "stats"], { data });
    assert.equal(reset.code, 3, reset.stderr);
    assert.match(reset.stderr, /stats \(process \d+\) is; stop it first/);
    stats.kill("SIGINT");
    assert.equal((await stats.result).code, 130);

    const done = await flights(["reset", "stats"], { data });
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stderr, /deleted stats-changelog-flightdata; its next start is a first/);
    const again = await flights(["reset", "stats"], { data });
    assert.equal(again.code, 0);
    assert.match(again.stderr, /stats never ran on this log/);

    const created = await flights(["datagen", "--create", "--count", "0"], { data });
    assert.equal(created.code, 0, created.stderr);
    assert.match(created.stderr, /and the offsets of merge/);
    const { stdout } = await flights(["topics", "list"], { data });
    assert.equal(stdout, "flightdata\nskyone\nsunset\nuserstatistics\n");
  },
});

Deno.test({
  ...permissions,
  name: "logs are JSON lines on a pipe, and text where that is asked for",
  fn: async () => {
    using folder = dataFolder();
    const data = folder.path;
    const args = ["datagen", "--create", "--count", "0"];
    const json = await flights([...args, "--log-format", "json"], { data });
    for (const line of parsed(json.stderr)) assert.equal(line.level, "info");
    const text = await flights(args, { data, env: { FLIGHTS_LOG_FORMAT: "text" } });
    assert.match(text.stderr, /^\d\d:\d\d:\d\d deleted /);
    const quiet = await flights([...args, "--log-level", "error"], { data });
    assert.equal(quiet.stderr, "");
  },
});

Deno.test({
  ...permissions,
  name: "completions prints each shell's script, whose words complete answers",
  fn: async () => {
    using folder = dataFolder();
    const data = folder.path;
    for (const shell of ["bash", "zsh", "fish"]) {
      const { code, stdout } = await flights(["completions", shell], { data });
      assert.equal(code, 0);
      assert.match(stdout, /flights complete -- /);
    }
    const complete = async (...words: string[]) => {
      const { stdout } = await flights(["complete", "--", ...words], { data });
      return stdout.trim().split("\n").map((line) => line.split("\t")[0]);
    };
    assert.deepEqual(await complete("con"), ["consume", ":4"]);
    assert.deepEqual(await complete("consume", "--unt"), ["--until-end", ":4"]);
    assert.deepEqual(await complete("consume", "--log-format", ""), ["text", "json", ":4"]);
    assert.deepEqual(await complete("topics", "d"), ["describe", "delete", ":4"]);
  },
});

Deno.test({
  ...permissions,
  name: "a job tells where it goes on in a line a topic, and of all drained tasks in one",
  fn: async () => {
    using folder = dataFolder();
    const data = folder.path;
    const seeded = ["--seed", "7", "--start", "2026-01-31", "--count", "100", "--rate", "max"];
    await flights(["datagen", "--create", "--partitions", "2", ...seeded], { data });
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await flights([...args, "--until-end"], { data });
      assert.equal(code, 0, stderr);
      assert.equal(stdout, "");
      return parsed(stderr);
    };
    const resumed = (told: readonly Record<string, unknown>[]) =>
      told.filter(({ resume }) => resume !== undefined).map(({ message }) => message);
    assert.deepEqual(resumed(await run("merge")), [
      "resumes skyone[0-1] at 0, 0 (first start, earliest)",
      "resumes sunset[0-1] at 0, 0 (first start, earliest)",
    ]);
    const again = resumed(await run("merge"));
    assert.equal(again.length, 2);
    assert.match(String(again[0]), /^resumes skyone\[0-1\] at \d+, \d+ \(committed\)$/);
    const drained = (await run("stats", "--drain")).filter(({ watermarks }) => watermarks);
    assert.equal(drained.length, 1);
    assert.match(String(drained[0]!.message), /^drained: open windows of 2 tasks fired, the last/);
  },
});

Deno.test({
  ...permissions,
  name: "a member beyond the partitions says whom it waits for, and that it had none",
  fn: async () => {
    using folder = dataFolder();
    const data = folder.path;
    await flights(["datagen", "--create", "--count", "0", "--partitions", "1"], { data });
    const first = startFlights(["merge"], { data });
    await first.told("resumes sunset");
    const second = startFlights(["merge"], { data });
    await second.told(`waiting: merge (process ${first.pid}) holds the partitions of merge`);
    second.kill("SIGTERM");
    const { code, stderr } = await second.result;
    assert.equal(code, 143, stderr);
    assert.match(stderr, /merge stopped after .*: it had no partitions/);
    first.kill("SIGINT");
    assert.equal((await first.result).code, 130);
  },
});

Deno.test({
  ...permissions,
  name: "demo prints plain lines on a pipe, audits itself, and leaves nothing behind",
  fn: async () => {
    using folder = dataFolder();
    const data = `${folder.path}/log`;
    const env = { TMPDIR: folder.path };
    const left = () => [...Deno.readDirSync(folder.path)].map(({ name }) => name);
    const { code, stdout, stderr } = await flights(["demo", "--minutes", "10"], { data, env });
    assert.equal(code, 0, stderr);
    assert.equal(stderr, "");
    assert.match(
      stdout,
      /-> skyone\.dead-letter\[\d\]: .*\n[^]*\nEvery record is accounted for\.\n$/,
    );
    assert.equal(stdout.includes("\x1b"), false);
    assert.deepEqual(left(), []);

    const unread = startFlights(["demo", "--minutes", "10"], { data, env, stdoutLimit: 1 });
    const { code: unreadCode, stderr: told } = await unread.result;
    assert.deepEqual({ unreadCode, told }, { unreadCode: 0, told: "" });
    assert.deepEqual(left(), []);
  },
});
