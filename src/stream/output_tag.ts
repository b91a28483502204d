/** Names of side outputs. */

/** Names a side output and the type of its elements. */
export class OutputTag<T> {
  /** Tells the type apart; never there at run time. */
  declare readonly elementType: T;
  /** A tag; those of one id are the same. */
  constructor(
    /** Unique among the tags of one operator. */
    readonly id: string,
  ) {}
}
