import { isValenceError } from '@valence/schemas'
import type { ScoredItem } from '../../text-files/score-items.ts'
import { fieldText } from '../../text-files/text-line.ts'

/** The id of the text, else its line number. */
function idOf({ line, fields }: ScoredItem['item']): string {
  return (fields && fieldText(fields, 'id')) ?? String(line)
}

/** One JSON object per text: its score, or the error. */
export function scoredLine({ item, outcome }: ScoredItem): string {
  const id = idOf(item)
  if (isValenceError(outcome)) return JSON.stringify({ id, error: { code: outcome.code, message: outcome.message } })
  const { label, scores, valence, tokens, truncated, model } = outcome
  return JSON.stringify({ id, label, scores, valence, tokens, truncated, model })
}
