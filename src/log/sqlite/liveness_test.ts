import assert from "node:assert/strict";
import { needs } from "../../../tests/permissions.ts";
import { hasCode } from "../../base/errors.ts";
import { LivenessFiles } from "./liveness.ts";

const allowed = needs("read", "write");

async function withDirectory(work: (directory: string) => void): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    work(`${directory}/members`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test({
  ...allowed,
  name: "LivenessFiles tells who lives, within a log and from another one",
  fn: () =>
    withDirectory((directory) => {
      const [own, other] = [new LivenessFiles(directory), new LivenessFiles(directory)];
      assert.equal(own.isHeld("a"), false);
      own.hold("a");
      for (const files of [own, other]) {
        assert.equal(files.isDead("a"), false);
        assert.equal(files.isDead("a"), false, "asking must not change the answer");
        assert.equal(files.isHeld("a"), true);
      }
      own.release("a");
      assert.deepEqual([...Deno.readDirSync(directory)], []);
      assert.equal(other.isDead("a"), false, "without a file the lease decides");
      assert.equal(other.isHeld("a"), false, "who has no lease has a file");
    }),
});

Deno.test({
  ...allowed,
  name: "LivenessFiles finds a file dead that nobody holds",
  fn: () =>
    withDirectory((directory) => {
      const files = new LivenessFiles(directory);
      files.hold("a");
      Deno.writeTextFileSync(`${directory}/b.lock`, "");
      assert.equal(files.isDead("b"), true);
      assert.equal(files.isHeld("b"), false);
      files.release("b");
      assert.equal(files.isDead("b"), false);
      files.release("a");
    }),
});

Deno.test({
  ...allowed,
  name: "LivenessFiles.hold says where it may not make a file",
  fn: () =>
    withDirectory((directory) => {
      Deno.writeTextFileSync(directory, "");
      assert.throws(
        () => new LivenessFiles(directory).hold("a"),
        (error) => hasCode(error, "log-forbidden") && error.message.includes(directory),
      );
    }),
});
