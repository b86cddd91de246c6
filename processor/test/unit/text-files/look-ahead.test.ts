import { collect } from '@valence/testing/processes/cli-run'
import { describe, expect, it } from 'vitest'
import { lookAhead } from '../../../src/text-files/look-ahead.ts'
import type { TextItem } from '../../../src/text-files/text-line.ts'

const item = (line: number): TextItem => ({ line, end: line, fields: { text: String(line) } })

async function* source(count: number, size: number): AsyncGenerator<readonly TextItem[]> {
  for (let at = 0; at < count; at += size) {
    yield Array.from({ length: Math.min(size, count - at) }, (_, index) => item(at + index + 1))
  }
}

async function linesOf(items: AsyncIterable<readonly TextItem[]>): Promise<number[]> {
  return (await collect(items)).flat().map(({ line }) => line)
}

describe('lookAhead', () => {
  it.each([
    [0, 'few'],
    [1, 'few'],
    [32, 'few'],
    [33, 'many'],
    [1_000, 'many'],
  ] as const)('calls %i texts %s and gives back all of them in order', async (count, expected) => {
    const { amount, items } = await lookAhead(source(count, 5))
    expect(amount).toBe(expected)
    expect(await linesOf(items)).toEqual(Array.from({ length: count }, (_, index) => index + 1))
  })

  it('reads no further than it must', async () => {
    let taken = 0
    async function* counting() {
      for await (const items of source(1_000, 10)) {
        taken += 1
        yield items
      }
    }
    await lookAhead(counting())
    expect(taken).toBe(4)
  })

  it('takes an input that is slow to come for a stream, and loses nothing of it', async () => {
    const later = Promise.withResolvers<void>()
    async function* slow(): AsyncGenerator<readonly TextItem[]> {
      yield [item(1)]
      await later.promise
      yield [item(2)]
    }
    const { amount, items } = await lookAhead(slow())
    expect(amount).toBe('many')
    later.resolve()
    expect(await linesOf(items)).toEqual([1, 2])
  })

  it('passes on what goes wrong while reading', async () => {
    async function* broken(): AsyncGenerator<readonly TextItem[]> {
      yield [item(1)]
      throw new Error('disk on fire')
    }
    await expect(lookAhead(broken())).rejects.toThrow('disk on fire')
  })
})
