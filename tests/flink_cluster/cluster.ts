/**
 * A Flink session cluster and its SQL Gateway as processes on loopback, without docker: a job
 * manager, task managers, a gateway. When the process of the tests ends in whatever way, so do they,
 * and their folder goes with them.
 *
 *     await using flink = await startFlink();
 *     const gateway = flink.gateway;
 */

import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { freePorts } from "../kafka/ports.ts";
import { startWatchedJava, type WatchedJava } from "../kafka/watched_java.ts";
import { flinkDistribution } from "./distribution.ts";

/** How a cluster is started. */
export interface FlinkOptions {
  /** Of the one task manager; default 4. */
  readonly slots?: number;
  /** Whether the cluster and the gateway have the Kafka connector; default true. */
  readonly connector?: boolean;
  /** The heap of the task manager for the jobs; default 512. */
  readonly taskHeapMiB?: number;
}

/** A cluster that runs; it ends with its block. */
export interface FlinkCluster extends AsyncDisposable {
  /** Of the SQL Gateway, as in http://127.0.0.1:8083. */
  readonly gateway: string;
  /** Of the job manager: REST and web pages. */
  readonly web: string;
  /** A folder for savepoints; goes with the cluster. */
  readonly savepoints: string;
  /** The processes, by what they are. */
  readonly pids: ReadonlyMap<FlinkProcess, number>;
  /** Ends a process by SIGKILL; resolves when it has ended. */
  kill(process: FlinkProcess): Promise<void>;
  /** Starts one anew that has been killed; resolves when it is ready. */
  restart(process: FlinkProcess): Promise<void>;
}

/** The processes of a cluster. */
export type FlinkProcess = "jobmanager" | "taskmanager" | "gateway";

const mainClasses: Readonly<Record<FlinkProcess, string>> = {
  jobmanager: "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint",
  taskmanager: "org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
  gateway: "org.apache.flink.table.gateway.SqlGateway",
};

/** What Flink's own scripts open up for it in Java 17. */
const opened = [
  ...[
    "java.base/sun.net.util",
    "java.rmi/sun.rmi.registry",
    "java.security.jgss/sun.security.krb5",
    ...["api", "file", "parser", "tree", "util"].map((name) =>
      `jdk.compiler/com.sun.tools.javac.${name}`
    ),
  ].map((name) => `--add-exports=${name}=ALL-UNNAMED`),
  ...[
    ...["java.lang", "java.net", "java.io", "java.nio", "sun.nio.ch", "java.lang.reflect"],
    ...["java.text", "java.time", "java.util", "java.util.concurrent"],
    ...["java.util.concurrent.atomic", "java.util.concurrent.locks"],
  ].map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`),
];

const startsWithin = 120_000;

/**
 * Starts a cluster; resolves when its slots are there and the gateway answers.
 *
 * @throws when a process ends, or is not ready within two minutes, with what it logged.
 */
export async function startFlink(options: FlinkOptions = {}): Promise<FlinkCluster> {
  const { slots = 4, connector = true, taskHeapMiB = 512 } = options;
  const { lib, plainLib } = await flinkDistribution();
  const folder = await Deno.makeTempDir({ prefix: "flights-flink-" });
  const [rpc, rest, blob, gatewayPort] = freePorts(4);
  const [web, gateway] = [`http://127.0.0.1:${rest}`, `http://127.0.0.1:${gatewayPort}`];
  const savepoints = join(folder, "savepoints");
  for (const name of ["conf", "savepoints", "checkpoints", "tmp"]) {
    await Deno.mkdir(join(folder, name));
  }
  const config = {
    ...{ "jobmanager.rpc.address": "127.0.0.1", "jobmanager.rpc.port": rpc },
    ...{ "jobmanager.bind-host": "127.0.0.1", "blob.server.port": blob },
    ...{ "rest.address": "127.0.0.1", "rest.port": rest, "rest.bind-address": "127.0.0.1" },
    ...{ "sql-gateway.endpoint.rest.address": "127.0.0.1" },
    "sql-gateway.endpoint.rest.port": gatewayPort,
    ...{ "taskmanager.host": "127.0.0.1", "taskmanager.numberOfTaskSlots": slots },
    ...memorySettings(taskHeapMiB),
    "execution.checkpointing.dir": `file://${join(folder, "checkpoints")}`,
    // A task manager that was killed is missed after this long.
    ...{ "heartbeat.interval": "1000", "heartbeat.timeout": "5000" },
    // How long the gateway asks a job manager that is away.
    "client.timeout": "30 s",
    "io.tmp.dirs": join(folder, "tmp"),
  };
  const lines = Object.entries(config).map(([key, value]) => `${key}: ${value}`);
  await Deno.writeTextFile(join(folder, "conf", "config.yaml"), `${lines.join("\n")}\n`);
  await Deno.writeTextFile(join(folder, "conf", "log4j.properties"), logging);
  const processes = new Processes(folder, connector ? lib : plainLib, taskHeapMiB);
  const ready = async (process: FlinkProcess) => {
    if (process === "gateway") await processes.answers(process, `${gateway}/v2/info`, () => true);
    else if (process === "jobmanager") {
      await processes.answers(process, `${web}/overview`, () => true);
    } else await processes.answers(process, `${web}/overview`, hasSlots(slots));
  };
  const dispose = async () => {
    await processes.endAll();
    await Deno.remove(folder, { recursive: true });
  };
  try {
    const all = ["jobmanager", "taskmanager", "gateway"] as const;
    for (const process of all) processes.start(process);
    for (const process of all) await ready(process);
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    ...{ gateway, web, savepoints },
    get pids() {
      return processes.pids;
    },
    kill: (process) => processes.end(process),
    restart: async (process) => {
      processes.start(process);
      await ready(process);
    },
    [Symbol.asyncDispose]: dispose,
  };
}

/** Every option: a task manager that is started without Flink's scripts works nothing out by itself. */
function memorySettings(taskHeapMiB: number): Readonly<Record<string, string>> {
  const memory = "taskmanager.memory";
  return {
    "taskmanager.cpu.cores": "2",
    [`${memory}.framework.heap.size`]: "128m",
    [`${memory}.framework.off-heap.size`]: "64m",
    [`${memory}.task.heap.size`]: `${taskHeapMiB}m`,
    [`${memory}.task.off-heap.size`]: "64m",
    [`${memory}.network.min`]: "64m",
    [`${memory}.network.max`]: "64m",
    [`${memory}.managed.size`]: "64m",
    [`${memory}.jvm-metaspace.size`]: "256m",
    [`${memory}.jvm-overhead.min`]: "128m",
    [`${memory}.jvm-overhead.max`]: "128m",
  };
}

function hasSlots(slots: number): (answer: unknown) => boolean {
  return (answer) => (answer as { "slots-total": number })["slots-total"] === slots;
}

const logging = `rootLogger.level = WARN
rootLogger.appenderRef.console.ref = console
appender.console.name = console
appender.console.type = CONSOLE
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{HH:mm:ss} %p %c{1} %m%n
`;

class Processes {
  readonly pids = new Map<FlinkProcess, number>();
  readonly #running = new Map<FlinkProcess, WatchedJava>();

  constructor(
    readonly folder: string,
    readonly lib: string,
    readonly taskHeapMiB: number,
  ) {}

  start(process: FlinkProcess): void {
    const conf = join(this.folder, "conf");
    const heap = process === "taskmanager" ? this.taskHeapMiB + 128 : 512;
    const java = startWatchedJava(
      [
        ...[`-Xmx${heap}m`, "-Xms64m", "-XX:+UseSerialGC", ...opened],
        ...(process === "taskmanager" ? ["-XX:MaxDirectMemorySize=256m"] : []),
        ...["-XX:MaxMetaspaceSize=256m", `-Djava.io.tmpdir=${join(this.folder, "tmp")}`],
        `-Dlog4j.configurationFile=${join(conf, "log4j.properties")}`,
        ...["-cp", join(this.lib, "*"), mainClasses[process]],
        ...(process === "gateway" ? [] : ["--configDir", conf]),
      ],
      { folder: this.folder, log: this.#log(process), env: { FLINK_CONF_DIR: conf }, nice: 5 },
    );
    this.#running.set(process, java);
    this.pids.set(process, java.pid);
  }

  async end(process: FlinkProcess): Promise<void> {
    const java = this.#running.get(process);
    if (java === undefined) return;
    java.kill("SIGKILL");
    await java.ended;
    this.#running.delete(process);
    this.pids.delete(process);
  }

  async endAll(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((process) => this.end(process)));
  }

  async answers(
    process: FlinkProcess,
    url: string,
    isReady: (answer: unknown) => boolean,
  ): Promise<void> {
    const giveUp = systemClock.now() + startsWithin;
    let ended = false;
    this.#running.get(process)!.ended.then(() => ended = true);
    while (!ended && systemClock.now() < giveUp) {
      try {
        const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
        if (isReady(await response.json())) return;
      } catch {
        // It does not listen yet.
      }
      await systemClock.sleep(100);
    }
    const log = await Deno.readTextFile(this.#log(process)).catch(() => "");
    throw new Error(
      `Cannot start Flink's ${process}: it must be ready within ${startsWithin / 1_000} s, ` +
        `${ended ? "it has ended" : "it is not"}; the end of its log:\n` +
        log.trimEnd().split("\n").slice(-40).join("\n"),
    );
  }

  #log(process: FlinkProcess): string {
    return join(this.folder, `${process}.log`);
  }
}
