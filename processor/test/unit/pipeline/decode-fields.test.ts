import { readFileSync } from 'node:fs'
import { recordHeader } from '@valence/schemas'
import { kafkaRecord } from '@valence/testing/kafka/records'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../../../src/config/config.ts'
import { textFieldsOf } from '../../../src/config/text-fields.ts'
import { createDecodeStep } from '../../../src/pipeline/decode.ts'

/** Decodes one value as a processor with these settings does. */
async function decode(value: string | Buffer | null, settings: Record<string, string> = {}) {
  const config = readConfig({ VALENCE_TEXT_FIELD: 'after.comment', ...settings })
  const step = createDecodeStep({
    registry: undefined,
    format: 'auto',
    fields: textFieldsOf(config),
    missingText: config.missingText,
  })
  const [decoded] = await step([kafkaRecord(1, { value: value === null ? null : Buffer.from(value) })])
  return decoded
}

const json = { format: 'json', schemaId: undefined, payloadOffset: 0 }

describe('decoding records of any shape', () => {
  it('takes the text and the other fields by path', async () => {
    const value = '{"after":{"comment":"fine","no":90071992547409931,"who":{"lang":"de"}}}'
    const settings = { VALENCE_ID_FIELD: 'after.no', VALENCE_LANG_FIELD: 'after.who.lang' }
    expect(await decode(value, settings)).toMatchObject({
      kind: 'text',
      input: json,
      event: { id: '90071992547409931', text: 'fine', lang: 'de', source: null },
    })
  })

  it("reads Debezium's envelope as docs/records.md says", async () => {
    const page = readFileSync(new URL('../../../../docs/records.md', import.meta.url), 'utf8')
    const [, value = '', given = ''] =
      /Debezium's envelope is in the payload\.[^`]*```jsonc\n(.*?)```.*?```sh\n(.*?)```/s.exec(page) ?? []
    const settings = Object.fromEntries(
      given
        .trim()
        .split('\n')
        .map((line) => line.split('=')),
    )
    expect(await decode(value, settings)).toMatchObject({
      event: {
        text: 'It broke after a week.',
        id: '9007199254740993',
        occurredAt: Date.parse('2024-05-06T07:08:09.123Z'),
        source: 'reviews',
        attributes: { id: '9007199254740993', comment: 'It broke after a week.', stars: '1.5' },
      },
    })
    expect(await decode('{"payload":{"op":"d","after":null}}', settings)).toMatchObject({ kind: 'passed' })
  })

  it('refuses a record without a text, naming the path', async () => {
    expect(await decode('{"after":null}')).toMatchObject({
      kind: 'rejected',
      error: { code: 'VAL_TEXT_MISSING', detail: 'after.comment' },
    })
  })

  it.each(['{"after":null}', '{"after":{"comment":" "}}', '[]'])('passes %s where that is wanted', async (value) => {
    const settings = { VALENCE_MISSING_TEXT: 'pass' }
    const decoded = await decode(value, settings)
    expect(decoded).toMatchObject(value === '[]' ? { kind: 'passed' } : { kind: 'passed', input: json })
  })

  it.each(['{"after":{"comment":{}}}', '{'])(
    'refuses %s even where records without a text are passed',
    async (value) => {
      expect(await decode(value, { VALENCE_MISSING_TEXT: 'pass' })).toMatchObject({ kind: 'rejected' })
    },
  )

  it('still reads bare texts, and passes tombstones on', async () => {
    expect(await decode('just a text')).toMatchObject({ kind: 'text', event: { text: 'just a text' } })
    expect(await decode(null)).toMatchObject({ kind: 'tombstone' })
  })

  it('says in the shape where the payload begins', async () => {
    const registry = { cached: () => (payload: Buffer) => ({ text: String(payload) }) } as never
    const step = createDecodeStep({ registry, format: 'auto' })
    const headers = [recordHeader('__value_schema_id', Buffer.from([0, 0, 0, 0, 7]))]
    const decoded = await step([
      kafkaRecord(1, { value: Buffer.from('\0\0\0\0\x05abc') }),
      kafkaRecord(2, { value: Buffer.from('\0\0\0\0\0\0\0\0\x05abc') }),
      kafkaRecord(3, { value: Buffer.from('abc'), headers }),
    ])
    expect(decoded).toMatchObject([
      { event: { text: 'abc' }, input: { format: 'schema', schemaId: 5, payloadOffset: 5 } },
      { event: { text: 'abc' }, input: { format: 'schema', schemaId: 'contentId or globalId 5', payloadOffset: 9 } },
      { event: { text: 'abc' }, input: { format: 'schema', schemaId: 7, payloadOffset: 0 } },
    ])
  })
})
