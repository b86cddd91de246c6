import { ValenceError } from '@valence/schemas'
import { failed, type Verdict } from '../domain/verdict.ts'
import type { ScoreOptions } from './scorer.ts'

/** One call of a scorer: its texts, and the verdicts that they have so far. */
export class ScoreCall {
  readonly texts: readonly string[]
  readonly options: ScoreOptions
  readonly #verdicts: (Verdict | undefined)[]
  #inferring = 0
  #onZero: (() => void) | undefined

  constructor(texts: readonly string[], options: ScoreOptions) {
    this.texts = texts
    this.options = options
    this.#verdicts = new Array(texts.length).fill(undefined)
  }

  /** Every text has its verdict. */
  get isComplete(): boolean {
    return !this.#verdicts.includes(undefined)
  }

  /** The caller left. */
  get isAbandoned(): boolean {
    return this.options.signal?.aborted === true
  }

  /** The verdict of a text that needs no inference. */
  answer(at: number, verdict: Verdict): void {
    this.#verdicts[at] = verdict
  }

  /** A text goes into inference: call the returned function once, with its verdict. */
  begin(at: number): (verdict: Verdict) => void {
    this.#inferring += 1
    return (verdict) => {
      this.#verdicts[at] = verdict
      this.#inferring -= 1
      if (this.#inferring === 0) this.#onZero?.()
    }
  }

  /** Resolves when no text of the call is in inference; asked once, after the last text has begun. */
  whenInferred(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#inferring === 0) resolve()
      else this.#onZero = resolve
    })
  }

  /** A verdict for each text; VAL_REQUEST_ABANDONED where there is none because the caller left. */
  verdicts(): Verdict[] {
    return this.#verdicts.map((verdict) => verdict ?? failed(new ValenceError('VAL_REQUEST_ABANDONED')))
  }
}
