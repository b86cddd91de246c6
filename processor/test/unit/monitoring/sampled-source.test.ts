import { expect, it } from 'vitest'
import { SampledSource } from '../../../src/monitoring/sampled-source.ts'

const never = new AbortController().signal

/** A source whose answers the test decides. */
function controlled(patienceMs = 1_000) {
  const asked: PromiseWithResolvers<number>[] = []
  const source = new SampledSource(() => {
    const next = Promise.withResolvers<number>()
    asked.push(next)
    return next.promise
  })
  return {
    source,
    asked,
    answer: async (answer: number | Error) => {
      const looking = source.look(patienceMs, never)
      if (answer instanceof Error) asked.at(-1)?.reject(answer)
      else asked.at(-1)?.resolve(answer)
      await looking
    },
  }
}

const values = (pair: readonly { value: number }[] | undefined) => pair?.map(({ value }) => value)

it('keeps the last two answers', async () => {
  const { source, answer } = controlled()
  await answer(1)
  expect([source.latest?.value, source.pair]).toEqual([1, undefined])
  await answer(2)
  await answer(3)
  expect(values(source.pair)).toEqual([2, 3])
  expect(values(source.currentPair)).toEqual([2, 3])
})

it('has no current pair across a gap, but still the one before it', async () => {
  const { source, answer } = controlled()
  await answer(1)
  await answer(2)
  await answer(new Error('away'))
  expect(source.error).toEqual(new Error('away'))
  expect([values(source.pair), source.currentPair]).toEqual([[1, 2], undefined])
  await answer(7)
  expect([source.error, values(source.pair), source.currentPair]).toEqual([undefined, [1, 2], undefined])
  await answer(8)
  expect(values(source.currentPair)).toEqual([7, 8])
})

it('does not wait for ever, asks nobody twice at a time, and takes the late answer', async () => {
  const { source, asked } = controlled()
  await source.look(1, never)
  await source.look(1, never)
  expect(asked).toHaveLength(1)
  const looking = source.look(1_000, never)
  asked[0]?.resolve(5)
  await looking
  expect(source.latest?.value).toBe(5)
})

it('stops waiting when it is told to', async () => {
  const { source } = controlled()
  const stop = new AbortController()
  const looking = source.look(60_000, stop.signal)
  stop.abort()
  await looking
  expect(source.latest).toBeUndefined()
})
