import { describe, expect, it } from 'vitest'
import {
  type HeaderRecord,
  headersByName,
  headersFromRecord,
  headerText,
  httpHeaderText,
  recordHeader,
  withHeader,
} from '../../src/index.ts'

/** Names that every object inherits. */
const inherited = ['constructor', '__proto__', 'toString', 'valueOf', 'hasOwnProperty', '__defineGetter__']

describe('headersFromRecord', () => {
  it('lists each value of each name', () => {
    const record = { a: 'ü', b: [Buffer.from('1'), '2', null], none: undefined, c: null, d: [], e: '' }
    expect(headersFromRecord(record)).toStrictEqual([
      { name: 'a', value: Buffer.from('ü') },
      { name: 'b', value: Buffer.from('1') },
      { name: 'b', value: Buffer.from('2') },
      { name: 'b', value: null },
      { name: 'c', value: null },
      { name: 'e', value: Buffer.alloc(0) },
    ])
  })

  it('lists own names only, and no value for inherited names', () => {
    expect(headersFromRecord({})).toEqual([])
    const record = Object.fromEntries(inherited.map((name) => [name, 'own']))
    expect(headersFromRecord(record)).toEqual(inherited.map((name) => recordHeader(name, 'own')))
    // The stock decoder puts the inherited property before the values.
    const stock = Object.fromEntries(
      inherited.map((name) => [name, [({} as Record<string, unknown>)[name], Buffer.from('own')]]),
    )
    expect(headersFromRecord(stock as HeaderRecord)).toEqual(inherited.map((name) => recordHeader(name, 'own')))
  })
})

describe('headersByName', () => {
  it('has a single value as it is and several as an array', () => {
    const list = [recordHeader('x', '1'), recordHeader('y', null), recordHeader('x', null), recordHeader('x', '2')]
    expect({ ...headersByName(list) }).toEqual({ x: [Buffer.from('1'), null, Buffer.from('2')], y: null })
  })

  it.each(inherited)('has %s only if there is such a header', (name) => {
    expect(headersByName([])[name]).toBeUndefined()
    const record = headersByName([recordHeader(name, '1'), recordHeader(name, '2')])
    expect(Object.keys(record)).toEqual([name])
    expect(record[name]).toEqual([Buffer.from('1'), Buffer.from('2')])
    expect(headersFromRecord(record)).toEqual([recordHeader(name, '1'), recordHeader(name, '2')])
  })
})

describe('headerText', () => {
  it.each([
    [[recordHeader('a', 'x')], 'x'],
    [[recordHeader('b', 'y'), recordHeader('a', Buffer.from('é'))], 'é'],
    [[recordHeader('a', '1'), recordHeader('a', '2')], '1'],
    [[recordHeader('a', null)], undefined],
    [[recordHeader('a', '')], ''],
    [[], undefined],
  ])('of %j is %j', (headers, text) => {
    expect(headerText(headers, 'a')).toBe(text)
  })

  it.each(inherited)('does not find %s if there is none', (name) => {
    expect(headerText([], name)).toBeUndefined()
  })
})

describe('httpHeaderText', () => {
  it('finds a name in any case, as bridges from HTTP write it', () => {
    const list = [
      recordHeader('Content', 'no'),
      recordHeader('Content-Type', 'a/b'),
      recordHeader('content-type', 'c/d'),
    ]
    expect(httpHeaderText(list, 'content-type')).toBe('a/b')
    expect(httpHeaderText([recordHeader('CONTENT-TYPE', null)], 'content-type')).toBeUndefined()
    expect(httpHeaderText([], 'content-type')).toBeUndefined()
  })
})

it('withHeader replaces all headers of the name by one, and keeps the order of the others', () => {
  const list = [recordHeader('a', '1'), recordHeader('b', '2'), recordHeader('a', null), recordHeader('c', '3')]
  expect(withHeader(list, 'a', 'new')).toEqual([list[1], list[3], recordHeader('a', 'new')])
  expect(list).toHaveLength(4)
})
