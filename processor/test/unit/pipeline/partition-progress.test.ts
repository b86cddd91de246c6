import { beforeEach, describe, expect, it } from 'vitest'
import { PartitionProgress } from '../../../src/pipeline/partition-progress.ts'

const partition = { topic: 'texts', partition: 3 }
let now: number
/** How far the clock of the machine was set. */
let set: number
let progress: PartitionProgress

beforeEach(() => {
  now = 1_000
  set = 0
  progress = new PartitionProgress(partition, { monotonicMs: () => now, epochMs: () => now + set })
})

const after = (seconds: number) => {
  now += seconds * 1_000
  return progress.standstill
}

describe('the progress of a partition', () => {
  it('is no standstill while there is nothing to do, however long', () => {
    progress.working()
    progress.taken(5n)
    expect(after(100_000)).toBeUndefined()
    progress.working()
    progress.committed(false)
    expect(after(100_000)).toBeUndefined()
  })

  it('is a standstill once records have failed for half a minute, since they were first there', () => {
    progress.working()
    progress.failed('VAL_KAFKA_UNREACHABLE', 5n)
    expect(after(29)).toBeUndefined()
    expect(after(1)).toEqual({ ...partition, since: 1_000, code: 'VAL_KAFKA_UNREACHABLE', cause: 'surroundings' })
  })

  it('stays one while the partition is taken again and fails again, and tells the newest cause', () => {
    progress.working()
    progress.failed('VAL_KAFKA_UNREACHABLE', 5n)
    now += 20_000
    progress.taken(5n)
    progress.failed('VAL_KAFKA_TRANSACTION_FAILED')
    progress.taken(5n)
    progress.working()
    expect(after(15)).toMatchObject({ since: 1_000, code: 'VAL_KAFKA_TRANSACTION_FAILED' })
  })

  it('is a standstill without a leader for half a minute, although nothing is known to wait', () => {
    progress.taken(5n)
    progress.led(false)
    expect(after(29)).toBeUndefined()
    progress.led(false)
    const standstill = { ...partition, since: 1_000, code: 'VAL_KAFKA_PARTITION_LEADERLESS', cause: 'surroundings' }
    expect(after(1)).toEqual(standstill)
    progress.led(true)
    expect(after(60)).toBeUndefined()
  })

  it('says rather that there is no leader than what failed for want of one', () => {
    progress.failed('VAL_KAFKA_UNREACHABLE', 5n)
    progress.led(false)
    expect(after(30)).toMatchObject({ code: 'VAL_KAFKA_PARTITION_LEADERLESS' })
    progress.led(true)
    expect(after(0)).toMatchObject({ code: 'VAL_KAFKA_UNREACHABLE' })
  })

  it('ends with a commit', () => {
    progress.failed('VAL_KAFKA_UNREACHABLE', 5n)
    progress.committed(true)
    expect(after(60)).toBeUndefined()
  })

  it('ends where the commit that failed turns out to have happened', () => {
    progress.failed('VAL_KAFKA_UNREACHABLE', 5n)
    progress.taken(6n)
    expect(after(60)).toBeUndefined()
  })

  it('is one when the partition cannot be taken, and none once it is', () => {
    progress.working()
    progress.failed('VAL_KAFKA_TOPIC_MISSING')
    expect(after(30)).toMatchObject({ code: 'VAL_KAFKA_TOPIC_MISSING' })
    progress.taken(0n)
    expect(progress.standstill).toBeUndefined()
  })

  it('without any error is one after minutes, because texts may take long', () => {
    progress.working()
    expect(after(299)).toBeUndefined()
    expect(after(1)).toMatchObject({ code: 'VAL_KAFKA_PARTITION_STUCK', cause: 'surroundings' })
  })

  it('counts those minutes from when there was work first, and anew from each commit', () => {
    progress.working()
    now += 200_000
    progress.working()
    expect(after(100)).toMatchObject({ code: 'VAL_KAFKA_PARTITION_STUCK', since: 1_000 })
    progress.committed(true)
    expect(after(299)).toBeUndefined()
    expect(after(1)).toMatchObject({ code: 'VAL_KAFKA_PARTITION_STUCK', since: 301_000 })
  })

  it('counts a halt from when there was work first', () => {
    progress.working()
    now += 5_000
    progress.halted('VAL_KAFKA_DEAD_LETTER_REFUSED', 5n)
    expect(after(5)).toMatchObject({ since: 1_000 })
  })

  it('is one at once where the records are in the way, until one is committed', () => {
    progress.failed('VAL_RECORD_REFUSED_BY_BROKER', 5n)
    progress.halted('VAL_KAFKA_DEAD_LETTER_REFUSED', 5n)
    const standing = { since: 1_000, code: 'VAL_KAFKA_DEAD_LETTER_REFUSED', cause: 'records' }
    expect(progress.standstill).toMatchObject(standing)
    progress.taken(5n)
    progress.failed('VAL_RECORD_REFUSED_BY_BROKER', 5n)
    expect(progress.standstill).toMatchObject(standing)
    progress.committed(false)
    expect(progress.standstill).toBeUndefined()
  })

  it('is one after half a minute of a call that brokers do not answer, without any error', async () => {
    progress.working()
    const answer = Promise.withResolvers<string>()
    const asked = progress.asking(() => answer.promise)
    expect(after(29)).toBeUndefined()
    expect(after(1)).toEqual({ ...partition, since: 1_000, code: 'VAL_KAFKA_UNREACHABLE', cause: 'surroundings' })
    answer.resolve('done')
    expect(await asked).toBe('done')
    expect(progress.standstill).toBeUndefined()
  })

  it('counts texts that were worked on for long not as a call to brokers', async () => {
    progress.working()
    now += 200_000
    const answer = Promise.withResolvers<void>()
    const asked = progress.asking(() => answer.promise)
    expect(after(29)).toBeUndefined()
    answer.reject(new Error('lost'))
    await expect(asked).rejects.toThrow('lost')
    expect(after(60)).toBeUndefined()
  })

  it('is one in time where the clock is set back meanwhile, and none because it is set forward', () => {
    progress.working()
    progress.failed('VAL_KAFKA_UNREACHABLE', 5n)
    set = 3_600_000
    expect(after(10)).toBeUndefined()
    set = -3_600_000
    expect(after(20)).toMatchObject({ code: 'VAL_KAFKA_UNREACHABLE', since: 1_000 + set })
  })
})
