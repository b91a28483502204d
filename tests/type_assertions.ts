/** What tests of types work with. Only tests use it. */

import { type DataStream, TestDriver } from "../src/mod.ts";

/** `true` when the two types are the same. */
export type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2)
  ? true
  : false;

/** Does not compile unless `T` is `true`. */
export function is<T extends true>(_proof?: T): void {}

export interface Sale {
  readonly shop: string;
  readonly sum: number;
  readonly paid: boolean;
  readonly lines: readonly string[];
}

export interface Click {
  readonly page: string;
  readonly at: number;
}

export interface Refund extends Sale {
  readonly reason: string;
}

export const parseSale = (value: unknown) => value as Sale;

/** The sales of a driver, and the driver. */
export function sales(): { readonly test: TestDriver; readonly sales: DataStream<Sale> } {
  const test = new TestDriver();
  return { test, sales: test.source<Sale>("sales", { partitionedBy: "shop" }).stream };
}
