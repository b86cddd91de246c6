import { expect, it } from 'vitest'
import { LagWatch } from '../../../../src/http/stream/lag-watch.ts'

function openWatch() {
  const state = { now: 0, reads: 0, read: async () => 7n }
  const watch = new LagWatch(
    () => {
      state.reads++
      return state.read()
    },
    5_000,
    () => state.now,
  )
  return { state, watch }
}

it('reads when asked, and answers with what was read last', async () => {
  const { state, watch } = openWatch()
  expect(state.reads).toBe(0)
  expect(watch.latest()).toBeNull()
  await watch.settled()
  state.read = async () => 9n
  expect(watch.latest()).toBe(7)
  await watch.settled()
  expect(watch.latest()).toBe(9)
})

it('reads once at a time', async () => {
  const { state, watch } = openWatch()
  const slow = Promise.withResolvers<bigint>()
  state.read = () => slow.promise
  for (let i = 0; i < 10; i++) watch.latest()
  expect(state.reads).toBe(1)
  slow.resolve(1n)
  await watch.settled()
  expect(watch.latest()).toBe(1)
})

it('says nothing of what is too long ago, or could not be read', async () => {
  const { state, watch } = openWatch()
  watch.latest()
  await watch.settled()
  state.now = 5_001
  expect(watch.latest()).toBeNull()
  await watch.settled()
  expect(watch.latest()).toBe(7)
  await watch.settled()
  state.read = () => Promise.reject(new Error('away'))
  watch.latest()
  await watch.settled()
  expect(watch.latest()).toBeNull()
})
