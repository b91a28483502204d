import assert from "node:assert/strict";
import { join } from "node:path";
import { runDeno } from "../../tools/process.ts";
import { dataFolder } from "../flights.ts";
import { needs } from "../permissions.ts";

const code = `const { distribution } = await import(${
  JSON.stringify(new URL("./distribution.ts", import.meta.url).href)
});
await distribution("4.1.0").catch(({ message }) => console.log(message));`;

Deno.test({
  ...needs("read", "write", "run", "env"),
  name: "distribution says what must be on the path: java, then Maven where nothing is cached",
  fn: async () => {
    using folder = dataFolder();
    const env = { PATH: folder.path, XDG_CACHE_HOME: folder.path };
    const said = async () =>
      (await runDeno(["eval", code], { env })).stdout.trimEnd().split("\n").at(-1);
    assert.equal(
      await said(),
      "Cannot start Kafka 4.1.0: Java 17 must be on the path, there is no java",
    );
    const java = join(folder.path, "java");
    await Deno.writeTextFile(java, '#!/bin/sh\necho "openjdk version \\"11.0.2\\"" >&2');
    await Deno.chmod(java, 0o755);
    assert.equal(
      await said(),
      "Cannot start Kafka 4.1.0: java must be 17 or later, it is 11.0.2",
    );
    await Deno.writeTextFile(java, '#!/bin/sh\necho "openjdk version \\"17\\"" >&2');
    assert.equal(
      await said(),
      "Cannot fetch Kafka 4.1.0: Maven must be on the path, there is no mvn",
    );
    const kept = [...Deno.readDirSync(join(folder.path, "flights-tests"))];
    assert.deepEqual(kept, [], "a half-filled cache is left behind");
  },
});
