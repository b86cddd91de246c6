import { describe, expect, it } from 'vitest'
import type { GroupLagOptions, LagSnapshot } from '../../../src/kafka/group-lag.ts'
import { watchLag } from '../../../src/monitoring/watch-lag.ts'

const group = {} as GroupLagOptions

/** One partition whose log grows by 10 and whose group commits 5 with each look, one second apart. */
function growing() {
  let looks = 0
  return async (): Promise<LagSnapshot> => {
    const [end, committed] = [BigInt(looks * 10), BigInt(looks * 5)]
    const at = looks * 1_000
    looks += 1
    const partition = { topic: 'texts', partition: 0, committed, end, lag: end - committed, owner: null }
    return { groupId: 'valence', state: 'Stable', at, members: 1, partitions: [partition], leaderless: [] }
  }
}

describe('watchLag', () => {
  it('reports each interval over the one look before it', async () => {
    const stop = new AbortController()
    const reports = []
    for await (const report of watchLag(group, 1, stop.signal, growing())) {
      reports.push(report.total)
      if (reports.length === 2) stop.abort()
    }
    expect(reports).toEqual([
      { lag: 5n, arrivalsPerSecond: 10, donePerSecond: 5, secondsToDrain: null },
      { lag: 10n, arrivalsPerSecond: 10, donePerSecond: 5, secondsToDrain: null },
    ])
  })

  it('ends in the middle of an interval when it is told to', async () => {
    const stop = new AbortController()
    const first = watchLag(group, 600_000, stop.signal, growing()).next()
    setImmediate(() => stop.abort())
    expect(await first).toEqual({ done: true, value: undefined })
  })

  it('throws what the look throws', async () => {
    const watch = watchLag(group, 1, new AbortController().signal, () => Promise.reject(new Error('away')))
    await expect(watch.next()).rejects.toThrow('away')
  })
})
