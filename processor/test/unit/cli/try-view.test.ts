import { ValenceError } from '@valence/schemas'
import { kafkaRecord } from '@valence/testing/kafka/records'
import { describe, expect, it } from 'vitest'
import {
  countTried,
  describeCandidates,
  settingsOf,
  tabulateTried,
  triedToJson,
} from '../../../src/cli/views/try-view.ts'
import type { Candidates } from '../../../src/jobs/try/candidate-fields.ts'
import type { TriedRecord } from '../../../src/jobs/try/try-topic.ts'
import type { RecordResult } from '../../../src/pipeline/score-batch.ts'

const input = { format: 'schema', schemaId: 7, payloadOffset: 5 } as const
const event = {
  id: null,
  text: 'A long text of many words, with a \u001b[31m colour in it',
  occurredAt: null,
  source: null,
  lang: null,
  attributes: {},
}
const sentiment = { label: 'negative', scores: { negative: 0.9 }, valence: -0.81 }
const outcomes: RecordResult[] = [
  { kind: 'scored', record: kafkaRecord(3), input, event, sentiment } as unknown as RecordResult,
  { kind: 'rejected', record: kafkaRecord(4), error: new ValenceError('VAL_TEXT_MISSING', 'a.b') },
  { kind: 'tombstone', record: kafkaRecord(5) },
]
const tried: TriedRecord[] = outcomes.map((outcome) => ({ partition: 1, outcome }))
const candidates: Candidates = {
  texts: [{ path: ['a', 'b c'], records: 2, words: 7.4, example: 'one\ntwo' }],
  id: ['a', 'id'],
  occurredAt: undefined,
}

describe('the view of tried records', () => {
  it('has a row for each, in the width that it is given', () => {
    const [, scored = '', rejected = '', tombstone = ''] = tabulateTried(tried, 90)
    expect(scored).toMatch(/^ {5}1:3 {2}schema 7 {2}negative {7}-0\.81 {2}A long text of many words, …$/)
    expect(rejected).toMatch(/^ {5}1:4 {2}- {9}dead letter {11}VAL_TEXT_MISSING: a\.b$/)
    expect(tombstone).toMatch(/^ {5}1:5 {2}no value {2}tombstone$/)
    expect(Math.max(...tabulateTried(tried, 70).map((line) => line.length))).toBeLessThanOrEqual(70)
  })

  it('counts what became what', () => {
    const expected = '1 scored, 1 would become dead letters, 1 without a value'
    expect(countTried({ records: tried, offsets: 3n, candidates: undefined })).toBe(expected)
  })

  it('is JSON for scripts', () => {
    expect(tried.map(triedToJson)).toMatchObject([
      { partition: 1, offset: '3', kind: 'scored', format: 'schema 7', label: 'negative', text: event.text },
      { kind: 'rejected', code: 'VAL_TEXT_MISSING', detail: 'a.b' },
      { kind: 'tombstone' },
    ])
  })

  it('prints settings to copy, quoted where a shell needs it', () => {
    expect(settingsOf(candidates)).toEqual([
      ['VALENCE_TEXT_FIELD', 'a.b c'],
      ['VALENCE_ID_FIELD', 'a.id'],
    ])
    const lines = describeCandidates(candidates, 3, 100)
    expect(lines).toContain('  VALENCE_TEXT_FIELD="a.b c"')
    expect(lines[1]).toMatch(/^a\.b c {3}2 of 3 {6}7 {2}one two$/)
    expect(describeCandidates({ ...candidates, texts: [] }, 3, 100)).toEqual([
      'No field of the sample holds sentences.',
    ])
  })
})
