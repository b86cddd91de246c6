import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Tokenizer as LibraryTokenizer } from '@huggingface/tokenizers'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createPlainTextEncoder } from '../../../src/inference/plain-text.ts'
import { createTokenizer } from '../../../src/inference/tokenizer.ts'
import { createWordPiece } from '../../../src/inference/word-piece.ts'
import { resolveModel } from '../../../src/model/model-location.ts'

const pieces = new Map(['[UNK]', 'good', 'un', '##good', '!', 'a'].map((piece, id) => [piece, id]))
const wordPiece = createWordPiece({ pieces, unknownToken: '[UNK]', prefix: '##', maxCharsPerWord: 20 })
const bert = { type: 'BertNormalizer', lowercase: true }
const parts = {
  normalizer: bert,
  replace: (text: string) => text,
  addedTokens: ['[SEP]'],
  pieces,
  wordPiece,
}

describe('the short way for plain text', () => {
  const encode = createPlainTextEncoder(parts)

  test('gives the ids of the pieces, the same the second time', () => {
    for (let time = 0; time < 2; time += 1) expect(encode('Good\nUNGOOD! no', 99)).toEqual([1, 2, 3, 4, 0])
  })

  test('stops where there are enough', () => {
    expect(encode('good ungood good', 2)).toEqual([1, 2, 3])
  })

  test('finds as many split words as there are, though it keeps some of them only', () => {
    const all = Array.from({ length: 20_000 }, (_, index) => `un${'a'.repeat(index % 3)}${index}`)
    for (const word of [...all, ...all.toReversed()]) expect(encode(`${word} good`, 99)).toEqual([0, 1])
    expect(encode('ungood', 99)).toEqual([2, 3])
  })

  test('stops before what is not plain only where no word touches it', () => {
    expect(encode('good é', 1)).toEqual([1])
    expect(encode('goode\u0301', 1)).toBeUndefined()
    expect(encode('good\u0000', 1)).toBeUndefined()
  })

  test.each(['naïve', 'good\u0000', 'a [SEP] b', '😂'])('is not for %j', (text) => {
    expect(encode(text, 99)).toBeUndefined()
  })

  test('comes after what the library replaces', () => {
    const replace = (text: string) => text.replaceAll('😂', ' good ')
    const normalizer = { type: 'Sequence', normalizers: [{ type: 'Replace' }, bert] }
    expect(createPlainTextEncoder({ ...parts, replace, normalizer })('a😂!', 99)).toEqual([5, 1, 4])
  })

  test('keeps the case where the normalizer does, and is not for other normalizers', () => {
    expect(createPlainTextEncoder({ ...parts, normalizer: { ...bert, lowercase: false } })('Good', 99)).toEqual([0])
    expect(createPlainTextEncoder({ ...parts, normalizer: { type: 'NFKC' } })('good', 99)).toBeUndefined()
    expect(createPlainTextEncoder({ ...parts, normalizer: null })('good', 99)).toBeUndefined()
  })
})

const packaged = join(resolveModel(undefined), 'tokenizer.json')

describe.runIf(existsSync(packaged))('the packaged tokenizer gives what the library gives', () => {
  const definition = JSON.parse(existsSync(packaged) ? readFileSync(packaged, 'utf8') : '{}')
  const library = new LibraryTokenizer(definition, {})
  const tokenizer = createTokenizer(definition, 10_000)
  const words = [
    'Good',
    'unbelievable',
    '@me',
    'http://x.y/z',
    '&amp;',
    '!!!!!',
    '....',
    '[SEP]',
    '\\u2019',
    '""',
    '’',
    '…',
    '😂',
    'é',
  ]
  function expectSame(text: string): void {
    expect([...tokenizer.encode(text).ids]).toEqual(library.encode(text).ids)
  }

  test('for any printable text', () => {
    const plain = fc.string({ unit: 'grapheme-ascii', maxLength: 200 })
    fc.assert(fc.property(plain, expectSame), { numRuns: 2_000 })
  })

  test('for any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 60 }), expectSame), { numRuns: 1_000 })
  })

  test('for what the normalizer is there for, among words', () => {
    const pieces = fc.array(fc.oneof(fc.constantFrom(...words), fc.lorem({ maxCount: 3 })), { maxLength: 20 })
    const joined = fc.tuple(pieces, fc.constantFrom(' ', '', '\n', '\t ')).map(([all, gap]) => all.join(gap))
    fc.assert(fc.property(joined, expectSame), { numRuns: 2_000 })
  })
})
