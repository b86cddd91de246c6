import type { Admin } from '@valence/producer-sdk/kafka'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createLogOffsets } from '../../../src/kafka/log-offsets.ts'

const partition = { topic: 't', partition: 0 }
const moving = () =>
  Object.assign(new Error('moving'), { name: 'KafkaJSProtocolError', type: 'NOT_COORDINATOR_FOR_GROUP' })

/** Answers one after another; the last one stays. */
function answers<T>(...all: (T | Error)[]) {
  return vi.fn(async () => {
    const next = all.length > 1 ? all.shift() : all[0]
    if (next instanceof Error) throw next
    return next as T
  })
}

const offsets = (...values: readonly string[]) => values.map((offset) => committed(offset))
const committed = (offset: string) => [{ topic: 't', partitions: [{ partition: 0, offset, metadata: 'note' }] }]
const logs = (low: string, high: string) => [{ partition: 0, offset: high, low, high }]
const offsetsOf = (admin: object) => createLogOffsets(admin as Admin, 'g')

/** Lets the pauses between reads pass. */
async function settled<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined)
  await vi.advanceTimersByTimeAsync(60_000)
  return work
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('committed, without the overlay', () => {
  it('counts once two reads in a row agree', async () => {
    const fetchOffsets = answers(...offsets('5', '7', '7', '9'))
    expect(await settled(offsetsOf({ fetchOffsets }).committed(partition))).toMatchObject({ offset: 7n })
    expect(fetchOffsets).toHaveBeenCalledTimes(3)
  })

  it('is undefined where nothing was committed', async () => {
    const fetchOffsets = answers(...offsets('-1'))
    expect(await settled(offsetsOf({ fetchOffsets }).committed(partition))).toBeUndefined()
  })

  it('gives up on an offset that keeps changing', async () => {
    const fetchOffsets = answers(...offsets(...Array.from({ length: 40 }, (_, offset) => String(offset))))
    await expect(settled(offsetsOf({ fetchOffsets }).committed(partition))).rejects.toMatchObject({
      code: 'VAL_KAFKA_TRANSACTION_FAILED',
    })
    expect(fetchOffsets).toHaveBeenCalledTimes(20)
  })
})

describe('a coordinator or a leader that moves', () => {
  it('is asked again', async () => {
    const fetchTopicOffsets = answers<unknown>(moving(), moving(), logs('3', '9'))
    expect(await settled(offsetsOf({ fetchTopicOffsets }).range(partition))).toEqual({ earliest: 3n, latest: 9n })
  })

  it('is asked twenty times at most', async () => {
    const fetchTopicOffsets = answers(moving())
    await expect(settled(offsetsOf({ fetchTopicOffsets }).range(partition))).rejects.toThrow('moving')
    expect(fetchTopicOffsets).toHaveBeenCalledTimes(20)
  })

  it('is not asked again where the failure is another', async () => {
    const fetchTopicOffsets = answers(new Error('no'))
    await expect(settled(offsetsOf({ fetchTopicOffsets }).range(partition))).rejects.toMatchObject({
      code: 'VAL_KAFKA_UNREACHABLE',
    })
    expect(fetchTopicOffsets).toHaveBeenCalledTimes(1)
  })
})

describe('range', () => {
  it('tells a partition without a leader from one that is not there', async () => {
    const leaderless = offsetsOf({ fetchTopicOffsets: answers(logs('-1', '-1')) })
    await expect(leaderless.range(partition)).rejects.toMatchObject({ code: 'VAL_KAFKA_PARTITION_LEADERLESS' })
    const other = offsetsOf({ fetchTopicOffsets: answers(logs('0', '1')) })
    await expect(other.range({ topic: 't', partition: 1 })).rejects.toMatchObject({ code: 'VAL_KAFKA_TOPIC_MISSING' })
  })
})

it('the id of the cluster is asked for once', async () => {
  const describeCluster = answers({ clusterId: 'c' })
  const cluster = offsetsOf({ describeCluster })
  expect([await cluster.clusterId(), await cluster.clusterId()]).toEqual(['c', 'c'])
  expect(describeCluster).toHaveBeenCalledTimes(1)
})
