/** What becomes of elements that are late for a window (semantics 5). */

import type { OperatorContext } from "../task_context.ts";
import type { Downstream } from "../topology.ts";
import type { Window } from "../window.ts";

/** Puts late elements aside. */
export class LateElements {
  /** The tag that takes them; one that nobody takes is none, for nothing may get lost. */
  readonly #tag: string | null;

  /** @param tag the side output that takes the elements; null: the late topic takes their records. */
  constructor(
    private readonly context: OperatorContext,
    private readonly downstream: Downstream,
    { tag }: { readonly tag: string | null },
  ) {
    this.#tag = tag !== null && downstream.takes(tag) ? tag : null;
  }

  /** Takes an element that is late for `window` and all before it. */
  take(
    window: Window,
    element: { readonly value: unknown; readonly timestamp: number; readonly key: string },
  ): void {
    const { context } = this;
    context.late(window, { forward: this.#tag === null });
    if (this.#tag === null) return;
    const { window: outerWindow, closedBy: outerClosedBy } = context;
    context.window = window;
    context.closedBy = null;
    this.downstream.emitTo(this.#tag, element.value, element.timestamp, element.key);
    context.window = outerWindow;
    context.closedBy = outerClosedBy;
  }
}
