import type { ValenceError } from '@valence/schemas'
import type { Output } from './context.ts'
import { counted, paint, safeLine } from './output.ts'

const shownProblems = 20

/** Where it is: the number of a line, or partition and offset of a record. */
type Place = number | string

/** The lines of a file, or the records of a topic, that could not be used: all counted, the first ones kept to be shown. */
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

  /** The first one, for where there is nothing but problems. */
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
