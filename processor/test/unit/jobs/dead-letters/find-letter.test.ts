import { kafkaRecord } from '@valence/testing/kafka/records'
import { expect, it, vi } from 'vitest'
import { readConfig } from '../../../../src/config/config.ts'
import { findLetter } from '../../../../src/jobs/dead-letters/find-letter.ts'
import type { PartitionRange } from '../../../../src/kafka/topic-reader.ts'

const read = vi.hoisted(() => ({ ranges: [] as (readonly PartitionRange[])[] }))
vi.mock('../../../../src/kafka/kafka-admin.ts', () => ({
  withAdmin: (_: unknown, work: (admin: unknown) => Promise<unknown>) =>
    work({
      fetchTopicOffsets: async () => [
        { partition: 0, offset: '9', high: '9', low: '5' },
        { partition: 1, offset: '5', high: '5', low: '5' },
      ],
    }),
}))
vi.mock('../../../../src/jobs/read-ranges.ts', () => ({
  async *readRanges(_: unknown, __: unknown, ___: unknown, ranges: readonly PartitionRange[]) {
    read.ranges.push(ranges)
    // At offset 7 is a mark of a transaction.
    for (const { from } of ranges) yield { records: from === 7n ? [] : [kafkaRecord(Number(from))] }
  },
}))

const find = (partition: number, offset: bigint) => {
  read.ranges = []
  return findLetter(readConfig({ VALENCE_DEAD_LETTER_TOPIC: 'dead' }), { partition, offset })
}

it.each([5n, 8n])('reads the one record at offset %d of its partition', async (offset) => {
  expect(await find(0, offset)).toMatchObject({ partition: 0, record: { offset } })
  expect(read.ranges).toEqual([[{ partition: 0, from: offset, to: offset + 1n }]])
})

it.each([
  [0, 4n, 'there is no dead letter at 0:4; partition 0 holds offsets 5 to 8', 0],
  [0, 9n, 'there is no dead letter at 0:9; partition 0 holds offsets 5 to 8', 0],
  [0, 7n, 'there is no dead letter at 0:7; partition 0 holds offsets 5 to 8, not all of them records', 1],
  [1, 5n, 'there is no dead letter at 1:5; partition 1 is empty', 0],
  [2, 5n, 'dead has no partition 2', 0],
])('tells what is there where %d:%d is no dead letter', async (partition, offset, message, readings) => {
  await expect(find(partition, offset)).rejects.toMatchObject({
    code: 'VAL_USAGE_INVALID',
    message: expect.stringContaining(message),
  })
  expect(read.ranges).toHaveLength(readings)
})
