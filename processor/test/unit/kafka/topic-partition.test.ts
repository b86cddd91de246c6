import { describe, expect, it } from 'vitest'
import { parsePartitionName, partitionName } from '../../../src/kafka/topic-partition.ts'

describe('parsePartitionName', () => {
  it.each(['texts', 'texts-v1', 'texts-1', 'texts-1-2', '-', 'a.b_c'])(
    'finds topic %s and its partition again',
    (topic) => {
      const partition = { topic, partition: 12 }
      expect(parsePartitionName(partitionName(partition))).toEqual(partition)
    },
  )

  it.each(['', 'texts', '-1', 'texts-', 'texts-one', 'texts-1.5'])('%j names no partition', (name) => {
    expect(parsePartitionName(name)).toBeUndefined()
  })
})
