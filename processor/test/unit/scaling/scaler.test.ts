import { describe, expect, it } from 'vitest'
import type { LagSnapshot, PartitionLag } from '../../../src/kafka/group-lag.ts'
import { Scaler, type ScalerOptions } from '../../../src/scaling/scaler.ts'

const options: ScalerOptions = {
  targetSeconds: 60,
  minReplicas: 1,
  startSeconds: 20,
  rebalanceSeconds: 4,
  downAfterSeconds: 300,
  capacity: 100,
}

interface Shape {
  readonly members?: number
  readonly state?: string
  readonly end?: number
  readonly lag?: number
  readonly committed?: null
}

/** Four partitions, all alike. */
function snapshot(seconds: number, { members = 1, state = 'Stable', end = 0, lag = 0, committed }: Shape): LagSnapshot {
  const partitions = Array.from(
    { length: 4 },
    (_, partition): PartitionLag => ({
      topic: 't',
      partition,
      end: BigInt(end),
      lag: BigInt(lag),
      committed: committed === null ? null : BigInt(end - lag),
      owner: members === 0 ? null : `m-${partition % members}`,
    }),
  )
  return { groupId: 'g', state, at: seconds * 1_000, members, partitions, leaderless: [] }
}

describe('Scaler', () => {
  it('has no report before the broker has answered', () => {
    const scaler = new Scaler(options)
    expect(scaler.unreachable()).toBeUndefined()
    expect(scaler.report).toBeUndefined()
  })

  it('begins with the replicas that are there', () => {
    expect(new Scaler(options).observe(snapshot(0, { members: 3 }))).toMatchObject({
      desiredReplicas: 3,
      reason: 'waiting-to-go-down',
    })
  })

  it.each([
    [{ minReplicas: 3 }, 1, 3],
    [{ maxReplicas: 2 }, 3, 2],
    [{ minReplicas: 6 }, 1, 6],
  ])('begins within its limits, where the least is more than the partitions too: %o', (limits, members, desired) => {
    const scaler = new Scaler({ ...options, ...limits })
    expect(scaler.observe(snapshot(0, { members })).desiredReplicas).toBe(desired)
  })

  it('asks for as many as the arrivals need', () => {
    const scaler = new Scaler(options)
    for (let second = 0; second <= 20; second += 5) scaler.observe(snapshot(second, { end: 70 * second, lag: 10 }))
    expect(scaler.report).toMatchObject({ desiredReplicas: 4, replicas: 1, total: { arrivalsPerSecond: 280, lag: 40 } })
  })

  it('asks for replicas where nobody reads', () => {
    const scaler = new Scaler({ ...options, minReplicas: 0 })
    const waiting = { members: 0, state: 'Empty', committed: null, end: 50_000, lag: 50_000 } as const
    scaler.observe(snapshot(0, waiting))
    expect(scaler.observe(snapshot(5, waiting))).toMatchObject({ desiredReplicas: 4, uncommitted: 4 })
  })

  it('takes a partition without a leader for one without load, and keeps the counts of the others', () => {
    const scaler = new Scaler(options)
    const without = (own: LagSnapshot): LagSnapshot => ({
      ...own,
      partitions: own.partitions.slice(1),
      leaderless: [{ topic: 't', partition: 0 }],
    })
    scaler.observe(snapshot(0, { members: 4 }))
    expect(scaler.observe(without(snapshot(5, { members: 4 })))).toMatchObject({
      desiredReplicas: 4,
      leaderless: [{ topic: 't', partition: 0 }],
      total: { lag: 0 },
    })
    // Three partitions need 2.1 replicas. Three would share them evenly; of four partitions, four do.
    const busy = new Scaler(options)
    busy.observe(without(snapshot(0, { end: 0 })))
    expect(busy.observe(without(snapshot(5, { end: 350 }))).desiredReplicas).toBe(4)
  })

  it('stands still while the group rebalances', () => {
    const scaler = new Scaler(options)
    scaler.observe(snapshot(0, { end: 0 }))
    const moving = snapshot(5, { end: 90_000, lag: 90_000, state: 'PreparingRebalance' })
    expect(scaler.observe(moving)).toMatchObject({ desiredReplicas: 1, reason: 'rebalance' })
    expect(scaler.observe(snapshot(10, { end: 90_000, lag: 90_000 }))).toMatchObject({ desiredReplicas: 4 })
  })

  it('keeps the last count while the broker is away', () => {
    const scaler = new Scaler(options)
    for (let second = 0; second <= 20; second += 5) scaler.observe(snapshot(second, { end: 70 * second, lag: 10 }))
    expect(scaler.unreachable()).toMatchObject({ desiredReplicas: 4, reason: 'unreachable', at: 20_000 })
  })

  it('takes no rates over a long silence', () => {
    const scaler = new Scaler(options)
    scaler.observe(snapshot(0, { end: 0 }))
    expect(scaler.observe(snapshot(30, { end: 3_000 })).total.arrivalsPerSecond).toBe(400)
    expect(scaler.observe(snapshot(61, { end: 600_000 })).total.arrivalsPerSecond).toBe(0)
  })

  it('does not take the marks of transactions for a lag', () => {
    const scaler = new Scaler({ ...options, minReplicas: 0 })
    let desired: number | undefined
    for (let second = 0; second <= 400; second += 5) {
      desired = scaler.observe(snapshot(second, { end: 1_000, lag: 1 })).desiredReplicas
    }
    expect(desired).toBe(0)
  })

  it.each([
    ['for less than ten seconds', () => ({ end: 1_000, lag: 1 }), 5],
    ['and is more than transactions leave', () => ({ end: 1_000, lag: 17 }), 30],
    ['while it is worked on', (second: number) => ({ end: 1_000, lag: 16 - second / 5 }), 30],
    ['while it grows', (second: number) => ({ end: 1_000 + second / 5, lag: 1 + second / 5 }), 30],
  ])('takes a small lag for one that is there %s', (_, shape, until) => {
    const scaler = new Scaler(options)
    let report = scaler.observe(snapshot(0, shape(0)))
    for (let second = 5; second <= until; second += 5) report = scaler.observe(snapshot(second, shape(second)))
    expect(report.demand).toBeGreaterThan(report.total.arrivalsPerSecond / report.capacity)
  })

  it('takes sixteen records that rest for ten seconds for marks of transactions', () => {
    const scaler = new Scaler(options)
    for (let second = 0; second <= 10; second += 5) scaler.observe(snapshot(second, { end: 1_000, lag: 16 }))
    expect(scaler.report?.demand).toBe(0)
  })

  it('takes the same for a lag where it grows or nobody reads', () => {
    const scaler = new Scaler({ ...options, minReplicas: 0 })
    for (let second = 0; second <= 400; second += 5) {
      scaler.observe(snapshot(second, { members: 0, state: 'Empty', end: 1_000, lag: 1 }))
    }
    expect(scaler.report?.desiredReplicas).toBe(1)
  })

  it('learns what a replica does from one that is behind', () => {
    const scaler = new Scaler(options)
    for (let second = 0; second <= 200; second += 5) {
      scaler.observe(snapshot(second, { end: 100_000, lag: 100_000 - 10 * second }))
    }
    expect(scaler.report?.capacity).toBeCloseTo(40, 0)
  })

  it('learns nothing over a change of owners', () => {
    const scaler = new Scaler(options)
    for (let second = 0; second <= 200; second += 5) {
      const members = (second / 5) % 2 === 0 ? 1 : 2
      scaler.observe(snapshot(second, { members, end: 100_000, lag: 100_000 - 10 * second }))
    }
    expect(scaler.report?.capacity).toBe(100)
  })

  it.each([
    ['while it rebalances', () => 'PreparingRebalance'],
    ['while it goes in and out of rebalances', (look: number) => (look % 2 === 0 ? 'Stable' : 'PreparingRebalance')],
  ])('learns nothing of a group %s', (_, state) => {
    const scaler = new Scaler(options)
    for (let second = 0; second <= 200; second += 5) {
      scaler.observe(snapshot(second, { state: state(second / 5), end: 100_000, lag: 100_000 - 10 * second }))
    }
    expect(scaler.report?.capacity).toBe(100)
  })

  it('forgets in some hours what it learnt, by the time that passes', () => {
    const scaler = new Scaler(options)
    for (let second = 0; second <= 60; second += 5) {
      scaler.observe(snapshot(second, { end: 100_000, lag: 100_000 - 10 * second }))
    }
    expect(scaler.report?.capacity).toBeLessThan(50)
    for (let second = 90; second <= 3 * 3_600; second += 30) scaler.observe(snapshot(second, { end: 100_000 }))
    expect(scaler.report?.capacity).toBeGreaterThan(70)
  })
})
