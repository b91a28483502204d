import assert from "node:assert/strict";
import { needs } from "../../tests/permissions.ts";
import config from "../../deno.json" with { type: "json" };
import { main } from "./cli.ts";

/** What the program answers to a command line that it does not run. */
async function answer(...args: readonly string[]) {
  let out = "";
  let error = "";
  const code = await main(args, {
    writeOut: (text) => out += text,
    writeErr: (text) => error += text,
  });
  return { code, out, error };
}

const environment = needs("env");

Deno.test({
  ...environment,
  name: "main answers --version and --help of every command on stdout, examples first",
  fn: async () => {
    assert.deepEqual(await answer("--version"), {
      code: 0,
      out: `${config.version}\n`,
      error: "",
    });
    const commands = ["demo", "datagen", "merge", "stats", "reset", "produce", "consume"];
    const paths = [...commands, "completions", "topics", "explain"].map((name) => [name]);
    const below = [
      ...["list", "describe", "watermarks", "delete"].map((name) => ["topics", name]),
      ...["merge", "stats"].map((name) => ["explain", name]),
    ];
    for (const path of [[], ...paths, ...below]) {
      const { code, out, error } = await answer(...path, "--help");
      assert.equal(code, 0);
      assert.equal(error, "");
      assert.match(
        out,
        new RegExp(`^Examples:\\n[^]*\\nUsage: ${["flights", ...path].join(" ")} `),
      );
      assert.deepEqual(out.split("\n").filter((line) => line.length > 80), [], "80 columns");
    }
  },
});

const wrong: readonly (readonly [args: string, message: RegExp])[] = [
  ["mrge", /^unknown command 'mrge'\n\(Did you mean merge\?\)/],
  ["topics lst", /^unknown command 'lst'\n\(Did you mean list\?\)/],
  ["explain stat", /^unknown command 'stat'\n\(Did you mean stats\?\)/],
  ["explain stats --repartiton", /^unknown option .*\n\(Did you mean --repartition\?\)/],
  ["explain stats --format svg", /^'--format <format>' .* Allowed choices are text, mermaid/],
  ["explain merge --window 1h", /^unknown option '--window'/],
  ["merge --untilend", /^unknown option '--untilend'\n\(Did you mean --until-end\?\)/],
  ["merge extra", /^too many arguments for 'merge'. Expected 0 arguments but got 1: extra/],
  ["produce", /^missing required argument 'topic'/],
  ["merge --watermarks both", /^'--watermarks <which>' .* Allowed choices are auto, record/],
  ["topics watermarks", /^missing required argument 'topic'/],
  ["topics watermarks t --forget a/b", /^'--forget <job>' .* 1 to 200 of/],
  ["topics watermarks t --json --forget a", /^--json is not for --forget\n/],
  ["merge --drain", /^--drain needs --until-end\n/],
  ["stats --wait 1s", /^--wait needs --until-end\n/],
  ["merge --idle-timeout 0s", /^'--idle-timeout <duration>' .* It must be above zero/],
  ["merge --commit-interval 5", /^'--commit-interval <duration>' .* number and a unit/],
  ["merge --parallelism 0", /^'--parallelism <n>' .* a whole number, 1 to 64/],
  ["stats --parallelism 65", /^'--parallelism <n>' .* a whole number, 1 to 64/],
  ["stats --application-id a/b", /^'--application-id <id>' .* 1 to 200 of/],
  ["datagen --count -1", /^'--count <n>' .* It must be a whole number, 0 or more/],
  ["datagen --create --partitions 0", /^'--partitions <n>' .* 1 to 10000/],
  ["datagen --partitions 3", /^--partitions needs --create\n/],
  ["datagen --rate max --speed 2", /^--speed needs a --rate other than max/],
  ["datagen --bad-share 2", /^'--bad-share <share>' .* a number from 0 to 1/],
  ["consume t --count 1 --follow", /^'--count <n>' cannot be used with option '--follow'/],
  ["consume t --until-end --count 1", /^'--until-end' cannot be used with option '--count <n>'/],
  ["consume t --wait 1s", /^--wait needs --until-end or --count/],
  ["consume t --from -1", /^'--from <where>' .* It must be a whole number, 0 or more/],
  ["consume a/b", /^argument value 'a\/b' is invalid for argument 'topic'. It must be 1 to 249 of/],
  ["produce ..", /'topic'.* not \. or \.\./],
  ["topics delete a b,c", /'b,c' is invalid for argument 'topics'/],
  ["merge --data=", /^'--data <dir>' .* It must not be empty/],
  ["demo --seed 4294967296", /^'--seed <s>' .* 0 to 4294967295/],
  ["consume t --from newest", /^'--from <where>' .* it must be ISO 8601/],
  ["reset a/b", /'job'.* 1 to 200 of/],
  ["reset a --to latest", /^'--to <where>' .* it must be ISO 8601/],
  ["completions powershell", /Allowed choices are bash, zsh, fish/],
  ["topics list --log-format xml", /^'--log-format <format>' .* Allowed choices are text, json/],
];

for (const [args, message] of wrong) {
  Deno.test({
    ...environment,
    name: `main refuses \`flights ${args}\` with exit 2`,
    fn: async () => {
      const { code, out, error } = await answer(...args.split(" "));
      assert.equal(code, 2);
      assert.equal(out, "");
      assert.match(error, message);
      assert.match(error, /Add --help to see how it is used\.\n$/);
    },
  });
}

Deno.test({
  ...environment,
  name: "main without a command shows the help on stderr and exits 2",
  fn: async () => {
    const { code, out, error } = await answer();
    assert.deepEqual({ code, out }, { code: 2, out: "" });
    assert.match(error, /^Examples:\n/);
  },
});
