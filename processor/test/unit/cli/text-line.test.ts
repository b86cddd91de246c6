import { describe, expect, it } from 'vitest'
import { fieldText, type LineFormat, readTextLine } from '../../../src/cli/text-line.ts'

function read(content: string | Buffer, format: LineFormat = 'auto', number = 5) {
  return readTextLine({ number, end: 99, bytes: Buffer.from(content), whole: true }, format)
}

describe('readTextLine', () => {
  it('takes what begins with a brace for a JSON object and anything else for a bare text', () => {
    expect(read('{"id":"a","text":"fine"}')).toEqual({ line: 5, end: 99, fields: { id: 'a', text: 'fine' } })
    expect(read('fine {really}')).toEqual({ line: 5, end: 99, fields: { text: 'fine {really}' } })
    expect(read('"quoted"')).toEqual({ line: 5, end: 99, fields: { text: '"quoted"' } })
    expect(read('[1]')).toEqual({ line: 5, end: 99, fields: { text: '[1]' } })
  })

  it('rejects a line that begins like an object and does not parse, without repeating it', () => {
    const { error } = read('{"text": "secret')
    expect(error).toMatchObject({ code: 'VAL_RECORD_JSON_INVALID' })
    expect(String(error?.message)).not.toContain('secret')
  })

  it('does what it is told where the format is given', () => {
    expect(read('{"text":"x"}', 'text').fields).toEqual({ text: '{"text":"x"}' })
    expect(read('bare', 'json').error).toMatchObject({ code: 'VAL_RECORD_JSON_INVALID' })
    expect(read('[1]', 'json').error).toMatchObject({ code: 'VAL_RECORD_INVALID' })
    expect(read('null', 'json').error).toMatchObject({ code: 'VAL_RECORD_INVALID' })
  })

  it('rejects what is no UTF-8 instead of guessing', () => {
    expect(read(Buffer.from([0x63, 0x61, 0x66, 0xe9])).error).toMatchObject({ code: 'VAL_RECORD_NOT_UTF8' })
    for (const field of ['id', 'text', 'user']) {
      const detail = `${field} holds half a surrogate pair`
      expect(read(`{"text":"a","${field}":"\\ud800"}`).error).toMatchObject({ code: 'VAL_RECORD_NOT_UTF8', detail })
    }
  })

  it('drops the carriage return of Windows and the byte order mark of the first line', () => {
    expect(read('fine\r').fields).toEqual({ text: 'fine' })
    expect(read('\uFEFF{"text":"fine"}\r', 'auto', 1).fields).toEqual({ text: 'fine' })
    expect(read('\uFEFFfine', 'auto', 2).fields).toEqual({ text: '\uFEFFfine' })
  })

  it('refuses the beginning of a line that was too long', () => {
    const item = readTextLine({ number: 1, end: 5, bytes: Buffer.from('begin'), whole: false }, 'auto')
    expect(item.error).toMatchObject({ code: 'VAL_TEXT_TOO_LARGE' })
  })

  it('keeps an empty line as an empty text: whoever scores it says so', () => {
    expect(read('').fields).toEqual({ text: '' })
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
