import { kafkaRecord } from '@valence/testing/kafka/records'
import { describe, expect, it } from 'vitest'
import { slicesOf } from '../../../../src/jobs/replay/replay-span.ts'

const records = (...offsets: number[]) => offsets.map((offset) => kafkaRecord(offset, {}))
const cut = (offsets: number[], nextOffset: bigint, most: number) =>
  [...slicesOf({ records: records(...offsets), nextOffset }, most)].map((slice) => ({
    offsets: slice.records.map(({ offset }) => Number(offset)),
    nextOffset: slice.nextOffset,
  }))

describe('slicesOf', () => {
  it('ends each slice after its last record, and the last one where the batch ends', () => {
    expect(cut([3, 4, 7], 9n, 2)).toEqual([
      { offsets: [3, 4], nextOffset: 5n },
      { offsets: [7], nextOffset: 9n },
    ])
  })

  it('makes one slice of a batch that fits', () => {
    expect(cut([3, 4], 5n, 2)).toEqual([{ offsets: [3, 4], nextOffset: 5n }])
  })

  it('passes a batch of marks alone', () => {
    expect(cut([], 5n, 2)).toEqual([{ offsets: [], nextOffset: 5n }])
  })
})
