import assert from "node:assert/strict";
import fc from "fast-check";
import { ExpiryQueue } from "./expiry_queue.ts";

/** A queue over entries whose ends are known. */
function watched(ends: Map<string, number>) {
  const queue = new ExpiryQueue();
  const removed: string[] = [];
  const expire = (now: number) =>
    queue.expire(now, {
      expiresAt: (key) => ends.get(key) ?? null,
      remove: (key) => {
        ends.delete(key);
        removed.push(key);
      },
    });
  const put = (key: string, end: number) => {
    ends.set(key, end);
    queue.watch({ key, name: "n", at: end });
  };
  return { queue, expire, put, removed };
}

Deno.test("ExpiryQueue removes what is over at its very end, earliest first", () => {
  const { expire, put, removed } = watched(new Map());
  put("late", 12);
  put("early", 10);
  expire(9);
  assert.deepEqual(removed, []);
  expire(10);
  assert.deepEqual(removed, ["early"]);
  expire(12);
  assert.deepEqual(removed, ["early", "late"]);
});

Deno.test("ExpiryQueue holds an entry once, however often its end is put off", () => {
  const { queue, expire, put, removed } = watched(new Map());
  for (let end = 10; end < 1_000; end++) {
    put("a", end);
    assert.equal(queue.size, 1);
    expire(end - 5);
  }
  assert.deepEqual(removed, []);
});

Deno.test("ExpiryQueue holds an entry twice where it came anew with a sooner end, until the later", () => {
  const ends = new Map<string, number>();
  const { queue, expire, put, removed } = watched(ends);
  put("a", 100);
  ends.delete("a");
  put("a", 50);
  assert.equal(queue.size, 2);
  put("a", 1_000);
  expire(50);
  assert.equal(queue.size, 2);
  expire(100);
  assert.equal(queue.size, 1);
  expire(1_000);
  assert.deepEqual([removed, queue.size], [["a"], 0]);
});

Deno.test("ExpiryQueue tells numbers and texts apart, and where a name ends and a key begins", () => {
  const queue = new ExpiryQueue();
  const ids = [[1, "1"], ["1", "1"], ["", "11"], ["11", ""], [11, ""], ["1:1", ""], [
    1,
    " 1",
  ]] as const;
  for (const [name, key] of ids) queue.watch({ at: 1, key, name });
  assert.equal(queue.size, ids.length);
});

Deno.test("ExpiryQueue removes what a look at all entries would", () => {
  const step = fc.record({
    what: fc.constantFrom("put", "put", "delete", "expire"),
    key: fc.constantFrom("a", "b", "c"),
    time: fc.nat(20),
  });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const ends = new Map<string, number>();
      const model = new Map<string, number>();
      const { expire, put } = watched(ends);
      for (const { what, key, time } of steps) {
        if (what === "put") put(key, time), model.set(key, time);
        if (what === "delete") ends.delete(key), model.delete(key);
        if (what !== "expire") continue;
        expire(time);
        for (const [one, end] of model) if (end <= time) model.delete(one);
        assert.deepEqual(new Map([...ends].sort()), new Map([...model].sort()));
      }
    }),
  );
});
