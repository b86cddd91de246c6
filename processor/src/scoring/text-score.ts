import type { ModelRef, Sentiment } from '../domain/sentiment.ts'
import { type Label, readScores } from '../inference/logits.ts'

/** What a model says of one text, bare of names: what caches hold. It belongs to the model that computed it. */
export interface TextScore {
  /** In the order of the model's labels. */
  readonly probabilities: readonly number[]
  /** Tokens the model saw, special tokens included. */
  readonly tokens: number
  readonly truncated: boolean
}

export function toSentiment(score: TextScore, labels: readonly Label[], model: ModelRef): Sentiment {
  return { ...readScores(score.probabilities, labels), tokens: score.tokens, truncated: score.truncated, model }
}
