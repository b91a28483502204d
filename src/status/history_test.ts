import assert from "node:assert/strict";
import { edge, History } from "./history.ts";
import type { LogOverview } from "./overview.ts";
import {
  inputStatus,
  jobOverview,
  jobStatus,
  logOverview,
  noon,
  taskStatus,
  topicOverview,
} from "./test_overviews.ts";

/** A look at a job, `second` seconds after noon; by partition what it has taken of `in`. */
function look(second: number, positions: ReadonlyMap<number, number>): LogOverview {
  const tasks = [...positions].map(([partition, position]) =>
    taskStatus([inputStatus("in", { position })], { partition })
  );
  const status = jobStatus("job", tasks, { reads: ["in"], writes: ["out"] });
  return logOverview([jobOverview(status)], { at: noon + second * 1_000 });
}

const taken = ({ taken }: History["points"][number]) => taken.get("job");

Deno.test("a rate is of the newest five looks, by their times", () => {
  const history = new History();
  // Ten a second, then a hundred; the looks are two seconds apart.
  const positions = [0, 20, 40, 60, 80, 100, 300, 500, 700, 900, 1_100];
  positions.forEach((position, i) => history.add(look(i * 2, new Map([[0, position]]))));
  assert.deepEqual(positions.map((_, i) => history.rateAt(i, taken)), [
    null,
    ...[10, 10, 10, 10, 10, 28, 46, 64, 82, 100],
  ]);
  assert.equal(history.rate(({ takenOf }) => takenOf.get(edge("job", "in"))), 100);
  assert.equal(history.rate(() => undefined), null);
});

Deno.test("a task that moves makes no spike, though nobody tells of it for a while", () => {
  const history = new History();
  for (let second = 0; second <= 20; second++) {
    const position = 1e6 + second * 10;
    const all = new Map([[0, position], [1, position]]);
    if (second >= 8 && second < 11) all.delete(1);
    history.add(look(second, all));
    const rate = history.rate(taken);
    if (second > 0) assert.ok(rate! >= 10 && rate! <= 30, `${rate} at ${second}`);
  }
  assert.equal(history.rate(taken), 20);
});

Deno.test("a job that begins anew, and one that was not there before, is not taken for a fast one", () => {
  const history = new History();
  history.add(look(0, new Map()));
  history.add(look(1, new Map([[0, 500]])));
  assert.equal(history.rate(taken), 0);
  history.add(look(2, new Map([[0, 510]])));
  assert.equal(history.rate(taken), 5);
  history.add(look(3, new Map([[0, 0]])));
  history.add(look(4, new Map([[0, 10]])));
  assert.equal(history.rate(taken), 5);
});

Deno.test("what a job has repartitioned does not count twice, in rate and lag", () => {
  const history = new History();
  const at = (second: number) => {
    const input = (topic: string) => inputStatus(topic, { position: second * 10, lag: 7 });
    const status = jobStatus("job", [
      taskStatus([input("in")], { stage: "first" }),
      taskStatus([input("job-repartition")], { stage: "second" }),
    ], { reads: ["in"] });
    return logOverview([jobOverview(status)], { at: noon + second * 1_000 });
  };
  history.add(at(0));
  history.add(at(1));
  assert.equal(history.rate(taken), 10);
  assert.equal(history.points.at(-1)!.lag.get("job"), 7);
});

Deno.test("ten minutes are kept, the same look counts once, a clock that went back begins anew", () => {
  const history = new History();
  for (let second = 0; second < 700; second++) {
    history.add(look(second, new Map([[0, second]])));
    history.add(look(second, new Map([[0, second]])));
  }
  assert.equal(history.points.length, 600);
  assert.equal(history.points[0]!.at, noon + 100_000);
  history.add(look(3, new Map([[0, 3]])));
  assert.equal(history.points.length, 1);
});

Deno.test("a topic that was deleted and made again has no rate below zero", () => {
  const history = new History();
  const ends = ({ ends }: History["points"][number]) => ends.get("out");
  [10, 30, 5].forEach((endOffset, second) => {
    const topics = [topicOverview("out", { partitions: [{ startOffset: 0, endOffset }] })];
    history.add(logOverview([], { at: noon + second * 1_000, topics }));
  });
  assert.equal(history.rateAt(1, ends), 20);
  assert.equal(history.rate(ends), null);
});
