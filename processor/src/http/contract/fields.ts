import { maxOccurredAt, minOccurredAt } from '@valence/schemas'
import { Type } from 'typebox'

/**
 * At least one character that can be seen, as `checkText` has it. Spelt out, because Python's expressions know no classes
 * of Unicode; beyond U+FFFF the characters themselves stand here, because the two languages escape them differently.
 */
export const visiblePattern = [
  '[^\\s\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u0600-\\u0605\\u061c\\u06dd\\u070f\\u0890\\u0891\\u08e2\\u115f\\u1160',
  '\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb',
  '\u{110bd}\u{110cd}\u{13430}-\u{1343f}\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]',
].join('')

export function nullableText(maxLength: number, description: string) {
  return Type.Unsafe<string | null>({ type: ['string', 'null'], maxLength, description })
}

export const nullableTime = Type.Unsafe<number | null>({
  type: ['integer', 'null'],
  minimum: minOccurredAt,
  maximum: maxOccurredAt,
  description: 'Epoch milliseconds, in the years 1 to 9999',
})

export const attributes = Type.Record(Type.String(), Type.String({ maxLength: 4_096 }), {
  maxProperties: 64,
  description: 'Free fields that are carried over',
})

export const scoredText = Type.String({
  minLength: 1,
  maxLength: 65_536,
  pattern: visiblePattern,
  description: 'The text to score: not blank, at most 64 KiB in UTF-8',
  examples: ['I love this!'],
})

/** Fields of a text beside the text. */
export const eventFields = {
  id: Type.Optional(nullableText(256, 'Identifies the text; without one it gets a UUID')),
  occurredAt: Type.Optional(nullableTime),
  source: Type.Optional(nullableText(256, 'Where the text comes from')),
  lang: Type.Optional(nullableText(64, 'BCP 47 tag')),
  attributes: Type.Optional(attributes),
}
