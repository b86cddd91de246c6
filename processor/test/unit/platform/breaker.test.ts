import { describe, expect, it, vi } from 'vitest'
import { type BreakerState, createBreaker } from '../../../src/platform/breaker.ts'

const fail = () => Promise.reject(new Error('away'))

describe('a breaker', () => {
  it('opens after consecutive failures, fails at once, and closes after a successful call', async () => {
    const states: BreakerState[] = []
    let failures = 0
    const breaker = createBreaker({
      part: 'redis',
      timeoutMs: 1_000,
      breakAfter: 2,
      breakMs: 30,
      onState: (_, state) => states.push(state),
      onFailure: () => failures++,
    })
    await expect(breaker.run(fail)).rejects.toThrow('away')
    await expect(breaker.run(fail)).rejects.toThrow('away')
    expect(breaker.state).toBe('open')
    let called = false
    await expect(
      breaker.run(async () => {
        called = true
      }),
    ).rejects.toThrow()
    expect(called).toBe(false)
    await expect.poll(() => breaker.run(async () => 'back').catch(() => 'away')).toBe('back')
    expect(states).toEqual(['closed', 'open', 'half-open', 'closed'])
    expect(failures).toBe(2)
  })

  it('aborts a call at the timeout and counts it as failed', async () => {
    const breaker = createBreaker({ part: 'redis', timeoutMs: 10, breakAfter: 1 })
    const aborted = Promise.withResolvers<void>()
    const call = breaker.run((signal) => {
      signal.addEventListener('abort', () => aborted.resolve())
      return new Promise(() => undefined)
    })
    await expect(call).rejects.toThrow()
    await aborted.promise
    expect(breaker.state).toBe('open')
  })

  it('closes in time although the clock is set back while it is open', async () => {
    const breaker = createBreaker({ part: 'redis', timeoutMs: 1_000, breakAfter: 1, breakMs: 30 })
    await expect(breaker.run(fail)).rejects.toThrow('away')
    const set = Date.now() - 3_600_000
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => set + performance.now())
    try {
      await expect(breaker.run(async () => 'too early')).rejects.toThrow()
      await new Promise((resolve) => setTimeout(resolve, 50))
      expect(await breaker.run(async () => 'back')).toBe('back')
    } finally {
      clock.mockRestore()
    }
  })
})
