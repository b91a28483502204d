/**
 * Lesson 15: branching: union, connect with CoProcess, CoMap and CoFlatMap functions, splitting, side
 * outputs.
 *
 * ```sh
 * deno task example 15
 * ```
 *
 * Elements of two streams come in the order of their event times, which of a collection is an element's
 * place in it: first both first ones, then both second ones.
 */

import {
  type CoFlatMapFunction,
  type CoMapFunction,
  type CoProcessFunction,
  OutputTag,
  type ProcessFunction,
} from "../src/mod.ts";
import { show } from "./lesson/show.ts";
import { tuple } from "./lesson/text.ts";

type NumberAndText = readonly [number: number, text: string];
type WordAndLength = readonly [word: string, length: number];

await show(">>>> Union <<<<", (env) => {
  const first = env.fromCollection([1, 2]);
  const second = env.fromCollection([3, 4]);
  first.union(second).print();
});

// Connected streams keep their types: a function has one part for each of them, and state that both
// parts share.

const twiceOrThrice: CoProcessFunction<number, number, number> = () => ({
  processElement1: (n, _context, out) => out.collect(n * 2),
  processElement2: (n, _context, out) => out.collect(n * 3),
});

await show(">>>> CoProcessFunction <<<<", (env) => {
  const first = env.fromCollection([1, 2]);
  const second = env.fromCollection([3, 4]);
  first.connect(second).process(twiceOrThrice).print();
});

const addOrAppend: CoMapFunction<NumberAndText, NumberAndText, NumberAndText> = {
  map1: ([n, text]) => [n + 1, text],
  map2: ([n, text]) => [n, `${text}flink`],
};

await show(">>>> CoMapFunction <<<<", (env) => {
  const first = env.fromCollection<NumberAndText>([[1, "data streaming"]]);
  const second = env.fromCollection<NumberAndText>([[2, "py"]]);
  first.connect(second).map(addOrAppend).map(tuple).print();
});

const wordsInTwoSizes: CoFlatMapFunction<string, string, WordAndLength> = {
  flatMap1: (sentence) => sentence.split(" ").map((word) => [word, word.length]),
  flatMap2: (sentence) => sentence.split(" ").map((word) => [word.toUpperCase(), word.length]),
};

await show(">>>> CoFlatMapFunction <<<<", (env) => {
  const first = env.fromCollection(["hello apache flink", "streaming compute"]);
  const second = env.fromCollection(["data stream api", "table api", "sql api"]);
  first.connect(second).flatMap(wordsInTwoSizes).map(tuple).print();
});

await show(">>>> Splitting Streams <<<<", (env) => {
  const numbers = env.fromCollection([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const even = numbers.filter((n) => n > 0 && n % 2 === 0);
  const odd = numbers.filter((n) => n % 2 !== 0);
  odd.print();
  even.map((n) => n * 2).union(odd).print();
});

const sideOutput = new OutputTag<string>("side-output");

const withSideOutput: ProcessFunction<number, number> = () => ({
  processElement: (n, context, out) => {
    out.collect(n);
    context.output(sideOutput, `sideoutput-${n}`);
  },
});

console.log(">>>> Side Outputs <<<<");

await show("==== main data stream", (env) => {
  env.fromCollection([0, 1, 2, 3, 4]).process(withSideOutput).print();
});

await show("==== side output stream", (env) => {
  env.fromCollection([0, 1, 2, 3, 4]).process(withSideOutput).getSideOutput(sideOutput).print();
});
