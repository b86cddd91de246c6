import { turns } from '@valence/testing/inputs/manual-clock'
import { describe, expect, test } from 'vitest'
import { CacheLevels } from '../../../../src/scoring/caching/cache-levels.ts'
import { MemoryCache } from '../../../../src/scoring/caching/memory-cache.ts'
import type { ScoreCache } from '../../../../src/scoring/caching/score-cache.ts'
import type { TextScore } from '../../../../src/scoring/text-score.ts'

const score = (tokens: number): TextScore => ({ probabilities: [1], tokens, truncated: false })

function sharedOf(entries: Record<string, TextScore> = {}) {
  const asked: string[][] = []
  const written: [string, TextScore][][] = []
  const shared: ScoreCache = {
    async getMany(keys) {
      asked.push([...keys])
      return keys.map((key) => entries[key])
    },
    setMany: (scores) => void written.push(scores.map(([key, value]) => [key, value])),
    close: async () => undefined,
  }
  return { shared, asked, written }
}

function levelsOf(options: { memory?: MemoryCache; shared?: ScoreCache }) {
  const lookups: string[] = []
  const levels = new CacheLevels({
    ...options,
    observer: { cacheLookup: (level, outcome, count) => lookups.push(`${level} ${outcome} ${count}`) },
  })
  return { levels, lookups }
}

test('without caches everything is missing and nothing is counted', async () => {
  const { levels, lookups } = levelsOf({})
  levels.set('a', score(1))
  expect(await levels.getMany(['a'])).toEqual([undefined])
  expect(lookups).toEqual([])
})

describe('a look-up', () => {
  test('asks the second level only for what the first does not have, and keeps what it finds', async () => {
    const memory = new MemoryCache(100_000)
    const { shared, asked } = sharedOf({ b: score(2) })
    const { levels, lookups } = levelsOf({ memory, shared })
    memory.set('a', score(1))
    expect(await levels.getMany(['a', 'b', 'c', 'b'])).toEqual([score(1), score(2), undefined, score(2)])
    expect(asked).toEqual([['b', 'c', 'b']])
    expect(lookups).toEqual(['memory hit 1', 'memory miss 3', 'shared hit 2', 'shared miss 1'])
    expect(memory.get('b')).toEqual(score(2))
    await levels.getMany(['a', 'b'])
    expect(asked).toHaveLength(1)
  })

  test('is answered at once where the first level is all there is, or has everything', async () => {
    const memory = new MemoryCache(100_000)
    memory.set('a', score(1))
    expect(levelsOf({ memory }).levels.getMany(['a', 'b'])).toEqual([score(1), undefined])
    const { levels } = levelsOf({ memory, shared: sharedOf().shared })
    expect(levels.getMany(['a'])).toEqual([score(1)])
    expect(levels.getMany(['b'])).toBeInstanceOf(Promise)
  })

  test('works with either level alone', async () => {
    const memory = new MemoryCache(100_000)
    memory.set('a', score(1))
    expect(await levelsOf({ memory }).levels.getMany(['b', 'a'])).toEqual([undefined, score(1)])
    const { shared } = sharedOf({ a: score(1) })
    expect(await levelsOf({ shared }).levels.getMany(['b', 'a'])).toEqual([undefined, score(1)])
  })
})

test('the scores of one turn of the event loop are written in one go', async () => {
  const memory = new MemoryCache(100_000)
  const { shared, written } = sharedOf()
  const { levels } = levelsOf({ memory, shared })
  levels.set('a', score(1))
  levels.set('b', score(2))
  expect(memory.get('a')).toEqual(score(1))
  await turns()
  levels.set('c', score(3))
  await turns()
  expect(written).toEqual([
    [
      ['a', score(1)],
      ['b', score(2)],
    ],
    [['c', score(3)]],
  ])
})
