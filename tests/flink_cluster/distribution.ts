/** Flink itself, from PyPI (the jars of its distribution) and Maven Central: fetched once, kept in the user's cache. */

import { join } from "node:path";
import { cachedFolder, runProgram } from "../kafka/test_cache.ts";

/** The versions that go together. */
export const flinkVersion = "2.2.1";
const connectorVersion = "5.0.0-2.2";

/** The name of this layout of the cache; another layout must have another. */
const layout = "1";
const dependencyPlugin = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1";

/** Flink's files in the cache. */
export interface FlinkDistribution {
  /** All jars, the Kafka connector and the SQL Gateway among them. */
  readonly lib: string;
  /** The same without the Kafka connector, as many a cluster is. */
  readonly plainLib: string;
}

let found: Promise<FlinkDistribution> | null = null;

/**
 * Flink's files, fetched where they are not in the cache yet: some 330 MB.
 *
 * @throws when files are to be fetched and there is no Python 3 with pip, or no Maven.
 */
export function flinkDistribution(): Promise<FlinkDistribution> {
  found ??= cachedFolder(`flink-${flinkVersion}-${layout}`, fill).then((home) => ({
    lib: join(home, "lib"),
    plainLib: join(home, "plain-lib"),
  }));
  return found;
}

async function fill(folder: string): Promise<void> {
  const doing = `fetch Flink ${flinkVersion}`;
  console.log(`Flink ${flinkVersion} is fetched from PyPI and Maven Central, once`);
  const wheels = join(folder, "wheels");
  const pip = ["python3", "-m", "pip", "download", "--quiet", "--no-deps"] as const;
  const wheel = `apache-flink-libraries==${flinkVersion}`;
  await runProgram([...pip, "--dest", wheels, wheel], { doing, needs: "Python 3 with pip" });
  await runProgram(["python3", "-c", unpack, wheels, join(folder, "plain-lib")], {
    doing,
    needs: "Python 3",
  });
  await Deno.remove(wheels, { recursive: true });
  const [pom, more] = [join(folder, "pom.xml"), join(folder, "maven")];
  await Deno.writeTextFile(pom, project);
  const copy = [`${dependencyPlugin}:copy-dependencies`, "-DincludeScope=runtime"] as const;
  await runProgram(["mvn", "-q", "-B", "-f", pom, ...copy, `-DoutputDirectory=${more}`], {
    doing,
    needs: "Maven",
  });
  await linkAll(folder, more);
}

/** One folder with everything, one without the connector; each file is there once. */
async function linkAll(folder: string, more: string): Promise<void> {
  const [lib, plain] = [join(folder, "lib"), join(folder, "plain-lib")];
  await Deno.mkdir(lib);
  for await (const { name } of Deno.readDir(plain)) {
    await Deno.link(join(plain, name), join(lib, name));
  }
  for await (const { name } of Deno.readDir(more)) {
    await Deno.link(join(more, name), join(lib, name));
    if (!name.includes("kafka")) await Deno.link(join(more, name), join(plain, name));
  }
  await Deno.remove(more, { recursive: true });
}

/** Of the wheel the jars of Flink's lib folder are needed; a wheel is a zip. */
const unpack = `
import glob, os, shutil, sys, zipfile
wheels, lib = sys.argv[1:]
os.makedirs(lib)
with zipfile.ZipFile(glob.glob(wheels + "/*.whl")[0]) as wheel:
    for name in wheel.namelist():
        if name.startswith("pyflink/lib/") and name.endswith(".jar"):
            with wheel.open(name) as jar, open(os.path.join(lib, os.path.basename(name)), "wb") as out:
                shutil.copyfileobj(jar, out)
`;

/** Both bring what they need along, or find it in the distribution. */
function artifact(name: string, version: string): string {
  return `<dependency>
      <groupId>org.apache.flink</groupId>
      <artifactId>${name}</artifactId>
      <version>${version}</version>
      <exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>
    </dependency>`;
}

const project = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>flights</groupId>
  <artifactId>flink-for-tests</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    ${artifact("flink-sql-connector-kafka", connectorVersion)}
    ${artifact("flink-sql-gateway", flinkVersion)}
  </dependencies>
</project>
`;
