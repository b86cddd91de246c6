/** A message that stands for one scalar; its own fields are still there for paths that lead into it. */
export class ScalarMessage {
  readonly #scalar: unknown

  constructor(fields: object, scalar: unknown) {
    Object.assign(this, fields)
    this.#scalar = scalar
  }

  /** The scalar of such a message; other values as they are. */
  static scalarOf(value: unknown): unknown {
    return value instanceof ScalarMessage ? value.#scalar : value
  }
}
