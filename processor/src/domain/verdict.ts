import type { ValenceError } from '@valence/schemas'
import type { Sentiment } from './sentiment.ts'

/**
 * Result of scoring one text. Each text of a batch has its own verdict; a batch does not fail as a whole.
 * `rejected`: the text is invalid, and a retry would fail too. `retryable`: the system failed; the text must be retried.
 */
export type Verdict =
  | { readonly kind: 'scored'; readonly sentiment: Sentiment }
  | { readonly kind: 'rejected'; readonly error: ValenceError }
  | { readonly kind: 'retryable'; readonly error: ValenceError }

export function scored(sentiment: Sentiment): Verdict {
  return { kind: 'scored', sentiment }
}

/** The sentiment of a `scored` verdict. @throws the error of a `rejected` or `retryable` verdict */
export function expectScored(verdict: Verdict): Sentiment {
  if (verdict.kind !== 'scored') throw verdict.error
  return verdict.sentiment
}

/** The verdict for an error: `rejected` if the catalogue marks it as a dead letter, else `retryable`. */
export function failed(error: ValenceError): Verdict {
  return error.deadLetter ? { kind: 'rejected', error } : { kind: 'retryable', error }
}
