import assert from "node:assert/strict";
import fc from "fast-check";
import { Heap } from "./heap.ts";

const ascending = (a: number, b: number) => a - b;

Deno.test("Heap is empty at first", () => {
  const heap = new Heap<number>(ascending);
  assert.equal(heap.size, 0);
  assert.equal(heap.peek(), undefined);
  assert.equal(heap.pop(), undefined);
  heap.settle();
  assert.equal(heap.size, 0);
});

Deno.test("Heap gives out what a sort would, whatever is pushed and popped between", () => {
  const step = fc.oneof(fc.integer({ min: 0, max: 50 }), fc.constant("pop" as const));
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
    const heap = new Heap<number>(ascending);
    let model: number[] = [];
    for (const one of steps) {
      if (one === "pop") {
        assert.equal(heap.pop(), model[0]);
        model = model.slice(1);
      } else {
        heap.push(one);
        model = [...model, one].sort(ascending);
      }
      assert.equal(heap.peek(), model[0]);
      assert.equal(heap.size, model.length);
    }
    assert.deepEqual(model.map(() => heap.pop()), model);
  }));
});

Deno.test("Heap.settle puts a least item that has grown in its place", () => {
  const grown = fc.tuple(fc.array(fc.nat(50), { minLength: 1 }), fc.array(fc.nat(50)));
  fc.assert(fc.property(grown, ([values, growths]) => {
    const heap = new Heap<{ at: number }>((a, b) => a.at - b.at);
    for (const at of values) heap.push({ at });
    for (const growth of growths) {
      heap.peek()!.at += growth;
      heap.settle();
    }
    const rest = values.map(() => heap.pop()!.at);
    assert.deepEqual(rest, [...rest].sort(ascending));
  }));
});

Deno.test("Heap.clear takes out all", () => {
  const heap = new Heap<number>(ascending);
  heap.push(1);
  heap.clear();
  assert.equal(heap.size, 0);
  assert.equal(heap.pop(), undefined);
});
