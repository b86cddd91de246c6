import { ValenceError } from '@valence/schemas'
import { describe, expect, it } from 'vitest'
import type { Sentiment } from '../../../src/domain/sentiment.ts'
import { expectScored, failed, scored } from '../../../src/domain/verdict.ts'

const sentiment = { label: 'positive' } as Sentiment

describe('a verdict', () => {
  it('has the sentiment of a scored text', () => {
    expect(expectScored(scored(sentiment))).toBe(sentiment)
  })

  it.each([
    ['VAL_TEXT_EMPTY', 'rejected'],
    ['VAL_QUEUE_FULL', 'retryable'],
  ] as const)('of %s is %s, and throws it', (code, kind) => {
    const verdict = failed(new ValenceError(code))
    expect(verdict.kind).toBe(kind)
    expect(() => expectScored(verdict)).toThrow(expect.objectContaining({ code }))
  })
})
