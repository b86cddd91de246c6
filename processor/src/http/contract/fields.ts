import { maxOccurredAt, minOccurredAt } from '@valence/schemas'
import { Type } from 'typebox'
import { visiblePattern } from './visible-pattern.ts'

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
