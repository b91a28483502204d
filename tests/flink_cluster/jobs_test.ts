/** Merge and stats on a real Flink, submitted by the command line, beside the same jobs of this program. */

import assert from "node:assert/strict";
import { systemClock } from "../../src/base/clock.ts";
import { judge } from "../crash/judge.ts";
import { type Envelope, expectedFlights, isReadable, recordText } from "../crash/oracle.ts";
import { dataFolder, flights, startFlights } from "../flights.ts";
import { isFull } from "../full.ts";
import { type Cluster, startCluster } from "../kafka/broker.ts";
import { kafkaTool } from "../kafka/tool.ts";
import { needs } from "../permissions.ts";
import { bookings } from "./bookings.ts";
import { type FlinkCluster, startFlink } from "./cluster.ts";

const permitted = needs("net", "run", "read", "write", "env", "sys");
const whole = { ignore: permitted.ignore || !isFull() };

/** Both engines, and the command line to work with them. */
class Site {
  constructor(
    readonly kafka: Cluster,
    readonly flink: FlinkCluster,
    readonly folder: string,
  ) {}

  get #options() {
    return {
      data: this.folder,
      env: {
        BOOTSTRAP_SERVERS: this.kafka.bootstrap(),
        XDG_STATE_HOME: this.folder,
        FLIGHTS_FLINK_GATEWAY: this.flink.gateway,
      },
    };
  }

  /** Runs a command that must succeed, and returns what it prints. */
  async run(line: string, stdin = ""): Promise<string> {
    const { code, stdout, stderr } = await this.answer(line, stdin);
    assert.equal(code, 0, `flights ${line}: ${stderr}`);
    return stdout.trimEnd();
  }

  answer(line: string, stdin = "") {
    return flights(line.split(" "), { ...this.#options, stdin });
  }

  start(line: string) {
    return startFlights(line.split(" "), this.#options);
  }

  async createTopics(...names: readonly string[]): Promise<void> {
    for (const name of names) {
      const server = ["--bootstrap-server", this.kafka.bootstrap()] as const;
      const settings = ["--partitions", "5", "--config", "retention.ms=-1"] as const;
      await kafkaTool("TopicCommand", [...server, "--create", "--topic", name, ...settings]);
    }
  }

  async consume(topic: string): Promise<readonly Envelope[]> {
    const text = await this.run(`consume ${topic} --until-end --json`);
    return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  }

  /** Waits until a job of Flink is in `status`. */
  async reaches(job: string, status: string): Promise<void> {
    for (const deadline = systemClock.now() + 120_000; systemClock.now() < deadline;) {
      if (JSON.parse((await this.answer(`flink status ${job}`)).stdout).status === status) return;
      await systemClock.sleep(250);
    }
    assert.fail(`${job} must come to ${status}, it did not within two minutes`);
  }

  /** How many records a job of Flink has dropped since they were late. */
  async lateRecords(name: string): Promise<number> {
    const get = async (path: string) => await (await fetch(`${this.flink.web}${path}`)).json();
    const { id } = JSON.parse(await this.run(`flink status ${name}`));
    const { vertices }: { vertices: readonly { id: string }[] } = await get(`/jobs/${id}`);
    let late = 0;
    for (const vertex of vertices) {
      const path = `/jobs/${id}/vertices/${vertex.id}/metrics`;
      const known: readonly { id: string }[] = await get(path);
      const names = known.map((one) => one.id).filter((one) => one.endsWith("LateRecordsDropped"));
      if (names.length === 0) continue;
      const values: readonly { value: string }[] = await get(`${path}?get=${names.join(",")}`);
      late += values.reduce((sum, { value }) => sum + Number(value), 0);
    }
    return late;
  }

  /** Waits until two topics hold the same before `time`. */
  async becomeEqual(topics: string, time: number): Promise<void> {
    let last = "";
    for (const deadline = systemClock.now() + 120_000; systemClock.now() < deadline;) {
      const { code, stdout, stderr } = await this.answer(
        `flink compare ${topics} --before ${time}`,
      );
      if (code === 0) return;
      last = stdout + stderr;
      await systemClock.sleep(250);
    }
    assert.fail(`${topics} must come to hold the same before ${time}: ${last}`);
  }
}

async function withSite(
  options: Parameters<typeof startFlink>[0],
  use: (site: Site) => Promise<void>,
) {
  await using kafka = await startCluster();
  await using flink = await startFlink(options);
  using folder = dataFolder();
  await use(new Site(kafka, flink, folder.path));
}

async function feed(site: Site, count: number): Promise<void> {
  for (const airline of ["skyone", "sunset"] as const) {
    const lines = bookings(airline, count).map((line) => `${JSON.stringify(line)}\n`);
    await site.run(`produce ${airline}`, lines.join(""));
  }
}

Deno.test({
  ...whole,
  name: "both jobs on Flink give what they give here, of records out of order, bad and landed",
  fn: () =>
    withSite({}, async (site) => {
      await site.run("datagen --create --count 0");
      await site.createTopics("flights-2", "statistics-2", "hours-2", "hours-1");
      await feed(site, 4_000);
      await site.run("merge --until-end --out-of-orderness 30s");
      await site.run("flink submit merge --until-end --output-topic flights-2");
      await site.reaches("flink-merge", "FINISHED");
      const same = JSON.parse(await site.run("flink compare flightdata flights-2"));
      assert.ok(same.same > 4_000, `${same.same} flights`);
      const texts = async (topic: string) => (await site.consume(topic)).map(recordText);
      const nothing = { lost: [], doubled: [] };
      assert.deepEqual(judge(await texts("flightdata"), await texts("flights-2")), nothing);

      await site.run("stats --until-end --drain --out-of-orderness 30s --watermarks record");
      assert.deepEqual(await site.consume("flightdata.late"), []);
      const stats = "flink submit stats --until-end --drain --out-of-orderness 30s --output-topic";
      await site.run(`${stats} statistics-2`);
      await site.reaches("flink-stats", "FINISHED");
      const windows = JSON.parse(await site.run("flink compare userstatistics statistics-2"));
      assert.ok(windows.same > 1_000, `${windows.same} windows`);
      const [theirs] = await site.consume("statistics-2");
      assert.deepEqual(theirs!.headers.filter((_, at) => at % 2 === 0), [
        "window-start",
        "window-end",
        "closed-by",
      ]);
      assert.equal(Number(theirs!.headers[3]), theirs!.ts + 1);

      const hours = "--window 1h --per-window --out-of-orderness 30s --until-end --drain";
      await site.run(`stats ${hours} --application-id hours --output-topic hours-1`);
      await site.run(`flink submit stats ${hours} --application-id hours-2 --output-topic hours-2`);
      await site.reaches("hours-2", "FINISHED");
      const sums = JSON.parse(await site.run("flink compare hours-1 hours-2"));
      assert.ok(sums.same > 40, `${sums.same} sums`);

      // And back: what Flink has placed by its keys is read here through a repartition topic.
      await site.createTopics("statistics-3");
      await site.run(
        "stats --repartition --input-topic flights-2 --output-topic statistics-3 --application-id " +
          "stats-3 --out-of-orderness 2h --until-end --drain",
      );
      await site.run("flink compare userstatistics statistics-3");
    }),
});

Deno.test({
  ...whole,
  name: "killed task managers and savepoints lose nothing, and silent partitions hold nothing back",
  fn: () => withSite({}, survives),
});

async function survives(site: Site): Promise<void> {
  await site.run("datagen --create --count 0");
  await site.createTopics("flights-2", "statistics-2");
  const here = site.start("merge");
  await here.told("starts on");
  await site.run("flink submit merge --output-topic flights-2");
  await site.run(
    "flink submit stats --output-topic statistics-2 --out-of-orderness 10m",
  );
  // Two bookings of each a second of event time, sixty times as fast: thirty minutes in thirty seconds.
  const feeding = site.start(
    "datagen --count 3600 --rate 2 --speed 60 --start 2026-01-01 --seed 5 --users 4",
  );
  await systemClock.sleep(8_000);
  await site.flink.kill("taskmanager");
  await site.flink.restart("taskmanager");
  await systemClock.sleep(2_000);
  const savepoint = await site.run(
    `flink stop flink-merge --savepoint file://${site.flink.savepoints}`,
  );
  await site.reaches("flink-merge", "FINISHED");
  await site.run(
    `flink submit merge --output-topic flights-2 --from-savepoint ${savepoint} --wait 2m`,
  );
  assert.equal((await feeding.result).code, 0);

  const input = [...await site.consume("skyone"), ...await site.consume("sunset")];
  assert.equal(input.length, 7_200);
  const expected = expectedFlights(input.filter(isReadable));
  await site.becomeEqual("flightdata flights-2", Date.UTC(2030, 0));
  const found = (await site.consume("flights-2")).map(recordText);
  assert.deepEqual(judge(expected, found), { lost: [], doubled: [] });

  here.kill("SIGTERM");
  assert.equal((await here.result).code, 143);
  await site.run("stats --until-end --drain --out-of-orderness 10m");
  assert.deepEqual(await site.consume("flightdata.late"), []);
  const last = Date.UTC(2026, 0, 1, 0, 29);
  const both = "userstatistics statistics-2";
  await site.becomeEqual(both, last - 10 * 60_000).catch(async (error) => {
    const late = await site.lateRecords("flink-stats");
    throw new Error(`Flink dropped ${late} records as late`, { cause: error });
  });
  const used = new Set((await site.consume("flightdata")).map(({ partition }) => partition));
  assert.ok(used.size < 5, "an idle partition");
  const closed = (await site.consume("statistics-2")).filter(({ ts }) => ts > last - 11 * 60_000);
  assert.ok(closed.length > 0, "windows closed up to there");
  const status = JSON.parse(await site.run("flink status flink-stats"));
  assert.equal(status.status, "RUNNING");
  assert.notEqual(status.lastFailure, null, "it tells of the task manager that was lost");
  await site.run("flink cancel flink-stats");
  await site.run("flink cancel flink-merge");
}

Deno.test({
  ...whole,
  name: "what goes wrong on the cluster is told by its root cause, with its exit code",
  fn: async () => {
    await withSite({ slots: 2 }, failures);
    await withSite({ connector: false }, async (site) => {
      await site.run("datagen --create --count 0");
      const { code, stderr } = await site.answer("flink submit stats");
      assert.equal(code, 3, stderr);
      assert.match(stderr, /must have the Kafka connector in their lib folders/);
    });
  },
});

async function failures(site: Site): Promise<void> {
  const fails = async (line: string, code: number, message: RegExp) => {
    const answer = await site.answer(line);
    assert.equal(answer.code, code, `flights ${line}: ${answer.stderr}`);
    assert.equal(answer.stdout, "");
    assert.match(answer.stderr.trimEnd().split("\n").at(-1)!, message);
    // A job that did not come to run is not left behind.
    const jobs = (await site.run("flink list")).split("\n").filter((text) => text !== "");
    const living = jobs.filter((text) => /RUNNING|RESTARTING|CREATED/.test(text));
    assert.deepEqual(living, [], line);
  };
  await fails("flink submit stats", 3, /there is no flightdata, userstatistics/);
  await site.run("datagen --create --count 0");
  await fails("flink submit stats --output-topic nowhere", 3, /there is no nowhere/);
  await fails("flink submit merge --parallelism 3 --wait 20s", 3, /must have free slots/);
  await fails("flink submit stats --transaction-timeout 1h", 3, /transaction\.max\.timeout\.ms/);
  await fails("flink submit stats --from-savepoint file:///nowhere", 3, /savepoint must be there/);
  await fails("flink submit stats --bootstrap-server 127.0.0.1:9 --wait 2m", 4, /must reach Kafka/);
  await site.run("produce flightdata", '{"payload":"no JSON","ts":1767225600000}\n');
  await fails("flink submit stats --on-error fail", 1, /every record must be one/);
  // A schema that is not met, in JSON that is.
  await site.run("produce userstatistics", '{"payload":"{}","ts":1767225600000}\n');
  const swapped = "--input-topic userstatistics --output-topic flightdata";
  await fails(`flink submit stats ${swapped} --on-error fail`, 1, /a record that cannot be read/);
  await fails("flink status nothing", 3, /it knows none of that id or name/);
  await fails("flink stop nothing", 3, /it knows none of that id or name/);
  await site.flink.kill("jobmanager");
  const { code, stderr } = await site.answer("flink list");
  assert.equal(code, 4, stderr);
  await site.flink.kill("gateway");
  const gone = await site.answer("flink list --wait 1s");
  assert.equal(gone.code, 4, gone.stderr);
  assert.match(gone.stderr, /the SQL Gateway at .* must answer/);
}
