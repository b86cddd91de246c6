/** The model that computed a score; `sha256` is the first 12 hex digits of the graph's digest. */
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
  /** Number of tokens given to the model, special tokens included. */
  readonly tokens: number
  /** True if the text was longer than the model's limit and was cut. */
  readonly truncated: boolean
  readonly model: ModelRef
}
