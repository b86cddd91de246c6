import { createDice } from '@valence/testing/inputs/dice'
import { describe, expect, test } from 'vitest'
import {
  type BatchLimits,
  chooseBatch as chooseFrom,
  limitsFor,
  type WaitingText,
} from '../../../../src/scoring/batching/batch-policy.ts'

const limits: BatchLimits = { maxTexts: 4, maxTokens: 100, maxTokensBesideHttp: 40, maxAgeMs: 10 }

/** Texts that came one millisecond after the other, oldest first. */
const texts = (...tokens: number[]): WaitingText[] => tokens.map((count, at) => ({ tokens: count, enqueuedAt: at }))

/** `waiting`: oldest first. */
function chooseBatch<T extends WaitingText>(waiting: readonly T[], nowMs: number, some: BatchLimits, draining = false) {
  const byLength = waiting.toSorted((a, b) => a.tokens - b.tokens)
  return chooseFrom({ oldest: waiting[0], byLength }, nowMs, some, draining)
}

const lengths = (batch: { texts: readonly WaitingText[] } | undefined) => batch?.texts.map(({ tokens }) => tokens)

describe('a batch closes', () => {
  test('not while it pays to wait for company', () => {
    expect(chooseBatch(texts(5, 5, 5), 9, limits)).toBeUndefined()
    expect(chooseBatch([], 1_000, limits)).toBeUndefined()
  })

  test('on texts, when enough wait', () => {
    expect(chooseBatch(texts(5, 5, 5, 5), 3, limits)).toMatchObject({ cause: 'texts' })
  })

  test('on tokens, when enough wait', () => {
    expect(chooseBatch(texts(50, 50), 1, limits)).toMatchObject({ cause: 'tokens' })
  })

  test('on the age of the oldest', () => {
    expect(chooseBatch(texts(5), 10, limits)).toMatchObject({ cause: 'age' })
  })

  test('at once, when nothing more will come', () => {
    expect(chooseBatch(texts(5), 0, limits, true)).toMatchObject({ cause: 'drain' })
  })

  test('on tokens, when there were texts enough but their tokens filled it first', () => {
    const batch = chooseBatch(texts(40, 40, 40, 40), 3, limits)
    expect(batch?.cause).toBe('tokens')
    expect(lengths(batch)).toEqual([40, 40])
  })
})

describe('a batch holds', () => {
  test('the oldest text and those nearest to it in length', () => {
    expect(lengths(chooseBatch(texts(20, 90, 3, 21, 19, 22, 4, 60), 7, limits))).toEqual([19, 20, 21, 22])
  })

  test('no more padded tokens than allowed', () => {
    expect(lengths(chooseBatch(texts(30, 34, 34, 34), 3, limits))).toEqual([30, 34])
  })

  test('a text that is longer than allowed by itself', () => {
    expect(lengths(chooseBatch(texts(500, 5, 5), 2, limits))).toEqual([500])
  })

  test('no company that would cost more in padding than a batch of its own', () => {
    expect(lengths(chooseBatch(texts(5, 45), 20, limits))).toEqual([5])
    expect(lengths(chooseBatch(texts(45, 5, 44), 20, limits))).toEqual([44, 45])
  })

  test('texts of one length in any order without loss', () => {
    expect(chooseBatch(texts(9, 9, 9, 9, 9, 9), 5, limits)?.texts).toHaveLength(4)
  })
})

describe('whatever waits', () => {
  interface Numbered extends WaitingText {
    readonly number: number
  }

  /** Feeds random texts at random times and takes batches until nothing waits. */
  function run(seed: number) {
    const dice = createDice(seed)
    const some: BatchLimits = {
      maxTexts: 1 + dice.int(20),
      maxTokens: 20 + dice.int(500),
      maxTokensBesideHttp: 16,
      maxAgeMs: dice.int(10),
    }
    const taken: Numbered[][] = []
    let waiting: Numbered[] = []
    let nowMs = 0
    let number = 0
    for (let step = 0; step < 200 || waiting.length > 0; step++) {
      nowMs += dice.int(4)
      for (let i = dice.int(8); step < 200 && i > 0; i--) {
        waiting.push({ tokens: 2 + dice.int(dice.pick([10, 60, 300])), enqueuedAt: nowMs, number: number++ })
      }
      const before = waiting
      const batch = chooseBatch(waiting, nowMs, some)
      if (!batch) continue
      taken.push([...batch.texts])
      waiting = waiting.filter((text) => !batch.texts.includes(text))
      expect(batch.texts, 'the oldest is in it').toContain(before[0])
      expect(waiting.length, 'nothing twice').toBe(before.length - batch.texts.length)
    }
    return { taken, limits: some, fed: number }
  }

  test.each(Array.from({ length: 40 }, (_, seed) => seed))('no bound is broken and no text lost, seed %i', (seed) => {
    const { taken, limits: some, fed } = run(seed)
    for (const batch of taken) {
      const width = Math.max(...batch.map(({ tokens }) => tokens))
      expect(batch.length).toBeLessThanOrEqual(some.maxTexts)
      if (batch.length > 1) expect(width * batch.length).toBeLessThanOrEqual(some.maxTokens)
      const real = batch.reduce((sum, { tokens }) => sum + tokens, 0)
      expect(1 - real / (width * batch.length)).toBeLessThanOrEqual(0.2)
    }
    const numbers = taken.flat().map(({ number }) => number)
    expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: fed }, (_, number) => number))
  })

  test('a window of real lengths is cut with little padding', () => {
    const dice = createDice(7)
    let waiting = texts(...Array.from({ length: 256 }, () => 8 + dice.int(50)))
    let padded = 0
    let real = 0
    while (waiting.length > 0) {
      const batch = chooseBatch(waiting, 1_000, { maxTexts: 16, maxTokens: 256, maxTokensBesideHttp: 16, maxAgeMs: 1 })
      if (!batch) break
      waiting = waiting.filter((text) => !batch.texts.includes(text))
      padded += (batch.texts.at(-1)?.tokens ?? 0) * batch.texts.length
      real += batch.texts.reduce((sum, { tokens }) => sum + tokens, 0)
    }
    expect(padded / real).toBeLessThan(1.05)
  })
})

describe('limitsFor', () => {
  test('are shorter for the others while HTTP is about', () => {
    expect(limitsFor('kafka', true, limits)).toEqual({ ...limits, maxTokens: 40 })
    expect(limitsFor('cli', true, limits).maxTokens).toBe(40)
    expect(limitsFor('kafka', false, limits)).toEqual(limits)
    expect(limitsFor('http', true, limits)).toEqual(limits)
  })

  test('are never longer than without it', () => {
    expect(limitsFor('kafka', true, { ...limits, maxTokens: 16 }).maxTokens).toBe(16)
  })
})
