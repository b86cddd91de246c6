import { describe, expect, it } from 'vitest'
import type { LagSnapshot, PartitionLag } from '../../../src/kafka/group-lag.ts'
import { reportLag, secondsToDrain } from '../../../src/monitoring/drain-time.ts'

function snapshot(at: number, ...partitions: Partial<PartitionLag>[]): LagSnapshot {
  return {
    groupId: 'g',
    state: 'Stable',
    at,
    members: 1,
    leaderless: [],
    partitions: partitions.map((own, partition) => {
      const { committed = 0n, end = 0n } = own
      return { topic: 't', partition, owner: null, lag: end - (committed ?? 0n), ...own, committed, end }
    }),
  }
}

describe('secondsToDrain', () => {
  it.each([
    [0, 100, 0, 0],
    [0, 0, 0, 0],
    [100, 0, 50, 2],
    [100, 40, 50, 10],
    [100, 50, 50, null],
    [100, 60, 50, null],
    [100, 0, 0, null],
  ])('a lag of %i at %i in and %i done per second: %s s', (lag, arrivals, done, expected) => {
    expect(secondsToDrain(lag, arrivals, done)).toBe(expected)
  })
})

describe('reportLag', () => {
  it('takes rates from two snapshots', () => {
    const before = snapshot(1_000, { committed: 100n, end: 1_000n })
    const now = snapshot(3_000, { committed: 400n, end: 1_100n })
    const { partitions, total } = reportLag(before, now)
    expect(partitions[0]).toMatchObject({ lag: 700n, arrivalsPerSecond: 50, donePerSecond: 150, secondsToDrain: 7 })
    expect(total).toMatchObject({ lag: 700n, arrivalsPerSecond: 50, donePerSecond: 150, secondsToDrain: 7 })
  })

  it('drains as a whole while one partition does not', () => {
    const before = snapshot(0, { committed: 0n, end: 100n }, { committed: 0n, end: 100n })
    const now = snapshot(1_000, { committed: 50n, end: 100n }, { committed: 0n, end: 100n })
    const { partitions, total } = reportLag(before, now)
    expect(partitions.map((own) => own.secondsToDrain)).toEqual([1, null])
    expect(total).toMatchObject({ lag: 150n, donePerSecond: 50, secondsToDrain: 3 })
  })

  it('knows no pace of a group that has committed nothing', () => {
    const none = { committed: null, end: 100n, lag: 100n }
    expect(reportLag(snapshot(0, none), snapshot(1_000, none)).partitions[0]).toMatchObject({
      donePerSecond: null,
      secondsToDrain: null,
    })
  })

  it('counts what a group did until its first commit', () => {
    const before = snapshot(0, { committed: null, end: 100n, lag: 100n })
    const now = snapshot(2_000, { committed: 60n, end: 100n })
    expect(reportLag(before, now).partitions[0]).toMatchObject({ donePerSecond: 30 })
  })

  it('does not run backwards when a topic was created again or offsets were reset', () => {
    const before = snapshot(0, { committed: 500n, end: 1_000n })
    const now = snapshot(1_000, { committed: 0n, end: 10n })
    expect(reportLag(before, now).partitions[0]).toMatchObject({
      arrivalsPerSecond: 0,
      donePerSecond: 0,
      secondsToDrain: null,
    })
  })

  it('takes a new partition as it is', () => {
    const { partitions } = reportLag(snapshot(0), snapshot(1_000, { committed: 0n, end: 10n }))
    expect(partitions[0]).toMatchObject({ lag: 10n, arrivalsPerSecond: 0, donePerSecond: null })
  })

  it('survives two snapshots of the same moment', () => {
    const same = snapshot(1_000, { committed: 1n, end: 2n })
    expect(reportLag(same, same).total).toMatchObject({ arrivalsPerSecond: 0, secondsToDrain: null })
  })
})
