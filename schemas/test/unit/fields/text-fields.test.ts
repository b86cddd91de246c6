import { describe, expect, it } from 'vitest'
import { parseExactly, parseFieldPath, parseFieldPaths, readTextFields, type TextFields } from '../../../src/index.ts'

function fieldsAt(text: string, others: Partial<Record<keyof TextFields, string>> = {}): TextFields {
  const at = (name: keyof TextFields) => parseFieldPath(others[name] ?? name)
  return {
    text: parseFieldPaths(text),
    id: at('id'),
    occurredAt: at('occurredAt'),
    source: at('source'),
    lang: at('lang'),
    attributes: at('attributes'),
  }
}

/** As a JSON record is read. */
function read(json: string, text = 'text', others?: Partial<Record<keyof TextFields, string>>) {
  return readTextFields(fieldsAt(text, others), JSON.parse(json), () => parseExactly(Buffer.from(json)))
}

describe('readTextFields', () => {
  it('reads fields wherever they are', () => {
    const json = JSON.stringify({
      op: 'c',
      after: { review_id: 17, body: 'It is fine.', at: 1_700_000_000_000, meta: { stars: 4, tags: ['x'], shop: null } },
    })
    const fields = { id: 'after.review_id', occurredAt: 'after.at', attributes: 'after.meta', source: 'op' }
    expect(read(json, 'after.body', fields)).toEqual({
      id: '17',
      text: 'It is fine.',
      occurredAt: 1_700_000_000_000,
      source: 'c',
      lang: null,
      attributes: { stars: '4' },
    })
  })

  it('joins several texts by a blank line, and passes over those that are missing or blank', () => {
    const json = '{"title":"Good","pros":" ","cons":null,"body":"Really good."}'
    expect(read(json, 'title,pros,cons,more,body').text).toBe('Good\n\nReally good.')
  })

  it.each([
    ['17', '17'],
    ['9007199254740993', '9007199254740993'],
    ['123456789012345678901234567890', '123456789012345678901234567890'],
    ['1.10', '1.10'],
    ['1e400', '1e400'],
    ['-0.1', '-0.1'],
    ['true', 'true'],
    ['"a"', 'a'],
    ['""', null],
    ['null', null],
  ])('makes the id %s a string without loss', (id, expected) => {
    expect(read(`{"text":"x","id":${id}}`).id).toBe(expected)
  })

  it.each([
    ['{"text":"x","id":9007199254740993,"id":9007199254740995}', '9007199254740995'],
    ['{"text":"x","z":[{"a":1,"a":[]}],"id":1.50}', '1.50'],
    ['{"text":"x","id":9007199254740990.7}', '9007199254740990.7'],
    ['{"text":"x","__proto__":{"id":1},"id":1e999}', '1e999'],
  ])('keeps the digits in %s, as JSON.parse reads it', (json, id) => {
    expect(read(json).id).toBe(id)
  })

  it('keeps what it has of a number below __proto__', () => {
    expect(read('{"__proto__":{"t":0.5}}', '__proto__.t').text).toBe('0.5')
  })

  it('refuses a number whose digits are out of reach, and reads the same record without it', () => {
    const deep = `"z":${'['.repeat(100_000)}${']'.repeat(100_000)}`
    expect(() => read(`{"text":"x","id":0.1,${deep}}`)).toThrow(expect.objectContaining({ code: 'VAL_RECORD_INVALID' }))
    expect(read(`{"text":"x","id":1,${deep}}`).id).toBe('1')
  })

  it('takes a number or the whole value for a text', () => {
    expect(read('{"stars":[4.50]}', 'stars[0]').text).toBe('4.50')
    expect(readTextFields(fieldsAt('.'), 'a string of Avro').text).toBe('a string of Avro')
  })

  it('reads what avsc makes of longs, bytes and ambiguous unions', () => {
    class Branch {
      readonly string: string
      constructor(value: string) {
        this.string = value
      }
      unwrap() {
        return this.string
      }
    }
    const record = { text: Buffer.from('süß'), id: 2n ** 60n, occurredAt: 5n, source: new Branch('wrapped') }
    expect(readTextFields(fieldsAt('text'), record)).toMatchObject({
      text: 'süß',
      id: '1152921504606846976',
      occurredAt: 5,
      source: 'wrapped',
    })
  })

  it.each(['constructor', '__proto__', 'toString.name', 'text.length', 'list.length', 'list[1]', 'id.x'])(
    'finds nothing at %s, which is no field of the record',
    (path) => {
      expect(() => read('{"text":"abc","list":["a"],"id":null}', path)).toThrow(
        expect.objectContaining({ code: 'VAL_TEXT_MISSING' }),
      )
    },
  )

  it('reads fields with names that objects inherit', () => {
    expect(read('{"constructor":{"__proto__":"good"}}', 'constructor.__proto__').text).toBe('good')
    const { attributes } = read('{"text":"x","attributes":{"__proto__":"a","toString":1}}')
    expect(Object.entries(attributes)).toEqual([
      ['__proto__', 'a'],
      ['toString', '1'],
    ])
  })

  it.each([
    '{"source":{"db":"shop","table":"reviews"},"id":{"$oid":"5"},"lang":[],"attributes":"a","occurredAt":"yesterday"}',
    '{"source":[1],"id":[],"lang":{},"attributes":[{"a":1}],"occurredAt":1e300}',
    '{"occurredAt":{"$date":5},"attributes":7}',
  ])('takes what is of another kind in an optional field for absent: %s', (others) => {
    expect(read(`{"text":"x",${others.slice(1)}`)).toEqual({
      ...{ text: 'x', id: null, occurredAt: null, source: null, lang: null, attributes: {} },
    })
  })

  it.each([
    ['{"a":1}', 'VAL_TEXT_MISSING'],
    ['{"text":null}', 'VAL_TEXT_MISSING'],
    ['[]', 'VAL_TEXT_MISSING'],
    ['{"text":"  "}', 'VAL_TEXT_EMPTY'],
    ['{"text":{"de":"gut"}}', 'VAL_RECORD_INVALID'],
    ['{"text":["gut"]}', 'VAL_RECORD_INVALID'],
    ['{"text":"\\ud800"}', 'VAL_RECORD_NOT_UTF8'],
    ['{"text":"x","attributes":{"\\udc00":1}}', 'VAL_RECORD_NOT_UTF8'],
  ])('refuses %s as %s', (json, code) => {
    expect(() => read(json)).toThrow(expect.objectContaining({ code }))
  })

  it('names the path of the field that is wrong', () => {
    expect(() => read('{"a":{"text":{}}}', 'a.text')).toThrow('a.text must be a string, a number or a boolean')
  })
})
