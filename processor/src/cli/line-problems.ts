import type { ValenceError } from '@valence/schemas'
import type { Output } from './context.ts'
import { counted, paint, safeLine } from './output.ts'

const shownProblems = 20

/** Line number in a file, or `partition:offset` of a record. */
type Place = number | string

/** Invalid lines of a file or records of a topic: counts all and keeps the first 20 for the report. */
export class LineProblems {
  readonly #noun: string
  readonly #first: { readonly place: Place; readonly error: ValenceError }[] = []
  #count = 0

  constructor(noun = 'line') {
    this.#noun = noun
  }

  get count(): number {
    return this.#count
  }

  /** The first error, to throw if no line was valid. */
  get first(): ValenceError | undefined {
    return this.#first[0]?.error
  }

  add(place: Place, error: ValenceError): void {
    this.#count += 1
    if (this.#first.length < shownProblems) this.#first.push({ place, error })
  }

  /** @param consequence what became of the lines: `rejected` */
  report(stderr: Output, consequence: string): void {
    if (this.#count === 0) return
    const inOrder = this.#first.toSorted((a, b) => compare(a.place, b.place))
    for (const { place, error } of inOrder) {
      stderr.write(`${safeLine(`${this.#noun} ${place}: ${error.code}: ${error.message}`)}\n`)
    }
    const more = this.#count - inOrder.length
    if (more > 0) stderr.write(`and ${more.toLocaleString('en-US')} more\n`)
    stderr.write(paint(stderr, 'red', `${counted(this.#count, this.#noun)} ${consequence}\n`))
  }
}

function compare(a: Place, b: Place): number {
  return typeof a === 'number' && typeof b === 'number'
    ? a - b
    : String(a).localeCompare(String(b), 'en', { numeric: true })
}
