/** A value that must not be seen: it is shown nowhere unless it is asked for by name. */

const shown = "[hidden]";

/** Holds a password or key; printing, inspecting or stringifying it shows none of it. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself. */
  reveal(): string {
    return this.#value;
  }

  /** Always "[hidden]". */
  toString(): string {
    return shown;
  }

  /** Always "[hidden]". */
  toJSON(): string {
    return shown;
  }

  /** What the console shows: always "[hidden]". */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return shown;
  }
}
