import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createTokenizer } from '../../../src/inference/tokenizer.ts'
import { resolveModel } from '../../../src/model/model-location.ts'
import { nastyTexts } from '../../support/nasty-texts.ts'

const packaged = join(resolveModel(undefined), 'tokenizer.json')
/** Tokenizing is done on the event loop, so this is how long one text can hold it up; docs/security.md names it. */
const budgetMs = 20

describe.runIf(existsSync(packaged))('64 KiB for the tokenizer of the packaged model', () => {
  const tokenizer = createTokenizer(existsSync(packaged) ? JSON.parse(readFileSync(packaged, 'utf8')) : {}, 256)

  it.each(Object.keys(nastyTexts))('%s stays within the budget', (name) => {
    const text = nastyTexts[name] as string
    expect(Buffer.byteLength(text)).toBeGreaterThan(60_000)
    const times = Array.from({ length: 7 }, () => {
      const startedAt = performance.now()
      expect(tokenizer.encode(text).ids.length).toBeLessThanOrEqual(256)
      return performance.now() - startedAt
    })
    // The machine may be busy; the text is what is measured.
    expect(Math.min(...times)).toBeLessThan(budgetMs)
  })

  it('marks beyond what a character can bear change no token', () => {
    const zalgo = (marks: number) => `go${'\u0e38\u0323\u0301'.repeat(marks)}od day`
    expect(tokenizer.encode(zalgo(400))).toEqual({ ...tokenizer.encode(zalgo(10)), truncated: false })
  })
})
