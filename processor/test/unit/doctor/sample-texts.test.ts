import { ValenceError } from '@valence/schemas'
import { kafkaRecord } from '@valence/testing/kafka/records'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../../../src/config/config.ts'
import { textFieldsOf } from '../../../src/config/text-fields.ts'
import { judgeTexts } from '../../../src/doctor/sample-texts.ts'
import { createDecodeStep } from '../../../src/pipeline/decode.ts'

/** What is found of a topic whose newest records are these. */
async function findingOf(values: readonly (string | null)[], settings: Readonly<Record<string, string>> = {}) {
  const config = readConfig(settings)
  const { missingText } = config
  const decode = createDecodeStep({ registry: undefined, format: 'auto', fields: textFieldsOf(config), missingText })
  const records = values.map((value, at) => kafkaRecord(at, { value: value === null ? null : Buffer.from(value) }))
  return judgeTexts('in', await decode(records), config)
}

const wrong = { VALENCE_TEXT_FIELD: 'after.coment' }
const change = '{"after":{"comment":"fine"}}'

describe('the texts of a sample', () => {
  it('are there', async () => {
    expect(await findingOf([change, change, null], { VALENCE_TEXT_FIELD: 'after.comment' })).toMatchObject({
      check: 'texts in',
      status: 'ok',
      detail: 'records with a text: 2 of the newest 2',
    })
  })

  it.each([{}, { VALENCE_MISSING_TEXT: 'pass' }])('are not where the path leads (%o)', async (settings) => {
    expect(await findingOf([change, change], { ...wrong, ...settings })).toMatchObject({
      status: 'warn',
      detail: 'records with a text at after.coment: 0 of the newest 2',
      help: expect.stringContaining('valence try --topic in'),
    })
  })

  it('are none of TextEvents', async () => {
    expect(await findingOf([change])).toMatchObject({
      status: 'warn',
      detail: 'dead letters among the newest 1 records: VAL_RECORD_INVALID (1)',
      help: expect.stringContaining('proposes where their texts are'),
    })
  })

  it('tell which records become dead letters', async () => {
    const values = ['{"text":"a"}', '{', '{', '{"text":""}']
    expect(await findingOf(values)).toMatchObject({
      status: 'warn',
      detail: 'dead letters among the newest 4 records: VAL_RECORD_JSON_INVALID (2), VAL_TEXT_EMPTY (1)',
    })
  })

  it('are no matter while there are no records', async () => {
    const none = { status: 'ok', detail: 'there are no records with a value yet' }
    expect(await findingOf([null])).toMatchObject(none)
    expect(await findingOf([])).toMatchObject(none)
  })

  it('may be absent from records that pass', async () => {
    const settings = { VALENCE_TEXT_FIELD: 'after.comment', VALENCE_MISSING_TEXT: 'pass' }
    expect(await findingOf([change, '{"after":null}'], settings)).toMatchObject({
      status: 'ok',
      detail: 'records with a text: 1 of the newest 2',
    })
  })

  it('name each code once', () => {
    const error = new ValenceError('VAL_REGISTRY_REQUIRED', 'schema id 1')
    const record = kafkaRecord(1, { value: Buffer.from('x') })
    expect(judgeTexts('in', [{ kind: 'rejected', record, error, input: undefined }], readConfig(wrong))).toMatchObject({
      status: 'warn',
      detail: 'dead letters among the newest 1 records: VAL_REGISTRY_REQUIRED (1)',
    })
  })
})
