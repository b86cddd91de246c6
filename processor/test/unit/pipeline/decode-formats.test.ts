import { deflateRawSync, gzipSync } from 'node:zlib'
import { kafkaRecord } from '@valence/testing/kafka/records'
import { describe, expect, it } from 'vitest'
import { createDecodeStep, type RecordFormat } from '../../../src/pipeline/decode.ts'

async function decodeOne(
  value: string | Buffer,
  headers: Record<string, string> = {},
  format: RecordFormat | 'auto' = 'auto',
) {
  const named = Object.entries(headers).map(([name, own]) => ({ name, value: Buffer.from(own) }))
  const record = kafkaRecord(7, { value: Buffer.from(value as string), headers: named })
  const [decoded] = await createDecodeStep({ registry: undefined, format })([record])
  if (decoded === undefined) throw new Error('a record went missing')
  return decoded
}

/** The text that would be scored, or the code of the dead letter. */
async function outcomeOf(...args: Parameters<typeof decodeOne>): Promise<string | undefined> {
  const decoded = await decodeOne(...args)
  if (decoded.kind === 'rejected') return decoded.error.code
  return decoded.kind === 'text' ? decoded.event.text : undefined
}

const object = '{"id":"7","text":"fine"}'

describe('JSON', () => {
  it.each([
    ['a byte order mark', `\ufeff${object}`],
    ['white space', ` \t\r\n${object}\n`],
    ['a byte order mark and white space', `\ufeff\n ${object}`],
    ['much white space', `${' '.repeat(60_000)}${object}`],
  ])('may stand behind %s', async (_name, value) => {
    expect(await decodeOne(value)).toMatchObject({ kind: 'text', event: { id: '7', text: 'fine' } })
    expect(await decodeOne(value, {}, 'json')).toMatchObject({ kind: 'text', event: { id: '7', text: 'fine' } })
  })

  it.each([
    '[]',
    '[1]',
    '["a","b"]',
    '[{"text":"a"},{"text":"b"}]',
    ' \n[{"text":"a"}]',
    '\ufeff[{"text":"a"}]',
    // It does not parse, but it begins as no text does.
    '[{"text":"a"},{"text":',
    '[ \n {"text":"a"}',
    // White space that JSON does not know.
    `\u00a0${object}`,
    `\u200b${object}`,
    `\ufeff\ufeff${object}`,
    `\u3000${object}`,
    '{"text":"a"} {"text":"b"}',
    '{"text":"a"',
  ])('that is not one object is no text: %j', async (value) => {
    expect(await outcomeOf(value)).toBe('VAL_RECORD_JSON_INVALID')
  })

  it('is a text where the header says so, and must be an object where the header says JSON', async () => {
    expect(await outcomeOf('[1]', { 'content-type': 'text/plain' })).toBe('[1]')
    for (const value of ['[1]', '"a"', '1', 'null', 'true', '']) {
      expect(await outcomeOf(value, { 'content-type': 'application/json' })).toBe('VAL_RECORD_JSON_INVALID')
    }
  })

  it('counts the last of equal names, as all readers in JavaScript and Python do', async () => {
    expect(await outcomeOf('{"text":"a","text":"b"}')).toBe('b')
  })
})

describe('a bare text', () => {
  it.each([
    '[sic] he wrote',
    '[removed]',
    '[deleted]',
    '[[a link]] is fine',
    '[',
    '[1] says it all',
    '["a" he said]',
    // Values of JSON that people write as well.
    '"I love it"',
    '10',
    'true',
    'null',
    'a {"text":"b"}',
    '\u00a0fine',
    '\nfine',
    'two\r\nlines\tand a tab\u0085next',
    '👩‍👩‍👧 ❤️ 👍🏽',
    '\u202eright to left\u202c \u2066isolated\u2069',
    'זה נהדר',
    'क्‍ष',
    '\uffff \ufdd0 \ue000 \u{10ffff}',
    '\nI love it and would buy it again, the battery lasts all day',
    '\n\n\n',
    '\n',
  ])('stays as it is: %j', async (value) => {
    const isBlank = value.trim() === ''
    expect(await outcomeOf(value)).toBe(isBlank ? 'VAL_TEXT_EMPTY' : value)
  })

  it('loses its byte order mark', async () => {
    expect(await outcomeOf('\ufefffine')).toBe('fine')
    expect(await outcomeOf('\ufefffine', { 'content-type': 'text/plain' })).toBe('fine')
  })
})

const fieldOf = (tag: number, text: string) => Buffer.concat([Buffer.from([tag, text.length]), Buffer.from(text)])
const long = 'I love it and would buy it again any time'
const zip = Buffer.concat([Buffer.from('PK\u0003\u0004\u0014\u0000\u0000\u0000\u0008\u0000'), deflateRawSync(long)])

describe('binary data', () => {
  it.each<[string, Buffer]>([
    ['Protobuf, a short string', fieldOf(0x0a, 'fine')],
    ['Protobuf, a string of 41', fieldOf(0x0a, long)],
    ['Protobuf, strings in the fields 1 and 4', Buffer.concat([fieldOf(0x0a, long), fieldOf(0x22, long)])],
    ['Protobuf, a number first', Buffer.concat([Buffer.from([0x08, 0x96, 0x01]), fieldOf(0x12, long)])],
    ['gzip', gzipSync(object)],
    ['zip', zip],
    ['PNG', Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1')],
    ['JPEG', Buffer.from('\xff\xd8\xff\xe0\0\x10JFIF', 'latin1')],
    ['PDF', Buffer.from('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n', 'latin1')],
    ['an Avro container', Buffer.from('Obj\x01\x04\x16avro.schema', 'latin1')],
    [
      'bare Avro of several fields',
      Buffer.concat([Buffer.from([2 * long.length]), Buffer.from(long), Buffer.from([0, 0])]),
    ],
    [
      'MessagePack',
      Buffer.concat([Buffer.from([0x81, 0xa4]), Buffer.from('text'), Buffer.from([0xa4]), Buffer.from('fine')]),
    ],
    ['CBOR', Buffer.concat([Buffer.from([0xa1, 0x64]), Buffer.from('text'), Buffer.from([0x64]), Buffer.from('fine')])],
    ['BSON', Buffer.from('\x15\x00\x00\x00\x02text\x00\x05\x00\x00\x00fine\x00\x00', 'latin1')],
    ['Java serialisation', Buffer.from('\xac\xed\x00\x05t\x00\x04fine', 'latin1')],
    ['a GUID in front', Buffer.concat([Buffer.from([1]), Buffer.alloc(16, 0x41), Buffer.from('fine')])],
    ['UTF-16, big end first', Buffer.from('\ufefffine', 'utf16le').swap16()],
    ['UTF-16, little end first', Buffer.from('\ufefffine', 'utf16le')],
    ['UTF-16 without a mark', Buffer.from('fine', 'utf16le')],
    ['JSON in UTF-16', Buffer.from(`\ufeff${object}`, 'utf16le')],
    ['UTF-32', Buffer.from('\xff\xfe\0\0f\0\0\0', 'latin1')],
    ['Latin-1', Buffer.from('caf\xe9', 'latin1')],
    ['ISO-2022-JP', Buffer.from('\x1b$B$3$s\x1b(B', 'latin1')],
    ['a terminal', Buffer.from('\x1b[31mfine\x1b[0m')],
    ['half a surrogate pair', Buffer.from([0x61, 0xed, 0xa0, 0x80])],
    ['an overlong slash', Buffer.from([0x61, 0xc0, 0xaf])],
    ['a text that ends in zeros', Buffer.from('fine\0\0')],
  ])('is no text: %s', async (_name, value) => {
    expect(['VAL_RECORD_BINARY', 'VAL_RECORD_NOT_UTF8']).toContain(await outcomeOf(value))
    expect(['VAL_RECORD_BINARY', 'VAL_RECORD_NOT_UTF8']).toContain(
      await outcomeOf(value, { 'content-type': 'text/plain' }),
    )
  })

  it('is known by every control character but tab and line breaks', async () => {
    const controls = [...Array(0x20).keys(), ...Array.from({ length: 0x21 }, (_, index) => 0x7f + index)]
    for (const code of controls) {
      const value = `fi${String.fromCharCode(code)}ne`
      const isBreak = [0x09, 0x0a, 0x0d, 0x85].includes(code)
      expect(await outcomeOf(value)).toBe(isBreak ? value : 'VAL_RECORD_BINARY')
    }
  })

  it('may be spelled out in JSON, which says that it is a string', async () => {
    expect(await outcomeOf('{"text":"a\\u0000b"}')).toBe('a\0b')
  })
})

describe('headers that say how a value is written', () => {
  it.each([
    { 'content-type': 'text/plain; charset=iso-8859-1' },
    { 'content-type': 'text/plain;charset="utf-16"' },
    { 'content-type': 'application/json; charset=windows-1252' },
    { 'content-encoding': 'gzip' },
    { 'content-encoding': 'base64', 'content-type': 'text/plain' },
    { 'content-type': 'image/png' },
    { 'Content-Type': 'image/png' },
    { 'CONTENT-ENCODING': 'gzip' },
  ])('are not passed over: %j', async (headers: Record<string, string>) => {
    expect(await outcomeOf('fine', headers)).toBe('VAL_RECORD_FORMAT_REFUSED')
  })

  it.each([
    { 'content-type': 'text/plain; charset=UTF-8' },
    { 'content-type': 'text/plain; charset="us-ascii"' },
    { 'content-type': 'text/plain; format=flowed' },
    { 'content-encoding': 'identity' },
    { 'content-encoding': '' },
  ])('may say what is the rule: %j', async (headers: Record<string, string>) => {
    expect(await outcomeOf('fine', headers)).toBe('fine')
  })
})
