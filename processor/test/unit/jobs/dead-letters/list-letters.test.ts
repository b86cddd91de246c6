import { type DeadLetter, ValenceError } from '@valence/schemas'
import { kafkaRecord } from '@valence/testing/kafka/records'
import { describe, expect, it } from 'vitest'
import type { FoundLetter } from '../../../../src/jobs/dead-letters/dead-letters.ts'
import { keepNewest } from '../../../../src/jobs/dead-letters/list-letters.ts'

function letter(partition: number, offset: number, failedAt: number): FoundLetter {
  return { partition, record: kafkaRecord(offset, {}), letter: { failedAt } as DeadLetter }
}

const positions = (found: readonly FoundLetter[]) =>
  found.map(({ partition, record }) => `${partition}:${record.offset}`)

describe('keepNewest', () => {
  it('keeps the newest of all partitions, oldest first', () => {
    const found = [letter(0, 1, 30), letter(1, 1, 10), letter(2, 1, 20)]
    keepNewest(found, 2)
    expect(positions(found)).toEqual(['2:1', '0:1'])
  })

  it('orders those of one moment by partition and offset', () => {
    const found = [letter(1, 9, 5), letter(0, 10, 5), letter(0, 9, 5)]
    keepNewest(found, 3)
    expect(positions(found)).toEqual(['0:9', '0:10', '1:9'])
  })

  it('goes by the time of the record where it is no dead letter', () => {
    const record = { ...kafkaRecord(7, {}), timestamp: 15n }
    const foreign: FoundLetter = { partition: 3, record, letter: new ValenceError('VAL_RECORD_INVALID') }
    const found = [letter(0, 1, 20), foreign, letter(1, 1, 10)]
    keepNewest(found, 2)
    expect(positions(found)).toEqual(['3:7', '0:1'])
  })
})
