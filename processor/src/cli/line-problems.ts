import type { ValenceError } from '@valence/schemas'
import type { Output } from './cli-context.ts'
import { counted, paint, safeLine } from './output.ts'

const shownProblems = 20

/** The lines of a file that could not be used: all counted, the first ones kept to be shown. */
export class LineProblems {
  readonly #first: { readonly line: number; readonly error: ValenceError }[] = []
  #count = 0

  get count(): number {
    return this.#count
  }

  /** The first one, for where there is nothing but problems. */
  get first(): ValenceError | undefined {
    return this.#first[0]?.error
  }

  add(line: number, error: ValenceError): void {
    this.#count += 1
    if (this.#first.length < shownProblems) this.#first.push({ line, error })
  }

  /** @param consequence what became of the lines: `rejected` */
  report(stderr: Output, consequence: string): void {
    if (this.#count === 0) return
    const byLine = this.#first.toSorted((a, b) => a.line - b.line)
    for (const { line, error } of byLine) stderr.write(`${safeLine(`line ${line}: ${error.code}: ${error.message}`)}\n`)
    const more = this.#count - byLine.length
    if (more > 0) stderr.write(`and ${more.toLocaleString('en-US')} more\n`)
    stderr.write(paint(stderr, 'red', `${counted(this.#count, 'line')} ${consequence}\n`))
  }
}
