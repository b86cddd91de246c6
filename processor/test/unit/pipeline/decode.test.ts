import {
  frame,
  type RecordDecoder,
  recordHeader,
  type SchemaId,
  type SchemaRegistry,
  type TextEvent,
  ValenceError,
} from '@valence/schemas'
import { kafkaRecord } from '@valence/testing/kafka/records'
import { describe, expect, it } from 'vitest'
import { createDecodeStep, type DecodeOptions } from '../../../src/pipeline/decode.ts'

type Cached = Pick<SchemaRegistry, 'cached' | 'load'>

async function decodeOne(
  value: string | Buffer | null,
  options: Partial<DecodeOptions> & { contentType?: string } = {},
) {
  const { contentType, registry, format = 'auto' } = options
  const record = kafkaRecord(7, {
    value: typeof value === 'string' ? Buffer.from(value) : value,
    headers: contentType === undefined ? [] : [recordHeader('content-type', contentType)],
  })
  const [decoded] = await createDecodeStep({ registry, format })([record])
  return decoded
}

function fakeRegistry(
  load: (id: SchemaId) => Promise<RecordDecoder<TextEvent>>,
  cached: Cached['cached'] = () => undefined,
) {
  return { cached, load } as unknown as SchemaRegistry
}

const rejectedAs = (code: string) =>
  expect.objectContaining({ kind: 'rejected', error: expect.objectContaining({ code }) })
const textOf = (text: string) => expect.objectContaining({ kind: 'text', event: expect.objectContaining({ text }) })

describe('decoding a record', () => {
  it.each([
    ['content-type', 'image/png', 'content-type "image/png"'],
    ['content-type', 'x'.repeat(200), `content-type "${'x'.repeat(80)}"`],
    ['content-encoding', 'gzip', 'content-encoding "gzip"'],
    ['content-encoding', 'x'.repeat(200), `content-encoding "${'x'.repeat(80)}"`],
  ])('names the %s that it refuses, up to 80 characters of it: %s', async (name, value, detail) => {
    const record = kafkaRecord(7, { value: Buffer.from('fine'), headers: [recordHeader(name, value)] })
    const [decoded] = await createDecodeStep({ registry: undefined, format: 'auto' })([record])
    expect(decoded).toMatchObject({ kind: 'rejected', error: { code: 'VAL_RECORD_FORMAT_REFUSED', detail } })
  })

  it('names the format that it found where another is accepted, and the schema that it would need', async () => {
    expect(await decodeOne('fine', { format: 'json' })).toMatchObject({
      error: { detail: 'text where only json is accepted' },
    })
    expect(await decodeOne(frame(7, Buffer.of(1)))).toMatchObject({
      error: { code: 'VAL_REGISTRY_REQUIRED', detail: 'schema id 7' },
    })
  })

  it('goes by the bytes where the content type is empty', async () => {
    expect(await decodeOne('{"text":"fine"}', { contentType: ' ; charset=utf-8' })).toEqual(textOf('fine'))
    expect(await decodeOne('fine', { contentType: '' })).toEqual(textOf('fine'))
  })

  it('takes valid UTF-8 as a bare text', async () => {
    expect(await decodeOne('I love it')).toEqual(textOf('I love it'))
    expect(await decodeOne('🎉🎉')).toEqual(textOf('🎉🎉'))
    expect(await decodeOne('"quoted" [1]')).toEqual(textOf('"quoted" [1]'))
  })

  it.each([JSON.stringify('{"id":"a","text":"fine"}'), ' "\\n[{\\"text\\":\\"fine\\"}]"', '\ufeff"{}"'])(
    'refuses JSON that was encoded twice: %s',
    async (value) => {
      expect(await decodeOne(value)).toEqual(rejectedAs('VAL_RECORD_JSON_INVALID'))
    },
  )

  it.each(['"great"', '"{sic} he wrote"', '"[removed]"', '"{} and []', '"{\\"a\\":1}" he wrote', '"10"'])(
    'takes a text in quotation marks as one: %s',
    async (text) => {
      expect(await decodeOne(text)).toEqual(textOf(text))
    },
  )

  it('takes what begins with { as a JSON object', async () => {
    const decoded = await decodeOne('{"id":"a","text":"fine","source":"web","occurredAt":1700000000000}')
    expect(decoded).toMatchObject({
      kind: 'text',
      event: { id: 'a', text: 'fine', source: 'web', occurredAt: 1_700_000_000_000, lang: null, attributes: {} },
    })
  })

  it('rejects JSON that does not parse instead of guessing', async () => {
    expect(await decodeOne('{not json')).toEqual(rejectedAs('VAL_RECORD_JSON_INVALID'))
  })

  it.each([
    ['{"text":42}', 'VAL_RECORD_INVALID'],
    ['{}', 'VAL_RECORD_INVALID'],
    ['{"text":""}', 'VAL_TEXT_EMPTY'],
    ['  \n ', 'VAL_TEXT_EMPTY'],
    ['\u2800', 'VAL_TEXT_EMPTY'],
    ['{"text":"\\u0301"}', 'VAL_TEXT_EMPTY'],
    ['', 'VAL_TEXT_EMPTY'],
    ['x'.repeat(100 * 1024), 'VAL_TEXT_TOO_LARGE'],
    [JSON.stringify({ text: 'é'.repeat(33_000) }), 'VAL_TEXT_TOO_LARGE'],
  ])('rejects %.30s as %s', async (value, code) => {
    expect(await decodeOne(value)).toEqual(rejectedAs(code))
  })

  it('rejects bytes that are no UTF-8', async () => {
    expect(await decodeOne(Buffer.from([0xc3, 0x28, 0xff]))).toEqual(rejectedAs('VAL_RECORD_NOT_UTF8'))
  })

  it('passes a tombstone through', async () => {
    expect(await decodeOne(null)).toMatchObject({ kind: 'tombstone' })
  })

  it('takes the header however its name is spelt', async () => {
    const headers = [recordHeader('Content-Type', 'text/plain')]
    const [decoded] = await createDecodeStep({ registry: undefined, format: 'auto' })([
      kafkaRecord(1, { value: Buffer.from('{not json'), headers }),
    ])
    expect(decoded).toEqual(textOf('{not json'))
  })

  it('lets the content-type header decide before the bytes', async () => {
    expect(await decodeOne('{not json', { contentType: 'text/plain; charset=utf-8' })).toEqual(textOf('{not json'))
    expect(await decodeOne('not json', { contentType: 'application/json' })).toEqual(
      rejectedAs('VAL_RECORD_JSON_INVALID'),
    )
    expect(await decodeOne('{"text":"a"}', { contentType: 'application/cloudevents+json' })).toEqual(textOf('a'))
    expect(await decodeOne('plain', { contentType: 'application/octet-stream' })).toEqual(textOf('plain'))
    expect(await decodeOne('plain', { contentType: 'image/png' })).toEqual(rejectedAs('VAL_RECORD_FORMAT_REFUSED'))
  })

  it('accepts only the configured format', async () => {
    expect(await decodeOne('plain', { format: 'json' })).toEqual(rejectedAs('VAL_RECORD_FORMAT_REFUSED'))
    expect(await decodeOne('{"text":"a"}', { format: 'text' })).toEqual(rejectedAs('VAL_RECORD_FORMAT_REFUSED'))
    expect(await decodeOne('{"text":"a"}', { format: 'json' })).toEqual(textOf('a'))
  })

  describe('in the Confluent wire format', () => {
    const value = frame(9, Buffer.from('payload'))
    const decoder: RecordDecoder<TextEvent> = (payload) => ({
      id: 'x',
      text: payload.toString(),
      occurredAt: null,
      source: null,
      lang: null,
      attributes: {},
    })

    it('decodes with the schema of its id, loaded once', async () => {
      const loaded: unknown[] = []
      const registry = fakeRegistry(async (id) => {
        loaded.push(id)
        return decoder
      })
      expect(await decodeOne(value, { registry })).toEqual(textOf('payload'))
      expect(loaded).toEqual([9])
      const warm = fakeRegistry(
        () => Promise.reject(new Error('must not load')),
        () => decoder,
      )
      expect(await decodeOne(value, { registry: warm })).toEqual(textOf('payload'))
    })

    it('rejects an unknown schema id and one that ends within the id', async () => {
      const registry = fakeRegistry(async () => {
        throw new ValenceError('VAL_SCHEMA_UNKNOWN_ID', '9')
      })
      expect(await decodeOne(value, { registry })).toEqual(rejectedAs('VAL_SCHEMA_UNKNOWN_ID'))
      expect(await decodeOne(Buffer.from([0, 1, 2]), { registry })).toEqual(rejectedAs('VAL_SCHEMA_PAYLOAD_INVALID'))
    })

    it('is rejected where no registry is configured', async () => {
      expect(await decodeOne(value)).toEqual(rejectedAs('VAL_REGISTRY_REQUIRED'))
    })

    it('is read with the schema of a header, in front of which there is nothing', async () => {
      const loaded: unknown[] = []
      const registry = fakeRegistry(async (id) => {
        loaded.push(id)
        return decoder
      })
      const guid = Buffer.from('010102030405060708090a0b0c0d0e0f10', 'hex')
      const long = Buffer.from([0, 0, 0, 0, 0, 0, 0, 9])
      const read = async (...headers: { name: string; value: Buffer }[]) => {
        const [decoded] = await createDecodeStep({ registry, format: 'auto' })([
          kafkaRecord(7, { value: Buffer.from('payload'), headers }),
        ])
        return decoded
      }
      expect(await read({ name: '__value_schema_id', value: guid })).toEqual(textOf('payload'))
      expect(await read({ name: 'apicurio.value.globalId', value: long })).toEqual(textOf('payload'))
      expect(await read({ name: 'apicurio.value.contentId', value: long })).toEqual(textOf('payload'))
      expect(loaded).toEqual(['guid 01020304-0506-0708-090a-0b0c0d0e0f10', 'globalId 9', 'contentId 9'])
      const avro = { name: 'content-type', value: Buffer.from('application/avro') }
      expect(await read(avro, { name: 'apicurio.value.contentId', value: long })).toEqual(textOf('payload'))
      expect(await read({ name: '__value_schema_id', value: Buffer.of(2) })).toEqual(
        rejectedAs('VAL_SCHEMA_ID_UNRESOLVABLE'),
      )
    })

    it('is read with an id of eight bytes', async () => {
      const loaded: unknown[] = []
      const registry = fakeRegistry(async (id) => {
        loaded.push(id)
        return decoder
      })
      const long = Buffer.concat([Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 9]), Buffer.from('payload')])
      expect(await decodeOne(long, { registry })).toEqual(textOf('payload'))
      expect(loaded).toEqual(['contentId or globalId 9'])
    })

    it('waits for all ids of a slice that may be new at the same time', async () => {
      const asked: unknown[] = []
      const registry = fakeRegistry(async (id) => {
        asked.push(id)
        throw new ValenceError('VAL_SCHEMA_NOT_YET_KNOWN', `id ${id}`)
      })
      const records = [1, 2, 3].map((id) => kafkaRecord(id, { value: frame(id, Buffer.from('payload')) }))
      const decoding = createDecodeStep({ registry, format: 'auto' })(records)
      await expect(decoding).rejects.toMatchObject({
        code: 'VAL_SCHEMA_NOT_YET_KNOWN',
        detail: 'id 1',
        retryable: true,
      })
      expect(asked).toEqual([1, 2, 3])
    })

    it('throws while the registry is down: the record is not at fault', async () => {
      const registry = fakeRegistry(async () => {
        throw new ValenceError('VAL_REGISTRY_UNAVAILABLE')
      })
      await expect(decodeOne(value, { registry })).rejects.toMatchObject({ code: 'VAL_REGISTRY_UNAVAILABLE' })
    })
  })
})
