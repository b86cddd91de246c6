import { ValenceError } from '@valence/schemas'
import { kafkaRecord } from '@valence/testing/kafka/records'
import { describe, expect, it } from 'vitest'
import type { Sentiment } from '../../../src/domain/sentiment.ts'
import { failed, scored, type Verdict } from '../../../src/domain/verdict.ts'
import type { KafkaRecord } from '../../../src/kafka/record.ts'
import type { TraceContext } from '../../../src/observability/trace-context.ts'
import type { Decoded } from '../../../src/pipeline/decode.ts'
import { createScoreStep } from '../../../src/pipeline/score-batch.ts'
import type { ScoreOptions, Scorer } from '../../../src/scoring/scorer.ts'

const sentiment = { label: 'positive' } as Sentiment
const signal = new AbortController().signal

function text(offset: number): Decoded {
  const event = { id: null, text: `t${offset}`, occurredAt: null, source: null, lang: null, attributes: {} }
  const input = { format: 'json', schemaId: undefined, payloadOffset: 0 } as const
  return { kind: 'text', record: kafkaRecord(offset), input, event }
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

  it('asks on behalf of Kafka, with the signal and the trace of the record that each text is from', async () => {
    const asked: ScoreOptions[] = []
    const scorer: Scorer = {
      score: () => Promise.reject(new Error('not used')),
      async scoreAll(texts, options) {
        asked.push(options)
        return texts.map(() => scored(sentiment))
      },
    }
    const tombstone: Decoded = { kind: 'tombstone', record: kafkaRecord(0, { value: null }) }
    const traceOf = (record: KafkaRecord) => ({ offset: record.offset }) as unknown as TraceContext
    await createScoreStep(scorer, traceOf)([tombstone, text(1), text(2)], signal)
    await createScoreStep(scorer)([text(1)], signal)
    expect(asked).toMatchObject([
      { origin: 'kafka', signal },
      { origin: 'kafka', signal, traceContextOf: undefined },
    ])
    expect([0, 1, 2].map((index) => asked[0]?.traceContextOf?.(index))).toEqual([
      { offset: 1n },
      { offset: 2n },
      undefined,
    ])
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
