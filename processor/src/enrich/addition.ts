import type { ModelRef, Sentiment } from '../domain/sentiment.ts'

/** What an enriched record has in addition to the input: the sentiment of its text. */
export interface Addition {
  readonly label: string
  readonly scores: Readonly<Record<string, number>>
  readonly valence: number
  readonly model: ModelRef
  /** Epoch milliseconds. */
  readonly scoredAt: number
  /** What limits the result: `truncated` where only the beginning of the text was scored. */
  readonly warnings: readonly string[]
}

/** Puts a sentiment into the bytes of one record. Checks that can refuse the record run before scoring. */
export type Append = (addition: Addition) => Buffer

export function additionOf(sentiment: Sentiment, scoredAt: number): Addition {
  const { label, scores, valence, model, truncated } = sentiment
  return { label, scores, valence, model, scoredAt, warnings: truncated ? ['truncated'] : [] }
}

/** The addition with its fields in the order of every format. */
export function plainAddition({ label, scores, valence, model, scoredAt, warnings }: Addition): Addition {
  const { name, version, sha256 } = model
  return { label, scores, valence, model: { name, version, sha256 }, scoredAt, warnings }
}
