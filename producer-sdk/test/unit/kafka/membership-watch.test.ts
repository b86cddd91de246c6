import { beforeEach, describe, expect, it } from 'vitest'
import { MembershipWatch } from '../../../src/kafka/membership-watch.ts'

let now: number
let watch: MembershipWatch

/** So many seconds, in each of which the watch looks once. */
function seconds(count: number, each: () => void): boolean {
  for (let second = 0; second < count; second += 1) {
    now += 1_000
    each()
    if (watch.turn()) return true
  }
  return false
}

beforeEach(() => {
  now = 5_000
  watch = new MembershipWatch(10_000, 1_000, () => now)
})

describe('the membership watch', () => {
  it('counts on nothing before the first join, and on the last confirmation for as long as the session lasts', () => {
    expect(watch.isMember).toBe(false)
    watch.confirmed()
    now += 9_999
    expect(watch.isMember).toBe(true)
    now += 1
    expect(watch.isMember).toBe(false)
    watch.confirmed()
    expect(watch.isMember).toBe(true)
  })

  it('takes fetching without a heartbeat for longer than the session for lost', () => {
    watch.confirmed()
    expect(seconds(10, () => watch.fetched())).toBe(false)
    expect(seconds(1, () => watch.fetched())).toBe(true)
  })

  it('is content while heartbeats are answered', () => {
    expect(
      seconds(100, () => {
        watch.fetched()
        watch.confirmed()
      }),
    ).toBe(false)
  })

  it('waits while nothing is fetched either: a long join, or a broker that is away', () => {
    watch.confirmed()
    expect(seconds(100, () => undefined)).toBe(false)
    expect(watch.isMember).toBe(false)
  })

  it('does not take a process that was stopped for an hour for lost', () => {
    watch.confirmed()
    now += 3_600_000
    watch.fetched()
    expect(watch.turn()).toBe(false)
    expect(watch.isMember).toBe(false)
  })
})
