/** Longer values become `other`. Chosen, not measured: names are shorter. */
const maxLength = 64

/** Replaces every value beyond the limit. */
export const otherValue = 'other'

/** Limits the number of values of a label that callers choose: each value is a time series in the metrics server. */
export class BoundedLabel {
  readonly #max: number
  readonly #seen = new Set<string>()

  constructor(max: number) {
    this.#max = max
  }

  /** The value itself if it is one of the first `max`, else `other`; `none` for a missing or empty value. */
  of(value: string | null | undefined): string {
    if (value === null || value === undefined || value === '') return 'none'
    if (this.#seen.has(value)) return value
    if (this.#seen.size >= this.#max || value.length > maxLength) return otherValue
    this.#seen.add(value)
    return value
  }
}
