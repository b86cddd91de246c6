import { ValenceError } from '@valence/schemas'
import { kafkaRecord } from '@valence/testing/kafka/records'
import { describe, expect, it } from 'vitest'
import type { Sentiment } from '../../../src/domain/sentiment.ts'
import { failed, scored, type Verdict } from '../../../src/domain/verdict.ts'
import type { Decoded } from '../../../src/pipeline/decode.ts'
import { createScoreStep } from '../../../src/pipeline/score-batch.ts'

const sentiment = { label: 'positive' } as Sentiment
const signal = new AbortController().signal

function text(offset: number): Decoded {
  const event = { id: null, text: `t${offset}`, occurredAt: null, source: null, lang: null, attributes: {} }
  return { kind: 'text', record: kafkaRecord(offset), event }
}

function stepWith(verdicts: readonly Verdict[]) {
  const asked: (readonly string[])[] = []
  const step = createScoreStep({
    score: () => Promise.reject(new Error('not used')),
    scoreAll: async (texts) => {
      asked.push(texts)
      return [...verdicts]
    },
  })
  return { step, asked }
}

describe('scoring a slice', () => {
  it('asks for the texts only and keeps the order of the records', async () => {
    const tombstone: Decoded = { kind: 'tombstone', record: kafkaRecord(1, { value: null }) }
    const rejected: Decoded = { kind: 'rejected', record: kafkaRecord(2), error: new ValenceError('VAL_TEXT_EMPTY') }
    const { step, asked } = stepWith([scored(sentiment), failed(new ValenceError('VAL_INFERENCE_FAILED'))])
    const outcomes = await step([text(0), tombstone, rejected, text(3)], signal)
    expect(asked).toEqual([['t0', 't3']])
    expect(outcomes.map(({ kind }) => kind)).toEqual(['scored', 'tombstone', 'rejected', 'rejected'])
    expect(outcomes[3]).toMatchObject({ error: { code: 'VAL_INFERENCE_FAILED' } })
  })

  it('throws when any text must be tried again, so that none is published', async () => {
    const { step } = stepWith([scored(sentiment), failed(new ValenceError('VAL_INFERENCE_TIMEOUT'))])
    await expect(step([text(0), text(1)], signal)).rejects.toMatchObject({ code: 'VAL_INFERENCE_TIMEOUT' })
  })

  it('refuses a scorer that forgets a text', async () => {
    const { step } = stepWith([scored(sentiment)])
    await expect(step([text(0), text(1)], signal)).rejects.toThrow('this is a bug')
  })
})
