/** Kafka itself, from Maven Central: fetched once, kept in the user's cache. */

import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { clusterMetadata } from "./metadata.ts";
import { freePorts } from "./ports.ts";
import { cachedFolder, exists, runProgram } from "./test_cache.ts";
import { startWatchedJava } from "./watched_java.ts";

/** The versions that the tests run against. */
export type KafkaVersion = "4.1.0" | "3.9.1";

/** The version of a test that does not ask for one. */
export const defaultVersion: KafkaVersion = "4.1.0";

/** All brokers of the tests are of this cluster. */
export const clusterId = "AAAAAAAAAAAAAAAAAAAAAQ";

/** Kafka's files in the cache. */
export interface Distribution {
  /** What java needs before the name of a main class, but for the size of its heap. */
  readonly javaArguments: readonly string[];
  /** What a formatted storage folder holds besides its meta.properties; the same on every broker. */
  readonly bootstrapCheckpoint: string;
}

/** The names of this layout of the cache; another layout must have another. */
const layout = "1";
/** The same for all: an archive of classes fits only the collector it was made with. */
const javaFlags = ["-Xlog:disable", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"];
const dependencyPlugin = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1";
const distributions = new Map<KafkaVersion, Promise<Distribution>>();

/**
 * Kafka's files, fetched where they are not in the cache yet.
 *
 * @throws when there is no Java 17, or when files are to be fetched and there is no Maven.
 */
export function distribution(version: KafkaVersion): Promise<Distribution> {
  let found = distributions.get(version);
  if (found === undefined) {
    found = resolve(version);
    distributions.set(version, found);
  }
  return found;
}

async function resolve(version: KafkaVersion): Promise<Distribution> {
  const java = await javaVersion(version);
  const home = await cachedFolder(`kafka-${version}-${layout}`, (folder) => fill(folder, version));
  const plain = [...javaFlags, "-cp", join(home, "lib", "*")];
  const archive = join(home, `classes-${java}.jsa`);
  if (!await exists(archive)) await archiveClasses(archive, home, plain);
  return {
    javaArguments: [`-XX:SharedArchiveFile=${archive}`, ...plain],
    bootstrapCheckpoint: join(home, "storage", "bootstrap.checkpoint"),
  };
}

async function javaVersion(kafka: KafkaVersion): Promise<string> {
  const { stderr } = await runProgram(["java", "-version"], {
    doing: `start Kafka ${kafka}`,
    needs: "Java 17",
  });
  const found = /version "([\d._]+)/.exec(stderr)?.[1] ?? "unknown";
  if (Number.parseInt(found) >= 17) return found;
  throw new Error(`Cannot start Kafka ${kafka}: java must be 17 or later, it is ${found}`);
}

async function fill(folder: string, version: KafkaVersion): Promise<void> {
  const doing = `fetch Kafka ${version}`;
  console.log(`Kafka ${version} is fetched from Maven Central, once`);
  const [pom, lib] = [join(folder, "pom.xml"), join(folder, "lib")];
  await Deno.writeTextFile(pom, projectOf(version));
  await runProgram(
    [
      "mvn",
      "-q",
      "-B",
      "-f",
      pom,
      `${dependencyPlugin}:copy-dependencies`,
      "-DincludeScope=runtime",
      `-DoutputDirectory=${lib}`,
    ],
    { doing, needs: "Maven" },
  );
  await format(folder, doing);
}

/** Formats one storage folder for all brokers to come: a java start less for each of them. */
async function format(folder: string, doing: string): Promise<void> {
  const properties = await writeProperties(folder, [9092, 9093]);
  const args = ["kafka.tools.StorageTool", "format", "-t", clusterId, "-c", properties];
  const program = ["java", ...javaFlags, "-cp", join(folder, "lib", "*")] as const;
  await runProgram([...program, ...args], { doing, needs: "Java 17" });
}

async function writeProperties(
  folder: string,
  [port, controller]: readonly [number, number],
): Promise<string> {
  const properties = join(folder, "server.properties");
  const text = `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controller}
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}
controller.listener.names=CONTROLLER
log.dirs=${join(folder, "storage")}
`;
  await Deno.writeTextFile(properties, text);
  return properties;
}

/**
 * Has java keep the classes of a running broker, loaded and checked (a dynamic CDS archive): the
 * brokers to come start in half the time. A java that cannot use it goes on without.
 */
async function archiveClasses(archive: string, home: string, java: string[]): Promise<void> {
  const folder = await Deno.makeTempDir({ dir: home, prefix: "archiving-" });
  try {
    await Deno.mkdir(join(folder, "storage"));
    for (const file of ["meta.properties", "bootstrap.checkpoint"]) {
      await Deno.copyFile(join(home, "storage", file), join(folder, "storage", file));
    }
    const [port, controller] = freePorts(2);
    const properties = await writeProperties(folder, [port!, controller!]);
    const made = join(folder, "classes.jsa");
    const broker = startWatchedJava(
      [`-XX:ArchiveClassesAtExit=${made}`, ...java, "kafka.Kafka", properties],
      { folder, log: join(folder, "broker.log") },
    );
    let ended = false;
    const end = broker.ended.then(() => ended = true);
    const answers = () => clusterMetadata(`127.0.0.1:${port}`).then(() => true, () => false);
    while (!ended && !await answers()) await systemClock.sleep(25);
    if (!ended) broker.kill("SIGTERM");
    await end;
    await Deno.rename(made, archive);
  } catch (cause) {
    const what = `a broker of ${home} must start and stop, it did not`;
    throw new Error(`Cannot archive Kafka's classes: ${what}`, { cause });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The tools are a jar by themselves; most of what it names is for Kafka Connect. */
function projectOf(version: KafkaVersion): string {
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>flights</groupId>
  <artifactId>kafka-for-tests</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>${version}</version>
    </dependency>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka-tools</artifactId>
      <version>${version}</version>
      <exclusions>
        <exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion>
      </exclusions>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId>
      <artifactId>slf4j-simple</artifactId>
      <version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
`;
}
