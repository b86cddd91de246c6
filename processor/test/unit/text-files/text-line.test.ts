import { describe, expect, it } from 'vitest'
import { fieldText, type LineFormat, readTextLine } from '../../../src/text-files/text-line.ts'

function read(content: string | Buffer, format: LineFormat = 'auto', number = 5) {
  return readTextLine({ number, end: 99, bytes: Buffer.from(content), whole: true }, format)
}

describe('readTextLine', () => {
  it('takes what begins with a brace for a JSON object and anything else for a bare text', () => {
    expect(read('{"id":"a","text":"fine"}')).toEqual({ line: 5, end: 99, fields: { id: 'a', text: 'fine' } })
    expect(read('fine {really}')).toEqual({ line: 5, end: 99, fields: { text: 'fine {really}' } })
    expect(read('"quoted"')).toEqual({ line: 5, end: 99, fields: { text: '"quoted"' } })
    expect(read('[sic] fine')).toEqual({ line: 5, end: 99, fields: { text: '[sic] fine' } })
    expect(read('\ufeff \t{"text":"fine"}').fields).toEqual({ text: 'fine' })
  })

  it('rejects a line that begins like an object and does not parse, without repeating it', () => {
    const { error } = read('{"text": "secret')
    expect(error).toMatchObject({ code: 'VAL_RECORD_JSON_INVALID' })
    expect(String(error?.message)).not.toContain('secret')
  })

  it('does what it is told where the format is given', () => {
    expect(read('{"text":"x"}', 'text').fields).toEqual({ text: '{"text":"x"}' })
    expect(read('bare', 'json').error).toMatchObject({ code: 'VAL_RECORD_JSON_INVALID' })
    expect(read('[1]', 'json').error).toMatchObject({ code: 'VAL_RECORD_JSON_INVALID' })
    expect(read('null', 'json').error).toMatchObject({ code: 'VAL_RECORD_JSON_INVALID' })
    expect(read('[{"text":"x"}]', 'text').fields).toEqual({ text: '[{"text":"x"}]' })
  })

  it('rejects what is no UTF-8 instead of guessing', () => {
    expect(read(Buffer.from([0x63, 0x61, 0x66, 0xe9])).error).toMatchObject({ code: 'VAL_RECORD_NOT_UTF8' })
    for (const field of ['id', 'text', 'user']) {
      const detail = `${field} holds half a surrogate pair`
      expect(read(`{"text":"a","${field}":"\\ud800"}`).error).toMatchObject({ code: 'VAL_RECORD_NOT_UTF8', detail })
    }
  })

  it('rejects an array and binary data, as records are rejected', () => {
    for (const line of ['[1]', '[{"text":"a"}]', '[{"text":"a"},']) {
      expect(read(line).error).toMatchObject({ code: 'VAL_RECORD_JSON_INVALID' })
    }
    expect(read(Buffer.from('fine', 'utf16le')).error).toMatchObject({ code: 'VAL_RECORD_BINARY' })
  })

  it('drops the carriage return of Windows and a byte order mark', () => {
    expect(read('fine\r').fields).toEqual({ text: 'fine' })
    expect(read('\uFEFF{"text":"fine"}\r', 'auto', 1).fields).toEqual({ text: 'fine' })
    expect(read('\uFEFFfine', 'auto', 2).fields).toEqual({ text: 'fine' })
  })

  it('refuses the beginning of a line that was too long', () => {
    const item = readTextLine({ number: 1, end: 5, bytes: Buffer.from('begin'), whole: false }, 'auto')
    expect(item.error).toMatchObject({ code: 'VAL_TEXT_TOO_LARGE' })
  })

  it('rejects an empty line as an empty text', () => {
    for (const line of ['', '\u2800', ' \u0301']) expect(read(line).error).toMatchObject({ code: 'VAL_TEXT_EMPTY' })
  })
})

describe('fieldText', () => {
  it('reads texts and numbers', () => {
    expect(fieldText({ id: 'a' }, 'id')).toBe('a')
    expect(fieldText({ id: 17 }, 'id')).toBe('17')
    expect(fieldText({ id: 0 }, 'id')).toBe('0')
  })

  it('is undefined for everything else', () => {
    for (const id of [undefined, null, '', true, {}, []]) expect(fieldText({ id }, 'id')).toBeUndefined()
  })
})
