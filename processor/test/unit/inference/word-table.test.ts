import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hashOn, WordTable } from '../../../src/inference/word-table.ts'

const asItIs = Uint8Array.from({ length: 128 }, (_, code) => code)
const lower = asItIs.map((code) => (code >= 65 && code <= 90 ? code + 32 : code))

function find(table: WordTable, text: string, start = 0, end = text.length, fold = asItIs) {
  let hash = WordTable.seed
  for (let at = start; at < end; at++) hash = hashOn(hash, fold[text.charCodeAt(at)] as number)
  return table.find(text, start, end, hash, fold)
}

test('finds a word where it stands, folded', () => {
  const table = new WordTable(4, 100)
  expect([table.add('good', 7), table.add('ungood', [2, 3])]).toEqual([true, true])
  expect(find(table, 'so GOOD!', 3, 7, lower)).toBe(7)
  expect(find(table, 'so GOOD!', 3, 7)).toBeUndefined()
  expect(find(table, 'ungood')).toEqual([2, 3])
  expect(find(table, 'goo')).toBeUndefined()
})

test('keeps an id of 0 apart from none', () => {
  const table = new WordTable(4, 100)
  table.add('a', 0)
  expect(find(table, 'a')).toBe(0)
})

test('refuses what it cannot hold', () => {
  const table = new WordTable(2, 8)
  expect(['', 'é', 'x'.repeat(256), 'ninechars'].map((word) => table.add(word, 1))).toEqual([
    false,
    false,
    false,
    false,
  ])
  expect(['abc', 'def', 'g'].map((word) => table.add(word, 1))).toEqual([true, true, false])
})

test('finds whatever was put in and nothing else, as a map does', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(fc.uniqueArray(word, { maxLength: 120 }), fc.array(word), (known, asked) => {
      const table = new WordTable(120, 500)
      const map = new Map(known.map((each, id) => [each, id]))
      for (const [each, id] of map) table.add(each, id)
      for (const each of [...known, ...asked]) expect(find(table, each)).toBe(map.get(each))
    }),
  )
})
