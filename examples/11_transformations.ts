/**
 * Lesson 11: transformations: map, flatMap, filter, keyBy, reduce; the same as process functions, the
 * reduce with state of its own.
 *
 * ```sh
 * deno task example 11
 * ```
 */

import {
  type KeyedProcessFunction,
  type ProcessFunction,
  ValueStateDescriptor,
} from "../src/mod.ts";
import { show } from "./lesson/show.ts";
import { tuple } from "./lesson/text.ts";

type WordAndLength = readonly [word: string, length: number];
type NumberAndKey = readonly [number: number, key: string];

const numbers = [1, 2, 3, 4, 5];
const sentences = ["hello apache flink", "streaming compute"];
const pairs: readonly NumberAndKey[] = [[1, "a"], [2, "a"], [3, "a"], [4, "b"]];

function wordsOf(sentence: string): WordAndLength[] {
  return sentence.split(" ").map((word) => [word, word.length]);
}

await show(">>>> Map <<<<", (env) => {
  env.fromCollection(numbers).map((n) => 2 * n).print();
});

await show(">>>> FlatMap <<<<", (env) => {
  env.fromCollection(sentences).flatMap(wordsOf).map(tuple).print();
});

await show(">>>> Filter <<<<", (env) => {
  env.fromCollection(numbers).filter((n) => n % 2 === 0).print();
});

await show(">>>> KeyBy <<<<", (env) => {
  const ofThree: readonly NumberAndKey[] = [[1, "a"], [2, "a"], [3, "b"]];
  env.fromCollection(ofThree).keyBy(([, key]) => key).map(tuple).print();
});

await show(">>>> Reduce <<<<", (env) => {
  env.fromCollection(pairs)
    .keyBy(([, key]) => key)
    .reduce(([a, key], [b]) => [a + b, key])
    .map(tuple)
    .print();
});

// The same as process functions. Each is called once a task, and returns the logic of that task.

const twice: ProcessFunction<number, number> = () => ({
  processElement: (n, _context, out) => out.collect(n * 2),
});

const split: ProcessFunction<string, WordAndLength> = () => ({
  processElement: (sentence, _context, out) => {
    for (const word of wordsOf(sentence)) out.collect(word);
  },
});

const even: ProcessFunction<number, number> = () => ({
  processElement: (n, _context, out) => {
    if (n % 2 === 0) out.collect(n);
  },
});

const sum: KeyedProcessFunction<NumberAndKey, string, NumberAndKey> = (runtime) => {
  const state = runtime.getState(new ValueStateDescriptor<number>("sum"));
  return {
    processElement: ([n, key], _context, out) => {
      const total = (state.value() ?? 0) + n;
      state.update(total);
      out.collect([total, key]);
    },
  };
};

await show(">>>> Map <<<<", (env) => {
  env.fromCollection(numbers).process(twice).print();
});

await show(">>>> FlatMap <<<<", (env) => {
  env.fromCollection(sentences).process(split).map(tuple).print();
});

await show(">>>> Filter <<<<", (env) => {
  env.fromCollection(numbers).process(even).print();
});

await show(">>>> Reduce <<<<", (env) => {
  env.fromCollection(pairs).keyBy(([, key]) => key).process(sum).map(tuple).print();
});
