import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { RepeatLimit } from '../../../src/observability/repeat-limit.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('RepeatLimit', () => {
  it('opens a new window after the old one, and summarises only suppressed lines', () => {
    const limit = new RepeatLimit({ burst: 2, windowMs: 100, maxKinds: 10 })
    const summarise = vi.fn()
    expect([1, 2, 3, 4].map(() => limit.admits('a', summarise))).toEqual([true, true, false, false])
    vi.advanceTimersByTime(100)
    expect(summarise.mock.calls).toEqual([[2]])
    expect(limit.admits('a', summarise)).toBe(true)
    vi.advanceTimersByTime(100)
    expect(summarise).toHaveBeenCalledTimes(1)
  })

  it('tracks at most maxKinds kinds; others are not limited', () => {
    const limit = new RepeatLimit({ burst: 1, windowMs: 100, maxKinds: 1 })
    const admit = (kind: string) => limit.admits(kind, () => undefined)
    expect(['a', 'a', 'b', 'b'].map(admit)).toEqual([true, false, true, true])
  })
})
