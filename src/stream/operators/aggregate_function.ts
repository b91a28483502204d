/** How elements become a result by way of an accumulator. */

/** Adds elements up in an accumulator, a JSON value, from which a result can be had at any time. */
export interface AggregateFunction<T, A, R> {
  /** A new accumulator, of no elements. */
  createAccumulator(): A;
  /** The accumulator with one more element. */
  add(value: T, accumulator: A): A;
  /** What the accumulator comes to. */
  getResult(accumulator: A): R;
  /** One accumulator of the elements of both. */
  merge(a: A, b: A): A;
}
