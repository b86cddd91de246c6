import { describe, expect, it } from 'vitest'
import { EosManager } from '../../../../src/kafka/overlay/eos-manager.ts'
import { committingAs } from '../../../../src/kafka/overlay/txn-offset-commit.ts'
import { answerLost, FakeKafka, refusal, topic } from '../../../support/fake-kafka.ts'
import type { ReadCommit } from '../../../support/read-txn-offset-commit.ts'
import { createManager, createSender } from '../../../support/senders.ts'
import { internals, silentLogger } from '../../../support/stock-kafkajs.ts'

const codes = {
  loading: 14,
  notCoordinator: 16,
  invalidProducerEpoch: 47,
  concurrentTransactions: 51,
  authorisation: 53,
}
const offsets = { consumerGroupId: 'group', topics: [{ topic, partitions: [{ partition: 0, offset: '7' }] }] }
const maxSequence = 2 ** 31 - 1

async function begin(fake: FakeKafka): Promise<EosManager> {
  const manager = createManager('overlay', fake, 'transactional')
  await manager.initProducerId()
  manager.beginTransaction()
  return manager
}

/** One transaction over two leaders, with offsets. */
async function wholeTransaction(kind: 'stock' | 'overlay', fake: FakeKafka) {
  const { manager, send } = await createSender(kind, fake, 'transactional')
  await manager.sendOffsets(offsets)
  await send({ partition: 0, value: 'a' }, { partition: 1, value: 'b' })
  await manager.commit()
}

describe('EosManager', () => {
  it('looks each coordinator up once, where stock kafkajs looks up for each request', async () => {
    const own = new FakeKafka([1, 2])
    const stock = new FakeKafka([1, 2])
    await wholeTransaction('overlay', own)
    await wholeTransaction('stock', stock)
    expect(own.coordinatorLookups).toBe(2)
    expect(stock.coordinatorLookups).toBeGreaterThanOrEqual(6)
  })

  it.each(['AddPartitionsToTxn', 'AddOffsetsToTxn', 'EndTxn', 'TxnOffsetCommit', 'InitProducerId'] as const)(
    'waits a few milliseconds for the last transaction where %s finds it unfinished',
    async (api) => {
      const fake = new FakeKafka([1, 2])
      fake.fail(1, api, refusal(codes.concurrentTransactions), refusal(codes.concurrentTransactions))
      const startedAt = performance.now()
      await wholeTransaction('overlay', fake)
      expect(performance.now() - startedAt).toBeLessThan(250)
      expect(fake.values(0)).toEqual(['a'])
    },
  )

  it.each(['AddPartitionsToTxn', 'AddOffsetsToTxn', 'EndTxn', 'TxnOffsetCommit'] as const)(
    'follows the coordinator where %s finds it moved, or its connection lost',
    async (api) => {
      const fake = new FakeKafka([1, 2])
      fake.fail(1, api, refusal(codes.notCoordinator), answerLost)
      await wholeTransaction('overlay', fake)
      expect(fake.coordinatorLookups).toBe(4)
      expect(fake.count(api)).toBe(3)
    },
  )

  it('asks for partitions and offsets once in a transaction', async () => {
    const fake = new FakeKafka([1])
    const { manager, send } = await createSender('overlay', fake, 'transactional')
    for (const value of ['a', 'b']) {
      await send({ partition: 0, value })
      await manager.sendOffsets(offsets)
    }
    expect([fake.count('AddPartitionsToTxn'), fake.count('AddOffsetsToTxn')]).toEqual([1, 1])
    await manager.commit()
    manager.beginTransaction()
    await send({ partition: 0, value: 'c' })
    expect(fake.count('AddPartitionsToTxn')).toBe(2)
  })

  it('sends coordinator requests one at a time', async () => {
    const fake = new FakeKafka([1, 2])
    const { manager, send } = await createSender('overlay', fake, 'transactional')
    await Promise.all([
      manager.sendOffsets(offsets),
      send({ partition: 0, value: 'a' }),
      send({ partition: 1, value: 'b' }),
    ])
    // The fake refuses what overlaps, so a repetition would show here.
    expect(fake.count('AddPartitionsToTxn') + fake.count('AddOffsetsToTxn')).toBe(3)
  })

  it('spends no request on an empty transaction', async () => {
    const fake = new FakeKafka([1])
    await (await begin(fake)).commit()
    expect(fake.count('EndTxn')).toBe(0)
  })

  it('D: begins again in a new epoch after a commit that failed, where stock kafkajs is stuck', async () => {
    for (const kind of ['stock', 'overlay'] as const) {
      const fake = new FakeKafka([1])
      const { manager } = await createSender(kind, fake, 'transactional')
      await manager.sendOffsets(offsets)
      fake.fail(1, 'EndTxn', refusal(codes.authorisation))
      await expect(manager.commit()).rejects.toMatchObject({ type: 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED' })
      expect(manager.isInTransaction()).toBe(false)
      expect(manager.isInitialized()).toBe(kind === 'stock')
      if (kind === 'stock') {
        expect(() => manager.beginTransaction()).toThrow('COMMITTING')
      } else {
        await manager.initProducerId()
        manager.beginTransaction()
        expect(manager.isInTransaction()).toBe(true)
      }
    }
  })

  it('E: continues the sequence at the remainder after 2^31 − 1', async () => {
    const manager = await begin(new FakeKafka([1]))
    manager.claimSequence(topic, 0, maxSequence - 1)
    expect(manager.claimSequence(topic, 0, 5).firstSequence).toBe(maxSequence - 1)
    expect(manager.claimSequence(topic, 0, 1).firstSequence).toBe(3)
  })

  it('counts sequences by partition and begins anew with each producer id', async () => {
    const fake = new FakeKafka([1])
    const manager = await begin(fake)
    manager.claimSequence(topic, 0, 5)
    expect(manager.claimSequence(topic, 0, 1)).toMatchObject({ firstSequence: 5, producerEpoch: 0 })
    expect(manager.claimSequence(topic, 1, 1).firstSequence).toBe(0)
    await manager.abort()
    await manager.initProducerId()
    expect(manager.claimSequence(topic, 0, 1)).toMatchObject({ firstSequence: 0, producerEpoch: 1 })
  })

  it('is fenced for good, and says by whom', async () => {
    const fake = new FakeKafka([1])
    const manager = await begin(fake)
    fake.fail(1, 'AddOffsetsToTxn', refusal(codes.invalidProducerEpoch))
    await expect(manager.sendOffsets(offsets)).rejects.toMatchObject({ type: 'INVALID_PRODUCER_EPOCH' })
    await expect(manager.initProducerId()).rejects.toMatchObject({ cause: { type: 'INVALID_PRODUCER_EPOCH' } })
    expect(() => manager.beginTransaction()).toThrow('fenced')
    expect(fake.count('InitProducerId')).toBe(1)
  })

  it('gives up when the coordinator stays busy beyond the transaction timeout, without inviting retries', async () => {
    const fake = new FakeKafka([1])
    const transactionTimeout = 40
    const options = {
      logger: silentLogger,
      cluster: fake.cluster,
      transactional: true,
      transactionalId: 'id',
      transactionTimeout,
    }
    const manager = new EosManager(internals, options)
    fake.fail(1, 'InitProducerId', ...Array.from({ length: 50 }, () => refusal(codes.concurrentTransactions)))
    await expect(manager.initProducerId()).rejects.toMatchObject({
      retriable: false,
      cause: { type: 'CONCURRENT_TRANSACTIONS' },
    })
  })

  it('refuses a transaction without a transactional id', () => {
    const options = { logger: silentLogger, cluster: new FakeKafka([1]).cluster, transactional: true }
    expect(() => new EosManager(internals, options)).toThrow('transactionalId')
  })

  it('waits for a broker that cannot give producer ids yet', async () => {
    const fake = new FakeKafka([1])
    const manager = createManager('overlay', fake, 'idempotent')
    fake.fail(1, 'InitProducerId', refusal(codes.loading), refusal(codes.loading))
    await manager.initProducerId()
    expect(manager.isInitialized()).toBe(true)
    expect(fake.count('InitProducerId')).toBe(3)
  })

  it('gives nothing out before it has a producer id', () => {
    const manager = createManager('overlay', new FakeKafka([1]), 'plain')
    expect(manager.claimSequence(topic, 0, 3)).toEqual({ producerId: -1, producerEpoch: 0, firstSequence: 0 })
    expect(manager.claimSequence(topic, 0, 3).firstSequence).toBe(0)
  })

  describe('for a member of the group', () => {
    const member = { generationId: 1, memberId: 'member', instanceId: null }
    const many = {
      consumerGroupId: 'group',
      topics: ['texts', 'others'].map((name) => ({
        topic: name,
        partitions: Array.from({ length: 120 }, (_, partition) => ({ partition, offset: '7', metadata: null })),
      })),
    }

    it('sends the offsets of many partitions in one request, in its name', async () => {
      const fake = new FakeKafka([1])
      const manager = await begin(fake)
      await committingAs(member, () => manager.sendOffsets(many))
      await committingAs(member, () => manager.sendOffsets(many))
      expect([fake.count('AddOffsetsToTxn'), fake.count('TxnOffsetCommit')]).toEqual([1, 2])
      const commit = fake.requests.find(({ api }) => api === 'TxnOffsetCommit')?.fields as unknown as ReadCommit
      expect(commit).toMatchObject({ ...member, groupId: 'group', transactionalId: 'group.texts.0' })
      expect(commit.topics.map(({ partitions }) => partitions.length)).toEqual([120, 120])
      await manager.commit()
    })

    it.each([
      ['ILLEGAL_GENERATION', { ...member, generationId: 0 }],
      ['UNKNOWN_MEMBER_ID', { ...member, memberId: 'gone' }],
      ['FENCED_INSTANCE_ID', { ...member, memberId: 'gone', instanceId: 'instance' }],
    ])('%s ends the transaction and not the producer', async (type, zombie) => {
      const fake = new FakeKafka([1])
      fake.member = { ...member, instanceId: zombie.instanceId }
      const manager = await begin(fake)
      await expect(committingAs(zombie, () => manager.sendOffsets(many))).rejects.toMatchObject({ type })
      expect(fake.count('TxnOffsetCommit')).toBe(1)
      await manager.abort()
      manager.beginTransaction()
      await committingAs({ ...zombie, ...fake.member }, () => manager.sendOffsets(many))
      await manager.commit()
    })

    it('waits for the last transaction, and for a coordinator that loads or moves', async () => {
      const fake = new FakeKafka([1])
      const manager = await begin(fake)
      const refusals = [codes.concurrentTransactions, codes.loading, codes.notCoordinator].map(refusal)
      fake.fail(1, 'TxnOffsetCommit', ...refusals, answerLost)
      await committingAs(member, () => manager.sendOffsets(many))
      expect(fake.count('TxnOffsetCommit')).toBe(5)
    })

    it('sends nothing to a broker that would not check', async () => {
      const fake = new FakeKafka([1])
      fake.versions[28] = { maxVersion: 2 }
      const manager = await begin(fake)
      const sent = committingAs(member, () => manager.sendOffsets(many))
      await expect(sent).rejects.toMatchObject({ code: 'VAL_KAFKA_BROKER_TOO_OLD' })
      expect(fake.count('TxnOffsetCommit')).toBe(0)
    })
  })
})
