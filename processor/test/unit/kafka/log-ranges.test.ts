import type { Admin } from '@valence/producer-sdk/kafka'
import { describe, expect, it } from 'vitest'
import { createLogOffsets } from '../../../src/kafka/log-offsets.ts'
import { fetchLogRanges, fetchOffsetsAt, fetchWholeLogs } from '../../../src/kafka/log-ranges.ts'

const offsets = [
  { partition: 1, offset: '-1', high: '-1', low: '-1' },
  { partition: 0, offset: '7', high: '7', low: '2' },
]
const admin = {
  fetchTopicOffsets: async () => offsets,
  fetchTopicOffsetsByTimestamp: async () => offsets,
} as unknown as Admin
const leaderless = { code: 'VAL_KAFKA_PARTITION_LEADERLESS', detail: 't-1', retryable: true }

describe('the logs of a topic of which one has no leader', () => {
  it('are told without it', async () => {
    expect(await fetchLogRanges(admin, 't')).toEqual({ known: [{ partition: 0, low: 2n, high: 7n }], leaderless: [1] })
  })

  it('are refused where they are to be whole', async () => {
    await expect(fetchWholeLogs(admin, 't')).rejects.toMatchObject(leaderless)
    await expect(fetchOffsetsAt(admin, 't', 0)).rejects.toMatchObject(leaderless)
  })

  it('let a partition with a leader be taken, and not the other', async () => {
    const logs = createLogOffsets(admin, 'g')
    expect(await logs.range({ topic: 't', partition: 0 })).toEqual({ earliest: 2n, latest: 7n })
    await expect(logs.range({ topic: 't', partition: 1 })).rejects.toMatchObject(leaderless)
  })
})
