/** Which model computed a score; `sha256` is the first 12 hex digits of the graph's digest. */
export interface ModelRef {
  readonly name: string
  readonly version: string
  readonly sha256: string
}

/** The sentiment of one text. */
export interface Sentiment {
  /** The most probable label. */
  readonly label: string
  /** Label → probability; the probabilities sum to 1. */
  readonly scores: Readonly<Record<string, number>>
  /** Σ probability × polarity, −1…1. */
  readonly valence: number
  /** Tokens the model saw, special tokens included. */
  readonly tokens: number
  /** The text was longer than the model reads. */
  readonly truncated: boolean
  readonly model: ModelRef
}
