/** Longer values are no names of anything. */
const maxLength = 64

/** What stands for every value beyond the bound. */
export const otherValue = 'other'

/** Keeps the values of a label that callers choose to a number that a metrics server can bear. */
export class BoundedLabel {
  readonly #max: number
  readonly #seen = new Set<string>()

  constructor(max: number) {
    this.#max = max
  }

  /** The value itself while few are known, else `other`; `none` for no value. */
  of(value: string | null | undefined): string {
    if (value === null || value === undefined || value === '') return 'none'
    if (this.#seen.has(value)) return value
    if (this.#seen.size >= this.#max || value.length > maxLength) return otherValue
    this.#seen.add(value)
    return value
  }
}
