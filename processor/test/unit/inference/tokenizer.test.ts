import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Tokenizer as LibraryTokenizer } from '@huggingface/tokenizers'
import { tinyTokenizer, tinyVocabulary as v } from '@valence/testing/models/tiny-model'
import { describe, expect, test } from 'vitest'
import { createTokenizer } from '../../../src/inference/tokenizer.ts'
import { resolveModel } from '../../../src/model/model-location.ts'

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
    // 8 tokens × 24 characters: the 192nd character lies within "ungood".
    const long = tokenizer.encode(`${' '.repeat(180)}good ungood${' good'.repeat(9)}`)
    expect([...long.ids]).toEqual([cls, v.good, v.un, v['##good'], v.good, v.good, v.good, sep])
    expect(long.truncated).toBe(true)
  })

  test('takes a long word of characters of two units for one unknown token', () => {
    expect(tokenizer.encode(`a${'😂'.repeat(500)}`)).toEqual({ ids: Int32Array.of(cls, unk, sep), truncated: false })
  })

  test('refuses a limit that leaves no room for the text', () => {
    expect(() => createTokenizer(tinyTokenizer, 2)).toThrow('no room')
  })
})

/** What a tokenizer drops, or makes few tokens of, at the size limit of a text. */
const nothings = {
  spaces: ' '.repeat(60_000),
  'kinds of space': '\u00a0\u2003\u3000\t\r\n\u2028'.repeat(3_000),
  controls: '\u0001\u000b\u000c\u0085'.repeat(10_000),
  'zero width': '\u200b\u2060\ufeff'.repeat(7_000),
  'soft hyphens': '\u00ad'.repeat(30_000),
  'replacement characters': '\ufffd'.repeat(20_000),
}

describe('words a long way apart', () => {
  const tokenizer = createTokenizer(tinyTokenizer, 8)

  test.each(Object.entries(nothings))('are both read: %s', (_, nothing) => {
    const both = { ids: Int32Array.of(cls, v.good, v.bad, sep), truncated: false }
    expect(tokenizer.encode(`good ${nothing} bad`)).toEqual(both)
    expect(tokenizer.encode(`${nothing} good bad ${nothing}`)).toEqual(both)
    expect(tokenizer.encode(`go${'\u200b'.repeat(20_000)}od bad`)).toEqual(both)
  })

  test('are both read beside a long word, which is one unknown token', () => {
    const { ids, truncated } = tokenizer.encode(`good ${'x'.repeat(60_000)} bad`)
    expect([[...ids], truncated]).toEqual([[cls, v.good, unk, v.bad, sep], false])
  })

  test('are cut off where there are too many tokens before them', () => {
    const { ids, truncated } = tokenizer.encode(`${`good${' '.repeat(1_000)}`.repeat(7)}bad`)
    expect([[...ids], truncated]).toEqual([[cls, ...new Array(6).fill(v.good), sep], true])
  })

  test('are both read by a tokenizer of another kind', () => {
    const split = { type: 'Sequence', pretokenizers: [{ type: 'WhitespaceSplit' }, { type: 'Metaspace' }] }
    const pieces = ['<unk>', '▁good', '▁bad', '▁'].map((piece) => [piece, -1])
    const model = { type: 'Unigram', unk_id: 0, vocab: pieces }
    const post = {
      ...tinyTokenizer.post_processor,
      special_tokens: {},
      single: [{ Sequence: { id: 'A', type_id: 0 } }],
    }
    const unigram = { ...tinyTokenizer, normalizer: null, pre_tokenizer: split, post_processor: post, model }
    const other = createTokenizer({ ...unigram, added_tokens: [] }, 8)
    for (const nothing of ['spaces', 'kinds of space'] as const) {
      const { ids, truncated } = other.encode(`good ${nothings[nothing]} bad`)
      expect([[...ids], truncated]).toEqual([[1, 2], false])
    }
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
      const start = process.threadCpuUsage().user
      expect(tokenizer.encode(text).ids.length, name).toBeLessThanOrEqual(256)
      return (process.threadCpuUsage().user - start) / 1_000
    })
    // Milliseconds of this thread: the library alone takes seconds for some of them.
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
