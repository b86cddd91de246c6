import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Tokenizer as LibraryTokenizer } from '@huggingface/tokenizers'
import { describe, expect, test } from 'vitest'
import { createTokenizer } from '../../../src/inference/tokenizer.ts'
import { resolveModel } from '../../../src/model/model-location.ts'
import { tinyTokenizer, tinyVocabulary as v } from '../../support/tiny-model.ts'

const cls = v['[CLS]']
const sep = v['[SEP]']
const unk = v['[UNK]']

describe('encode', () => {
  const tokenizer = createTokenizer(tinyTokenizer, 8)

  test('gives the ids between the special tokens', () => {
    expect(tokenizer.encode('Good ungood!')).toEqual({
      ids: Int32Array.of(cls, v.good, v.un, v['##good'], unk, sep),
      truncated: false,
    })
  })

  test('gives only the special tokens for a text of nothing it can see', () => {
    expect(tokenizer.encode(' ')).toEqual({ ids: Int32Array.of(cls, sep), truncated: false })
  })

  test('keeps the special tokens when it truncates', () => {
    const { ids, truncated } = tokenizer.encode('good '.repeat(7))
    expect(ids).toEqual(Int32Array.of(cls, ...new Array(6).fill(v.good), sep))
    expect(truncated).toBe(true)
  })

  test('does not call a text truncated that just fits', () => {
    const { ids, truncated } = tokenizer.encode('good '.repeat(6))
    expect(ids.length).toBe(8)
    expect(truncated).toBe(false)
  })

  test('cuts a long text between words, so that the cut invents no token', () => {
    // 8 tokens × 8 characters: the 64th character lies within the last "good".
    const { ids } = tokenizer.encode(`${'x'.repeat(60)} ungood good`)
    expect([...ids]).toEqual([cls, unk, v.un, v['##good'], v.good, sep])
    const long = tokenizer.encode(`${' '.repeat(187)}good ungood`)
    expect([...long.ids]).toEqual([cls, v.good, sep])
    expect(long.truncated).toBe(true)
  })

  test('never cuts a character in two', () => {
    const { truncated } = tokenizer.encode(`a${'😂'.repeat(500)}`)
    expect(truncated).toBe(true)
  })

  test('refuses a limit that leaves no room for the text', () => {
    expect(() => createTokenizer(tinyTokenizer, 2)).toThrow('no room')
  })
})

test('a text costs a bounded time whatever it is', () => {
  const tokenizer = createTokenizer(tinyTokenizer, 256)
  const size = 64 * 1024
  const texts = {
    letters: 'a'.repeat(size),
    'words that almost match': `${'ungood'.repeat(16)}x `.repeat(size / 98),
    'words without a match': `${'un'.repeat(49)}! `.repeat(size / 100),
    punctuation: '!'.repeat(size),
    spaces: ' '.repeat(size),
    accents: 'é́'.repeat(size / 3),
    emoji: '😂'.repeat(size / 2),
    'special tokens': '[CLS]'.repeat(size / 5),
  }
  for (const [name, text] of Object.entries(texts)) {
    tokenizer.encode(text)
    const times = Array.from({ length: 5 }, () => {
      const start = performance.now()
      expect(tokenizer.encode(text).truncated, name).toBe(true)
      return performance.now() - start
    })
    // Some milliseconds; the library alone takes seconds for some of them. The machine may be busy.
    expect(Math.min(...times), name).toBeLessThan(40)
  }
})

const packaged = join(resolveModel(undefined), 'tokenizer.json')
/** Ids that the Python tokenizer gave to texts of every kind; written by the training recipe. */
const goldenIds = join(resolveModel(undefined), 'tokenizer-golden.json')

describe.runIf(existsSync(packaged))('with the tokenizer of the packaged model', () => {
  const definition = JSON.parse(existsSync(packaged) ? readFileSync(packaged, 'utf8') : '{}')
  const texts = [
    'I love it',
    "Not bad at all, isn't it?!",
    '@someone look: https://example.com/a?b=c &amp; more…',
    '😂😂 best day 👍🏽',
    'Ünïcödé and 漢字 and русский',
    'antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis',
    'a [SEP] in the text',
    `${'long words and short ones '.repeat(200)}end`,
  ]

  test.each(texts)('gives what the library gives: %s', (text) => {
    const library = new LibraryTokenizer(definition, {})
    const expected: number[] = library.encode(text).ids
    const kept = expected.length > 64 ? [...expected.slice(0, 63), expected.at(-1)] : expected
    const { ids, truncated } = createTokenizer(definition, 64).encode(text)
    expect([...ids]).toEqual(kept)
    expect(truncated).toBe(expected.length > 64)
  })
})

test.runIf(existsSync(goldenIds))('the packaged tokenizer gives what Python gave when the model was trained', () => {
  const tokenizer = createTokenizer(JSON.parse(readFileSync(packaged, 'utf8')), 256)
  const golden = JSON.parse(readFileSync(goldenIds, 'utf8')) as { text: string; ids: number[] }[]
  expect(golden.length).toBeGreaterThan(20)
  for (const { text, ids } of golden) expect([...tokenizer.encode(text).ids], text.slice(0, 80)).toEqual(ids)
})
