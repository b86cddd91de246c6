import { parseFieldPaths, ValenceError } from '@valence/schemas'
import { kafkaRecord } from '@valence/testing/kafka/records'
import { expect, it } from 'vitest'
import { createLogger } from '../../../src/observability/logger.ts'
import { MissingTextWatch } from '../../../src/pipeline/missing-text-watch.ts'
import type { RecordResult } from '../../../src/pipeline/score-batch.ts'

const input = { format: 'json', schemaId: undefined, payloadOffset: 0 } as const
const record = kafkaRecord(1)
const missing: RecordResult = { kind: 'rejected', record, error: new ValenceError('VAL_TEXT_MISSING') }
const passed: RecordResult = { kind: 'passed', record, input }
const tombstone: RecordResult = { kind: 'tombstone', record }
const scored = { kind: 'scored', record, input } as unknown as RecordResult

function watch() {
  const lines: { records: number; fields: string[]; code: string }[] = []
  let now = 1_000_000
  const path = ['x']
  const fields = {
    text: parseFieldPaths('a.b,c'),
    id: path,
    occurredAt: path,
    source: path,
    lang: path,
    attributes: path,
  }
  const logger = createLogger('info', { write: (line) => lines.push(JSON.parse(line)) })
  const watching = new MissingTextWatch({ fields, logger, now: () => now })
  return { lines, note: (...outcomes: RecordResult[]) => watching.note(outcomes), later: (ms: number) => (now += ms) }
}

it('warns at once and each minute while no record has a text', () => {
  const { lines, note, later } = watch()
  note(tombstone)
  expect(lines).toEqual([])
  note(missing, passed)
  expect(lines).toMatchObject([{ level: 'warn', code: 'VAL_TEXT_MISSING', fields: ['a.b', 'c'], records: 2 }])
  later(30_000)
  note(missing)
  expect(lines).toHaveLength(1)
  later(30_000)
  note(missing)
  expect(lines).toHaveLength(2)
})

it('says nothing of single records without a text among others', () => {
  const { lines, note, later } = watch()
  note(scored, missing)
  later(59_000)
  note(missing)
  expect(lines).toEqual([])
})

it('says nothing where a minute begins with deletes, unless the minute before had no text either', () => {
  const { lines, note, later } = watch()
  note(scored)
  later(60_000)
  note(passed)
  expect(lines).toEqual([])
  later(60_000)
  note(passed)
  expect(lines).toHaveLength(1)
})
