import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Tokenizer as LibraryTokenizer } from '@huggingface/tokenizers'
import { nastyTexts } from '@valence/testing/inputs/nasty-texts'
import { describe, expect, it } from 'vitest'
import { createTokenizer } from '../../../src/inference/tokenizer.ts'
import { resolveModel } from '../../../src/model/model-location.ts'

const packaged = join(resolveModel(undefined), 'tokenizer.json')
/** Tokenizing is done on the event loop, so this is how long one text can hold it up; docs/security.md names it. */
const budgetMs = 20

describe.runIf(existsSync(packaged))('64 KiB for the tokenizer of the packaged model', () => {
  const definition = existsSync(packaged) ? JSON.parse(readFileSync(packaged, 'utf8')) : {}
  const tokenizer = createTokenizer(definition, 256)

  it.each(Object.keys(nastyTexts))('%s stays within the budget', (name) => {
    const text = nastyTexts[name] as string
    expect(Buffer.byteLength(text)).toBeGreaterThan(60_000)
    const times = Array.from({ length: 7 }, () => {
      const before = process.threadCpuUsage().user
      expect(tokenizer.encode(text).ids.length).toBeLessThanOrEqual(256)
      return (process.threadCpuUsage().user - before) / 1_000
    })
    // Time of this thread: the machine may be busy.
    expect(Math.min(...times)).toBeLessThan(budgetMs)
  })

  const fewTokens = [
    'spaces',
    'kinds of space',
    'zero width',
    'controls',
    'marks alone',
    'punctuation',
    'hangul',
    'emoji',
  ]

  it.each(fewTokens)('what stands behind %s is read', (name) => {
    const text = `good ${nastyTexts[name]} bad`
    const expected = new LibraryTokenizer(definition, {}).encode(text).ids
    expect(tokenizer.encode(text)).toEqual({ ids: Int32Array.from(expected), truncated: false })
  })

  it('marks beyond what a character can bear change no token', () => {
    const zalgo = (marks: number) => `go${'\u0e38\u0323\u0301'.repeat(marks)}od day`
    expect(tokenizer.encode(zalgo(400))).toEqual({ ...tokenizer.encode(zalgo(10)), truncated: false })
  })
})
