import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { followWithReconnect } from '../../../src/kafka/follow-with-reconnect.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  vi.useRealTimers()
})

it('connects again with growing pauses, and with short ones once it was connected', async () => {
  const stop = new AbortController()
  const delays: number[] = []
  const outcomes = ['lost', 'lost', 'connected', 'lost']
  const following = followWithReconnect(
    {
      async follow(_signal, onConnected) {
        const outcome = outcomes.shift()
        if (outcome === undefined) return stop.abort()
        if (outcome === 'connected') onConnected()
        throw new Error(outcome)
      },
    },
    { signal: stop.signal, onConnected: () => delays.push(0), onEnded: (lost) => lost && delays.push(lost.delayMs) },
  )
  for (let round = 0; round < 10; round += 1) await vi.advanceTimersByTimeAsync(5_000)
  await following
  expect(delays).toEqual([500, 1_000, 0, 2_000, 1_000])
})

it('ends without a word when it is told to stop', async () => {
  const stop = new AbortController()
  const ended: unknown[] = []
  await followWithReconnect(
    { follow: async () => stop.abort() },
    { signal: stop.signal, onConnected: () => undefined, onEnded: (lost) => ended.push(lost) },
  )
  expect(ended).toEqual([undefined])
})
