import type { ValenceError } from '@valence/schemas'
import type { Sentiment } from './sentiment.ts'

/**
 * What became of one text. A batch never fails as a whole: each of its texts has a verdict of its own.
 * `rejected`: the text is at fault for good. `retryable`: the system is at fault; the text must be tried again.
 */
export type Verdict =
  | { readonly kind: 'scored'; readonly sentiment: Sentiment }
  | { readonly kind: 'rejected'; readonly error: ValenceError }
  | { readonly kind: 'retryable'; readonly error: ValenceError }

export function scored(sentiment: Sentiment): Verdict {
  return { kind: 'scored', sentiment }
}

/** @throws why the text was not scored */
export function expectScored(verdict: Verdict): Sentiment {
  if (verdict.kind !== 'scored') throw verdict.error
  return verdict.sentiment
}

/** The verdict that an error's catalogue row asks for. */
export function failed(error: ValenceError): Verdict {
  return error.deadLetter ? { kind: 'rejected', error } : { kind: 'retryable', error }
}
