/** Functions over two connected streams, in Flink's words, and what runs them. */

import type { OperatorContext } from "../task_context.ts";
import type { Downstream, Operator } from "../topology.ts";
import type {
  Collector,
  KeyedContext,
  OnTimer,
  ProcessContext,
  RuntimeContext,
} from "./functions.ts";
import { KeyedWork, Work } from "./work.ts";

/** One element for each of either stream. */
export interface CoMapFunction<in A, in B, out O> {
  /** Called for each element of the first stream. */
  map1(value: A): O;
  /** Called for each element of the second stream. */
  map2(value: B): O;
}

/** Any number of elements for each of either stream. */
export interface CoFlatMapFunction<in A, in B, out O> {
  /** Called for each element of the first stream. */
  flatMap1(value: A): Iterable<O>;
  /** Called for each element of the second stream. */
  flatMap2(value: B): Iterable<O>;
}

/** The logic of a process function over two streams in one task. */
export interface CoProcessLogic<in A, in B, out O> {
  /** Called for each element of the first stream. */
  readonly processElement1: (value: A, context: ProcessContext, out: Collector<O>) => void;
  /** Called for each element of the second stream. */
  readonly processElement2: (value: B, context: ProcessContext, out: Collector<O>) => void;
}

/** Called when a task starts; returns the logic that the task calls. */
export type CoProcessFunction<A, B, O> = () => CoProcessLogic<A, B, O>;

/** The same over two keyed streams: both work on the state and the timers of their key. */
export interface KeyedCoProcessLogic<in A, in B, in K, out O> extends OnTimer<K, O> {
  /** Called for each element of the first stream. */
  readonly processElement1: (value: A, context: KeyedContext<K>, out: Collector<O>) => void;
  /** Called for each element of the second stream. */
  readonly processElement2: (value: B, context: KeyedContext<K>, out: Collector<O>) => void;
}

/** Called when a task starts, to take hold of its state; returns the logic that the task calls. */
export type KeyedCoProcessFunction<A, B, K, O> = (
  runtime: RuntimeContext,
) => KeyedCoProcessLogic<A, B, K, O>;

/** Runs a {@linkcode CoMapFunction}. */
export function coMap<A, B, O>(functions: CoMapFunction<A, B, O>) {
  return (_: OperatorContext, { emit }: Downstream): Operator => ({
    process: (value, timestamp, key) => emit(functions.map1(value as A), timestamp, key),
    processSecond: (value, timestamp, key) => emit(functions.map2(value as B), timestamp, key),
  });
}

/** Runs a {@linkcode CoFlatMapFunction}. */
export function coFlatMap<A, B, O>(functions: CoFlatMapFunction<A, B, O>) {
  return (_: OperatorContext, { emit }: Downstream): Operator => ({
    process: (value, timestamp, key) => {
      for (const one of functions.flatMap1(value as A)) emit(one, timestamp, key);
    },
    processSecond: (value, timestamp, key) => {
      for (const one of functions.flatMap2(value as B)) emit(one, timestamp, key);
    },
  });
}

/** Runs a {@linkcode CoProcessFunction}. */
export function coProcess<A, B, O>(open: CoProcessFunction<A, B, O>) {
  return (context: OperatorContext, downstream: Downstream): Operator => {
    const logic = open();
    const work = new Work(context, downstream);
    return {
      process: (value, timestamp, key) => {
        work.begin(timestamp, key);
        logic.processElement1(value as A, work, work);
      },
      processSecond: (value, timestamp, key) => {
        work.begin(timestamp, key);
        logic.processElement2(value as B, work, work);
      },
    };
  };
}

/** Runs a {@linkcode KeyedCoProcessFunction} under the given id. */
export function keyedCoProcess<A, B, K, O>(open: KeyedCoProcessFunction<A, B, K, O>, id: string) {
  return (context: OperatorContext, downstream: Downstream): Operator => {
    const work = new KeyedWork<K>(context, downstream, id);
    const logic = work.open(open);
    return {
      process: (value, timestamp, key) => {
        context.used();
        work.begin(timestamp, key);
        logic.processElement1(value as A, work, work);
      },
      processSecond: (value, timestamp, key) => {
        context.used();
        work.begin(timestamp, key);
        logic.processElement2(value as B, work, work);
      },
      ...work.following(logic),
    };
  };
}
