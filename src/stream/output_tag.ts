/** Names of side outputs. */

/** Names a side output and the type of its elements. */
export class OutputTag<T> {
  /** Tells the type apart; never there at run time. */
  declare readonly elementType: T;
  /** @param id unique among the tags of one operator. */
  constructor(readonly id: string) {}
}
