import { describe, expect, it } from 'vitest'
import { type FeedbackEvent, feedbackEventAvro, feedbackEventJson } from '../../../src/index.ts'
import { thrownBy } from '../../support/thrown.ts'

const feedback: FeedbackEvent = { id: 'review-17', label: 'neutral', judgedAt: 1_735_722_000_000 }

describe.each([
  ['Avro', feedbackEventAvro.encode, feedbackEventAvro.decode],
  ['JSON', feedbackEventJson.encode, feedbackEventJson.parse],
])('a feedback event in %s', (_format, encode, decode) => {
  it('is unchanged after encoding and decoding', () => {
    expect(decode(encode(feedback))).toStrictEqual(feedback)
  })

  it('does not need judgedAt', () => {
    expect(decode(encode({ ...feedback, judgedAt: null })).judgedAt).toBeNull()
  })
})

it.each([
  [{ label: 'neutral' }, 'id must be a string'],
  [{ id: '', label: 'neutral' }, 'id must be a string that is not empty'],
  [{ id: 'a', label: '' }, 'label must be a string that is not empty'],
  [{ id: 'a', label: 3 }, 'label must be a string'],
  [{ id: 'a', label: 'b', judgedAt: 'now' }, 'judgedAt must be a time in epoch milliseconds'],
])('%j is refused: %s', (value, reason) => {
  const error = thrownBy(() => feedbackEventJson.parse(Buffer.from(JSON.stringify(value))))
  expect(error.code).toBe('VAL_RECORD_INVALID')
  expect(error.message).toContain(reason)
})
