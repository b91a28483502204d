import assert from "node:assert/strict";
import { join } from "node:path";
import { runDeno } from "../../tools/process.ts";
import { dataFolder } from "../flights.ts";
import { needs } from "../permissions.ts";

const code = `const { recordsOf } = await import(${
  JSON.stringify(new URL("./confluent.ts", import.meta.url).href)
});
await recordsOf("127.0.0.1:1", "topic").catch(({ message }) => console.log(message));`;

Deno.test({
  ...needs("read", "write", "run", "env"),
  name: "confluent-kafka says what it needs, and leaves no half-filled cache behind",
  fn: async () => {
    using folder = dataFolder();
    const env = { PATH: folder.path, XDG_CACHE_HOME: folder.path };
    const said = async () => (await runDeno(["eval", code], { env })).stdout;
    const doing = "Cannot fetch confluent-kafka 2.16.1";
    assert.equal(await said(), `${doing}: Python 3 must be on the path, there is no python3\n`);
    const python = join(folder.path, "python3");
    const tellsVersion = '#!/bin/sh\n[ "$1" = -c ] && echo 3.11.7 && exit\n';
    await Deno.writeTextFile(python, `${tellsVersion}echo "there is no module venv"; exit 1`);
    await Deno.chmod(python, 0o755);
    assert.equal(
      await said(),
      "confluent-kafka 2.16.1 is fetched from PyPI, once\n" +
        `${doing}: python3 must succeed, it said:\nthere is no module venv\n\n`,
    );
    const kept = [...Deno.readDirSync(join(folder.path, "flights-tests"))];
    assert.deepEqual(kept, []);
  },
});
