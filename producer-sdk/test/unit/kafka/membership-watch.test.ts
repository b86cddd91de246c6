import { beforeEach, describe, expect, it } from 'vitest'
import { MembershipWatch } from '../../../src/kafka/membership-watch.ts'

let now: number
let watch: MembershipWatch

/** So many seconds, in each of which the watch looks once. */
function seconds(count: number, each: () => void): string | undefined {
  for (let second = 0; second < count; second += 1) {
    now += 1_000
    each()
    const lost = watch.turn()
    if (lost !== undefined) return lost
  }
  return undefined
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
    expect(seconds(10, () => watch.fetched())).toBeUndefined()
    expect(seconds(1, () => watch.fetched())).toBe('records are fetched, and no heartbeat is answered')
  })

  it('is content while heartbeats are answered', () => {
    expect(
      seconds(100, () => {
        watch.fetched()
        watch.confirmed()
      }),
    ).toBeUndefined()
  })

  it('waits while nothing is fetched either: a long join, or a broker that is away', () => {
    watch.confirmed()
    expect(seconds(100, () => undefined)).toBeUndefined()
    expect(watch.isMember).toBe(false)
  })

  it('takes a second join in a row without an answer for lost, and no other request', () => {
    for (let round = 0; round < 3; round += 1) {
      watch.unanswered('JoinGroup')
      expect(watch.turn()).toBeUndefined()
      watch.confirmed()
    }
    for (let round = 0; round < 3; round += 1) watch.unanswered('FindCoordinator')
    watch.unanswered('JoinGroup')
    expect(watch.turn()).toBeUndefined()
    watch.unanswered('JoinGroup')
    expect(watch.turn()).toBe('the coordinator does not answer when this member joins')
  })

  it('does not take a process that was stopped for an hour for lost', () => {
    watch.confirmed()
    now += 3_600_000
    watch.fetched()
    expect(watch.turn()).toBeUndefined()
    expect(watch.isMember).toBe(false)
  })
})
