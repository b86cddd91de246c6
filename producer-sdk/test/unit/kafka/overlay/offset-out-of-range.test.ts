import { describe, expect, it, vi } from 'vitest'
import { type FetchingGroupClass, failOnOffsetOutOfRange } from '../../../../src/kafka/overlay/offset-out-of-range.ts'
import { stockModule } from '../../../support/stock-kafkajs.ts'

const Stock = stockModule<new (options: object) => FetchingGroupClass['prototype']>('consumer/consumerGroup.js')
class Patched extends Stock {}
failOnOffsetOutOfRange(Patched as unknown as FetchingGroupClass)

const outOfRange = Object.assign(new Error('out of range'), { topic: 't', partition: 3 })

function createGroup(GroupClass: typeof Stock, preferredReadReplicas: object = {}) {
  const logger = { namespace: () => ({ error: () => {}, info: () => {} }) }
  const group = new GroupClass({ logger, retry: {}, cluster: {} })
  const setDefaultOffset = vi.fn(async () => {})
  return {
    group: Object.assign(group, {
      preferredReadReplicasPerTopicPartition: preferredReadReplicas,
      offsetManager: { setDefaultOffset },
    }),
    setDefaultOffset,
  }
}

describe('failOnOffsetOutOfRange', () => {
  it('rejects, where stock kafkajs commits the default offset for the group', async () => {
    const stock = createGroup(Stock)
    await stock.group.recoverFromOffsetOutOfRange(outOfRange)
    expect(stock.setDefaultOffset).toHaveBeenCalledWith({ topic: 't', partition: 3 })

    const own = createGroup(Patched)
    await expect(own.group.recoverFromOffsetOutOfRange(outOfRange)).rejects.toBe(outOfRange)
    expect(own.setDefaultOffset).not.toHaveBeenCalled()
  })

  it('asks the leader first where a follower was read', async () => {
    const replicas = { t: { 3: { nodeId: 2, expireAt: 0 } } }
    const { group, setDefaultOffset } = createGroup(Patched, replicas)
    await group.recoverFromOffsetOutOfRange(outOfRange)
    expect(replicas.t).toEqual({})
    await expect(group.recoverFromOffsetOutOfRange(outOfRange)).rejects.toBe(outOfRange)
    expect(setDefaultOffset).not.toHaveBeenCalled()
  })
})
