import { recordBatch } from '@valence/testing/kafka/records'
import { describe, expect, it } from 'vitest'
import { PartitionQueue } from '../../../src/pipeline/partition-queue.ts'

const offsets = (slice: Awaited<ReturnType<PartitionQueue['take']>>) =>
  slice?.records.map(({ offset }) => Number(offset))

describe('PartitionQueue', () => {
  it('hands out records in order, in slices of the limit, with the offset to commit', async () => {
    const queue = new PartitionQueue(10n)
    queue.push(recordBatch(10, 15))
    const first = await queue.take(3)
    expect(offsets(first)).toEqual([10, 11, 12])
    expect(first?.nextOffset).toBe(13n)
    const second = await queue.take(3)
    expect(offsets(second)).toEqual([13, 14])
    expect(second?.nextOffset).toBe(15n)
  })

  it('holds the memory of a batch until all of it is committed, and lets go of what it does not take', async () => {
    const released: string[] = []
    const batch = (from: number, to: number) =>
      ({ ...recordBatch(from, to), heldBytes: 100, release: () => released.push(`${from}-${to}`) }) as const
    const queue = new PartitionQueue(0n)
    queue.push(batch(0, 3))
    queue.push(batch(3, 6))
    expect(queue.push(batch(0, 6))).toBe('known')
    expect(queue.push(batch(9, 12))).toBe('gap')
    expect([queue.heldBytes, released.splice(0)]).toEqual([200, ['0-6', '9-12']])
    await queue.take(4)
    queue.committed(2n)
    expect(queue.heldBytes).toBe(200)
    queue.committed(4n)
    expect([queue.heldBytes, released.splice(0)]).toEqual([100, ['0-3']])
    await queue.take(9)
    queue.push(batch(6, 9))
    queue.close()
    expect([queue.heldBytes, released.splice(0)]).toEqual([0, ['3-6', '6-9']])
    expect(queue.push(batch(9, 12))).toBe('known')
    expect(released).toEqual(['9-12'])
  })

  it('joins batches in one slice', async () => {
    const queue = new PartitionQueue(0n)
    queue.push(recordBatch(0, 2))
    queue.push(recordBatch(2, 5))
    expect(offsets(await queue.take(4))).toEqual([0, 1, 2, 3])
    expect(queue.size).toBe(1)
  })

  it('commits past trailing control records once the batch is used up', async () => {
    const queue = new PartitionQueue(0n)
    queue.push({ ...recordBatch(0, 2), nextOffset: 5n })
    expect((await queue.take(1))?.nextOffset).toBe(1n)
    expect((await queue.take(1))?.nextOffset).toBe(5n)
    expect(queue.expected).toBe(5n)
  })

  it('hands out an empty slice for a batch of control records only, so that their offset is committed', async () => {
    const queue = new PartitionQueue(0n)
    queue.push({ ...recordBatch(0, 0), nextOffset: 3n })
    expect(await queue.take(10)).toEqual({ records: [], nextOffset: 3n })
  })

  it('skips what was queued before', async () => {
    const queue = new PartitionQueue(0n)
    expect(queue.push(recordBatch(0, 3))).toBe('queued')
    expect(queue.push(recordBatch(0, 3))).toBe('known')
    expect(queue.push(recordBatch(1, 5))).toBe('queued')
    expect(offsets(await queue.take(10))).toEqual([0, 1, 2, 3, 4])
  })

  it('refuses a batch that leaves a gap', () => {
    const queue = new PartitionQueue(0n)
    expect(queue.push(recordBatch(2, 5))).toBe('gap')
    expect(queue.size).toBe(0)
  })

  it('accepts a batch whose first record lies above the fetched offset, as compaction leaves it', async () => {
    const queue = new PartitionQueue(0n)
    expect(queue.push({ ...recordBatch(3, 5), fetchedOffset: 0n })).toBe('queued')
    expect(offsets(await queue.take(10))).toEqual([3, 4])
  })

  it('wakes a waiting take', async () => {
    const queue = new PartitionQueue(0n)
    const taking = queue.take(10)
    queue.push(recordBatch(0, 1))
    expect(offsets(await taking)).toEqual([0])
  })

  it('ends every take when closed and drops what waits', async () => {
    const queue = new PartitionQueue(0n)
    const taking = queue.take(10)
    queue.close()
    expect(await taking).toBeUndefined()
    expect(queue.push(recordBatch(0, 1))).toBe('known')
    expect(await queue.take(1)).toBeUndefined()
  })

  it('lets the waiting take throw when it fails', async () => {
    const queue = new PartitionQueue(0n)
    const taking = queue.take(10)
    queue.fail(new Error('gap'))
    await expect(taking).rejects.toThrow('gap')
  })

  it('hands out what came before an end, and then throws', async () => {
    const queue = new PartitionQueue(0n)
    queue.push(recordBatch(0, 2))
    queue.endWith(new Error('unreadable'))
    expect(offsets(await queue.take(10))).toEqual([0, 1])
    await expect(queue.take(10)).rejects.toThrow('unreadable')
  })

  it('wakes a waiting take at an end', async () => {
    const queue = new PartitionQueue(0n)
    const taking = queue.take(10)
    queue.endWith(new Error('unreadable'))
    await expect(taking).rejects.toThrow('unreadable')
  })
})
