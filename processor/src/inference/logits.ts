import { ValenceError } from '@valence/schemas'

/** A label of the classifier and its polarity, −1…1. */
export interface Label {
  readonly name: string
  readonly polarity: number
}

/** Converts logits to probabilities: softmax((logits + bias) / temperature). */
export interface Calibration {
  readonly temperature: number
  readonly logitBias?: readonly number[] | undefined
}

/** The sentiment of one text. */
export interface Reading {
  readonly label: string
  /** Label → probability, in the order of the labels; the probabilities sum to 1. */
  readonly scores: Readonly<Record<string, number>>
  /** Σ probability × polarity, −1…1. */
  readonly valence: number
}

/** Probabilities of one row of logits. @throws VAL_INFERENCE_FAILED if one of them is not a finite number */
export function probabilities(logits: Float32Array, row: number, labels: number, calibration: Calibration): number[] {
  const { temperature, logitBias } = calibration
  const values: number[] = []
  let most = Number.NEGATIVE_INFINITY
  for (let i = 0; i < labels; i++) {
    const value = ((logits[row * labels + i] ?? Number.NaN) + (logitBias?.[i] ?? 0)) / temperature
    if (!Number.isFinite(value))
      throw new ValenceError('VAL_INFERENCE_FAILED', 'the graph returned a logit that is not a finite number')
    values.push(value)
    if (value > most) most = value
  }
  return softmax(values, most)
}

/** In place. */
function softmax(values: number[], most: number): number[] {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i] = Math.exp((values[i] as number) - most)
  for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) / sum
  return values
}

/** The most probable label (the first one of equals), the probability of each label, and the valence. */
export function readScores(values: readonly number[], labels: readonly Label[]): Reading {
  const scores: Record<string, number> = {}
  let best = 0
  let valence = 0
  labels.forEach(({ name, polarity }, index) => {
    const value = values[index] ?? 0
    scores[name] = value
    valence += value * polarity
    if (value > (values[best] ?? 0)) best = index
  })
  // Rounding can put the sum slightly outside −1…1, the range of the schema.
  return { label: labels[best]?.name ?? '', scores, valence: Math.min(1, Math.max(-1, valence)) }
}
