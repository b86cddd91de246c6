import { type Static, Type } from 'typebox'
import { eventFields, scoredText } from './fields.ts'

/** One text with what belongs to it. */
export const textRequest = Type.Object(
  { text: scoredText, ...eventFields },
  { additionalProperties: false, title: 'TextRequest' },
)

export type TextRequest = Static<typeof textRequest>

/** A batch accepts blank texts: each item gets a verdict of its own. */
const batchItem = Type.Object(
  { text: Type.String({ description: 'The text to score' }), ...eventFields },
  { additionalProperties: false },
)

export const maxBatchTexts = 256

export const batchRequest = Type.Object(
  {
    texts: Type.Array(Type.Union([Type.String(), batchItem]), {
      minItems: 1,
      maxItems: maxBatchTexts,
      description: 'Texts, bare or with their fields',
    }),
  },
  { additionalProperties: false, title: 'BatchRequest', description: 'Several texts to score' },
)

export type BatchItem = Static<typeof batchItem>

export const scoreQuery = Type.Object(
  {
    text: Type.String({ ...scoredText, maxLength: 1_024, description: 'The text to score, at most 1,024 characters' }),
  },
  { additionalProperties: false },
)

export const deadlineHeaders = Type.Object({
  'timeout-ms': Type.Optional(
    Type.Integer({ minimum: 1, maximum: 60_000, description: 'Drop the request when it takes longer than this' }),
  ),
})
