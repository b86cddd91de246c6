import { type Evaluation, evaluate, type Judged } from '@valence/processor/model/evaluation'

/** Position of a record on an input topic; identifies a text after the broker has stored it. */
export function coordinates(origin: { topic: string; partition: number; offset: string }): string {
  return `${origin.topic}-${origin.partition}-${origin.offset}`
}

export interface DemoScore {
  readonly at: string
  readonly id: string
  readonly label: string
  readonly valence: number
  readonly scores: Readonly<Record<string, number>>
  /** The label the input line carried, if any. */
  readonly truth: string | undefined
}

export interface DemoSummary {
  readonly produced: number
  readonly scored: number
  readonly deadLettered: number
  readonly lost: number
  readonly duplicated: number
  readonly seconds: number
  readonly textsPerSecond: number
  readonly evaluation?: Evaluation
}

/** Counts inputs and results of every record by its position. */
export class DemoLedger {
  readonly labels = new Map<string, number>()
  readonly codes = new Map<string, number>()
  readonly #sent = new Set<string>()
  readonly #seen = new Map<string, number>()
  readonly #judged: Judged[] = []
  #scored = 0
  #deadLettered = 0

  sent(at: string): void {
    this.#sent.add(at)
  }

  scored({ at, label, scores, truth }: DemoScore): void {
    this.#scored += this.#see(at)
    this.labels.set(label, (this.labels.get(label) ?? 0) + 1)
    if (truth !== undefined) this.#judged.push({ truth, scores })
  }

  deadLettered(at: string, code: string): void {
    this.#deadLettered += this.#see(at)
    this.codes.set(code, (this.codes.get(code) ?? 0) + 1)
  }

  get produced(): number {
    return this.#sent.size
  }

  /** Number of distinct records with a result or a dead letter. */
  get done(): number {
    return this.#seen.size
  }

  summary(seconds: number): DemoSummary {
    const lost = [...this.#sent].filter((at) => !this.#seen.has(at)).length
    const duplicated = [...this.#seen.values()].filter((count) => count > 1).length
    const rounded = Math.round(seconds * 100) / 100
    return {
      produced: this.#sent.size,
      scored: this.#scored,
      deadLettered: this.#deadLettered,
      lost,
      duplicated,
      seconds: rounded,
      textsPerSecond: Math.round((this.#seen.size / Math.max(seconds, 0.001)) * 10) / 10,
      ...this.#evaluation(),
    }
  }

  #evaluation(): { evaluation?: Evaluation } {
    const first = this.#judged[0]
    return first === undefined ? {} : { evaluation: evaluate(Object.keys(first.scores), this.#judged) }
  }

  /** Returns 1 for a record seen for the first time, else 0. */
  #see(at: string): number {
    const count = (this.#seen.get(at) ?? 0) + 1
    this.#seen.set(at, count)
    return count === 1 ? 1 : 0
  }
}
