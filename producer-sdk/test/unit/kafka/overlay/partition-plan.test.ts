import { describe, expect, it, vi } from 'vitest'
import { groupByTopic, type Partitioner, planPartitions } from '../../../../src/kafka/overlay/partition-plan.ts'

const metadataOf = () => [{ partitionId: 0, leader: 1 }]

describe('planPartitions', () => {
  it('asks once for each record and keeps their order within a partition', () => {
    const partitioner = vi.fn<Partitioner>(({ message }) => Number(message.value) % 2)
    const messages = ['0', '1', '2', '3', '4'].map((value) => ({ value }))
    const plan = planPartitions([{ topic: 'a', messages }], metadataOf, partitioner)
    expect(partitioner).toHaveBeenCalledTimes(5)
    expect(plan.map(({ partition, messages: own }) => [partition, own.map(({ value }) => value).join()])).toEqual([
      [0, '0,2,4'],
      [1, '1,3'],
    ])
  })

  it('keeps equal partition numbers of different topics apart', () => {
    const topicMessages = ['a', 'b'].map((topic) => ({ topic, messages: [{ value: topic }] }))
    expect(planPartitions(topicMessages, metadataOf, () => 0).map(({ topic }) => topic)).toEqual(['a', 'b'])
  })

  it('gives the partitioner the metadata of the topic', () => {
    const partitioner = vi.fn<Partitioner>(() => 0)
    planPartitions([{ topic: 'a', messages: [{ value: 'v' }] }], metadataOf, partitioner)
    expect(partitioner).toHaveBeenCalledWith({ topic: 'a', message: { value: 'v' }, partitionMetadata: metadataOf() })
  })
})

describe('groupByTopic', () => {
  it('names each topic once', () => {
    const items = [
      { topic: 'a', partition: 0 },
      { topic: 'b', partition: 0 },
      { topic: 'a', partition: 1 },
    ]
    expect(groupByTopic(items, ({ partition }) => partition)).toEqual([
      { topic: 'a', partitions: [0, 1] },
      { topic: 'b', partitions: [0] },
    ])
  })
})
