import { Type } from 'typebox'

const nullableString = Type.Unsafe<string | null>({ type: ['string', 'null'] })
const nullableInteger = Type.Unsafe<number | null>({ type: ['integer', 'null'] })

const modelRef = Type.Object({
  name: Type.String(),
  version: Type.String(),
  sha256: Type.String({ description: 'First 12 hex digits of the digest of the graph' }),
})

/** A scored event as it goes over HTTP. */
export const scoredResponse = Type.Object(
  {
    id: Type.String(),
    occurredAt: nullableInteger,
    source: nullableString,
    lang: nullableString,
    attributes: Type.Record(Type.String(), Type.String()),
    label: Type.String({ description: 'The most probable label', examples: ['positive'] }),
    scores: Type.Record(Type.String(), Type.Number(), { description: 'Label → probability; they sum to 1' }),
    valence: Type.Number({ minimum: -1, maximum: 1, description: 'Σ probability × polarity' }),
    model: modelRef,
    tokens: Type.Integer({ description: 'Tokens the model saw, special tokens included' }),
    truncated: Type.Boolean({ description: 'Only the beginning of the text was scored' }),
    scoredAt: Type.Integer({ description: 'Epoch milliseconds' }),
    origin: Type.Null({ description: 'The record that carried the text; null over HTTP' }),
  },
  { title: 'ScoredEvent', description: 'The sentiment of one text' },
)

export const itemError = Type.Object({
  code: Type.String(),
  title: Type.String(),
  detail: Type.Optional(Type.String()),
  status: Type.Integer(),
})

export const batchResponse = Type.Object(
  {
    results: Type.Array(
      Type.Object({
        verdict: Type.Unsafe<'scored' | 'rejected' | 'retryable'>({
          type: 'string',
          enum: ['scored', 'rejected', 'retryable'],
          description: '`rejected`: the text is at fault for good; `retryable`: send it again',
        }),
        event: Type.Optional(scoredResponse),
        error: Type.Optional(itemError),
      }),
      { description: 'One verdict a text, in the order of the texts' },
    ),
  },
  { title: 'BatchResponse', description: 'A verdict for each text' },
)
