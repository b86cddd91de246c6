import { expect, test } from 'vitest'
import { createWordPiece } from '../../../src/inference/word-piece.ts'

const pieces = new Map(['[UNK]', 'un', '##aff', '##able', '##a', 'able', 'a', '##b'].map((piece, id) => [piece, id]))
const wordPiece = createWordPiece({ pieces, unknownToken: '[UNK]', prefix: '##', maxCharsPerWord: 10 })
const { tokens } = wordPiece

test('a word is cut into the longest pieces from its start', () => {
  expect(tokens(['unaffable'], 99)).toEqual(['un', '##aff', '##able'])
})

test('a word of the vocabulary stays whole', () => {
  expect(tokens(['able', 'a'], 99)).toEqual(['able', 'a'])
})

test('a word without a split is unknown as a whole', () => {
  expect(tokens(['unaffx', 'a'], 99)).toEqual(['[UNK]', 'a'])
})

test('a word beyond the limit of characters is unknown; characters count, not UTF-16 units', () => {
  expect(tokens(['a'.repeat(11)], 99)).toEqual(['[UNK]'])
  expect(tokens(['a'.repeat(10)], 99)).toEqual(['a', ...new Array(9).fill('##a')])
  const emoji = createWordPiece({
    pieces: new Map([['😂'.repeat(6), 0]]),
    unknownToken: '[UNK]',
    prefix: '##',
    maxCharsPerWord: 10,
  })
  expect(emoji.tokens(['😂'.repeat(6)], 99)).toEqual(['😂'.repeat(6)])
})

test('no more words are read once there are enough tokens', () => {
  const words = ['a', 'a', 'a', 'a']
  expect(tokens(words, 2)).toEqual(['a', 'a'])
})

test('a single word is cut alike', () => {
  expect(['unaffable', 'able', 'x', 'a'.repeat(11)].map(wordPiece.split)).toEqual([
    ['un', '##aff', '##able'],
    ['able'],
    ['[UNK]'],
    ['[UNK]'],
  ])
})
